#include <stdlib.h>

#include "base/mem.h"
#include "csv/csv.h"
#include "json/json.h"
#include "logql/parse.h"
#include "query/detect.h"
#include "query/field_type.h"
#include "query/keys.h"
#include "query/template.h"

enum { PARSER_JSON, PARSER_LOGFMT, PARSER_COUNT };
static const char *const parser_names[PARSER_COUNT] = { "json", "logfmt" };

/* A pipeline of one parser, for one line at a time. */
struct parser {
	struct logql_query tree;
	struct pipeline pipeline;
	struct names names;
	struct keys keys;
	struct block block;
};

struct field {
	struct bytes name;
	uint64_t n_values;
	unsigned parsers; /* 1 << PARSER_... */
	enum field_type type;
	struct bytes typed; /* the stream whose value told the type */
};

struct fields {
	struct arena mem;
	struct parser parser[PARSER_COUNT];
	uint64_t max;
	struct bytes value_of; /* keep the values of this one */
	struct field *v;
	size_t n, cap;
	struct map by_name, values; /* values: of name, NUL, value */
	struct bytes *value;
	size_t n_value, cap_value;
	struct map streams; /* their labels as text: */
	struct bytes *stream;
	size_t n_streams, cap_streams;
	struct buf key, line;
	struct elabel *label; /* scratch */
	size_t cap_label;
	uint64_t n_lines;
};

/* --- parsers --------------------------------------------------------------------------------- */

static int parser_init(struct parser *p, const char *stage, struct err *e)
{
	const struct logql_opts o = { .flags = LOGQL_ANY_SELECTOR };
	const struct grouping all = { .kind = GROUP_ALL };
	struct buf text = { 0 };
	int r;

	buf_addf(&text, "{} | %s", stage);
	r = logql_parse(buf_bytes(&text), &o, &p->tree, NULL, e);
	buf_release(&text);
	if (r < 0 || pipeline_bind(&p->pipeline, p->tree.root->log, NULL, &all, e) < 0)
		return -1;
	names_copy(&p->names, &p->pipeline.names);
	p->block.names = &p->names;
	p->block.keys = &p->keys;
	return 0;
}

static void parser_release(struct parser *p)
{
	block_release(&p->block);
	keys_release(&p->keys);
	names_release(&p->names);
	pipeline_release(&p->pipeline);
	logql_query_release(&p->tree);
}

static int all_is_there(struct block *b, unsigned want, struct err *e)
{
	(void)want;
	(void)e;
	b->have = WANT_ALL;
	return 0;
}

/* line: with a newline behind, which run_line does not count. 1: parsed without an error. */
static int parse_line(struct parser *p, const struct labels *stream, const struct buf *line,
		      struct err *e)
{
	static const int64_t ts = 0;
	const uint32_t off[2] = { 0, (uint32_t)line->n };
	struct block *b = &p->block;

	b->base.labels = NULL; /* what lay there last time may be another one's by now */
	block_reset(b, stream);
	b->load = all_is_there;
	b->have = WANT_ALL;
	b->run = (struct run){
		.n = 1, .ts_ns = &ts, .line_off = off, .lines = line->p, .lines_len = line->n
	};
	block_select_all(b);
	if (pipeline_apply(&p->pipeline, b, e) < 0)
		return -1;
	b->run.line_off = NULL;
	return b->n_sel == 1 && block_error(b, 0).n == 0;
}

/* --- what was found -------------------------------------------------------------------------- */

static struct field *field_of(struct fields *t, struct bytes name)
{
	uint64_t hash = hash64(name);
	uint32_t n = map_get(&t->by_name, hash, name);

	if (n != MAP_NONE)
		return &t->v[n];
	if (t->max && !t->value_of.n && t->n >= t->max)
		return NULL;
	mem_grow(&t->v, &t->cap, t->n + 1, sizeof(*t->v));
	t->v[t->n] = (struct field){ .name = arena_copy(&t->mem, name) };
	map_put(&t->by_name, hash, t->v[t->n].name, (uint32_t)t->n);
	return &t->v[t->n++];
}

static bool is_error(struct bytes name)
{
	return bytes_is(name, "__error__") || bytes_is(name, "__error_details__") ||
	       bytes_is(name, "__preserve_error__");
}

/* Values are looked at stream by stream in Loki, and the last one tells the type: of the last
 * stream, in the order of their texts, the one that is met last. */
static void add_value(struct fields *t, struct bytes stream, struct bytes name, struct bytes value,
		      unsigned parsers)
{
	struct field *f = is_error(name) ? NULL : field_of(t, name);
	struct bytes kept;
	uint64_t hash;

	if (!f)
		return;
	f->parsers |= parsers;
	if (!f->typed.p || bytes_cmp(stream, f->typed) >= 0) {
		f->type = field_type(value);
		f->typed = stream;
	}
	buf_reset(&t->key);
	buf_add_bytes(&t->key, name);
	buf_add_char(&t->key, '\0');
	buf_add_bytes(&t->key, value);
	hash = hash64(buf_bytes(&t->key));
	if (map_get(&t->values, hash, buf_bytes(&t->key)) != MAP_NONE)
		return;
	kept = arena_copy(&t->mem, buf_bytes(&t->key));
	map_put(&t->values, hash, kept, 0);
	f->n_values++;
	if (!bytes_eq(name, t->value_of))
		return;
	mem_grow(&t->value, &t->cap_value, t->n_value + 1, sizeof(*t->value));
	t->value[t->n_value++] = bytes_sub(kept, name.n + 1, kept.n);
}

/* The stream's labels as text, which stays. */
static struct bytes stream_text(struct fields *t, const struct labels *stream)
{
	uint64_t hash;
	uint32_t n;

	buf_reset(&t->key);
	labels_add_text(&t->key, stream);
	hash = hash64(buf_bytes(&t->key));
	n = map_get(&t->streams, hash, buf_bytes(&t->key));
	if (n != MAP_NONE)
		return t->stream[n];
	mem_grow(&t->stream, &t->cap_streams, t->n_streams + 1, sizeof(*t->stream));
	t->stream[t->n_streams] = arena_copy(&t->mem, buf_bytes(&t->key));
	map_put(&t->streams, hash, t->stream[t->n_streams], (uint32_t)t->n_streams);
	return t->stream[t->n_streams++];
}

static void add_parsed(struct fields *t, struct bytes stream, unsigned parser)
{
	const struct block *b = &t->parser[parser].block;
	size_t n = block_n_labels(b, 0);

	mem_grow(&t->label, &t->cap_label, n + 1, sizeof(*t->label));
	n = block_labels(b, 0, t->label);
	for (size_t i = 0; i < n; i++)
		if (t->label[i].kind == LABEL_PARSED)
			add_value(t, stream, b->names->v[t->label[i].name], t->label[i].value,
				  1U << parser);
}

/* *ret_parser: of the one that took the line, or PARSER_COUNT. */
static int add_line(struct fields *t, const struct labels *stream, struct bytes text,
		    unsigned *ret_parser, struct err *e)
{
	int got = 0;

	*ret_parser = PARSER_COUNT;
	for (unsigned i = 0; i < PARSER_COUNT && got == 0; i++) {
		got = parse_line(&t->parser[i], stream, &t->line, e);
		if (got > 0)
			*ret_parser = i;
	}
	if (got > 0)
		add_parsed(t, text, *ret_parser);
	return got < 0 ? -1 : 0;
}

static int take(void *data, const struct log_entry *x, struct err *e)
{
	struct fields *t = data;
	struct label *l = mem_alloc((x->labels->n + 1) * sizeof(*l));
	struct labels stream = { l, 0 };
	struct bytes text;
	unsigned parser;
	int r;

	t->n_lines++;
	for (size_t i = 0; i < x->labels->n; i++)
		if (x->labels->v[i].kind == LABEL_STREAM)
			l[stream.n++] =
				(struct label){ x->labels->v[i].name, x->labels->v[i].value };
	text = stream_text(t, &stream);
	buf_reset(&t->line);
	buf_add_bytes(&t->line, x->line);
	buf_add_char(&t->line, '\n');
	r = add_line(t, &stream, text, &parser, e);
	for (size_t i = 0; i < x->labels->n && r == 0; i++) {
		const struct log_label *m = &x->labels->v[i];

		if (m->kind == LABEL_META)
			add_value(t, text, m->name, m->value, 0);
		else if (m->kind == LABEL_PARSED)
			add_value(t, text, m->name, m->value,
				  parser < PARSER_COUNT ? 1U << parser : 0);
	}
	free(l);
	return r;
}

static int pause_not(void *data, struct err *e)
{
	(void)data;
	(void)e;
	return 0;
}

/* --- the answer ------------------------------------------------------------------------------ */

static int by_name(const void *a, const void *b)
{
	const struct field *x = a, *y = b;

	return bytes_cmp(x->name, y->name);
}

static int by_bytes(const void *a, const void *b)
{
	return bytes_cmp(*(const struct bytes *)a, *(const struct bytes *)b);
}

static void add_parsers(struct buf *b, unsigned parsers, const char *quote, const char *between)
{
	for (unsigned i = 0, n = 0; i < PARSER_COUNT; i++)
		if (parsers >> i & 1)
			buf_addf(b, "%s%s%s%s", n++ ? between : "", quote, parser_names[i], quote);
}

static void add_field(struct buf *b, const struct field *f, enum format format)
{
	unsigned long long n = f->n_values;
	const char *type = field_type_name(f->type);

	switch (format) {
	case FORMAT_API:
	case FORMAT_JSONL:
		buf_add_str(b, "{\"label\":");
		json_add_quoted(b, f->name);
		buf_addf(b, ",\"type\":\"%s\",\"cardinality\":%llu,\"parsers\":%s", type, n,
			 f->parsers ? "[" : "null");
		add_parsers(b, f->parsers, "\"", ",");
		buf_add_str(b, f->parsers ? "]}" : "}");
		break;
	case FORMAT_CSV:
		csv_add(b, f->name);
		buf_addf(b, ",%s,%llu,", type, n);
		add_parsers(b, f->parsers, "", " ");
		break;
	case FORMAT_DEFAULT:
	case FORMAT_RAW:
		buf_addf(b, "%.*s %s %llu%s", BYTES_ARG(f->name), type, n, f->parsers ? " " : "");
		add_parsers(b, f->parsers, "", ",");
		break;
	}
	if (format != FORMAT_API)
		buf_add_char(b, '\n');
}

static void print_fields(struct buf *b, const struct fields *t, enum format format)
{
	if (t->n)
		qsort(t->v, t->n, sizeof(*t->v), by_name);
	if (format == FORMAT_CSV)
		buf_add_str(b, "label,type,cardinality,parsers\n");
	if (format == FORMAT_API)
		buf_add_str(b, t->n ? "{\"fields\":[" : "{");
	for (size_t i = 0; i < t->n; i++) {
		if (format == FORMAT_API && i)
			buf_add_char(b, ',');
		add_field(b, &t->v[i], format);
	}
	if (format == FORMAT_API && t->n)
		buf_addf(b, "],\"limit\":%llu", (unsigned long long)t->max);
	if (format == FORMAT_API)
		buf_add_str(b, "}\n");
}

static void print_values(struct buf *b, struct fields *t, enum format format)
{
	if (t->n_value)
		qsort(t->value, t->n_value, sizeof(*t->value), by_bytes);
	if (t->max && t->n_value > t->max)
		t->n_value = (size_t)t->max;
	if (format == FORMAT_API)
		buf_add_str(b, t->n_value ? "{\"values\":[" : "{");
	if (format == FORMAT_CSV) {
		csv_add(b, t->value_of);
		buf_add_char(b, '\n');
	}
	for (size_t i = 0; i < t->n_value; i++) {
		if (format == FORMAT_API && i)
			buf_add_char(b, ',');
		if (format == FORMAT_API || format == FORMAT_JSONL)
			json_add_quoted(b, t->value[i]);
		else if (format == FORMAT_CSV)
			csv_add(b, t->value[i]);
		else
			buf_add_bytes(b, t->value[i]);
		if (format != FORMAT_API)
			buf_add_char(b, '\n');
	}
	if (format == FORMAT_API && t->n_value)
		buf_addf(b, "],\"limit\":%llu", (unsigned long long)t->max);
	if (format == FORMAT_API)
		buf_add_str(b, "}\n");
}

static void fields_release(struct fields *t)
{
	for (size_t i = 0; i < PARSER_COUNT; i++)
		parser_release(&t->parser[i]);
	free(t->v);
	free(t->value);
	free(t->stream);
	free(t->label);
	map_release(&t->by_name);
	map_release(&t->values);
	map_release(&t->streams);
	buf_release(&t->key);
	buf_release(&t->line);
	arena_release(&t->mem);
}

static int run(struct fields *t, const struct query_opts *o, unsigned flags, const char *text,
	       struct err *e)
{
	const struct logql_opts parse = { .flags = flags, .check_template = template_check };
	const struct query_out out = { .entry = take, .pause = pause_not, .data = t };
	struct logql_query q;
	uint64_t n;
	int r;

	if (logql_parse(bytes_str(text), &parse, &q, NULL, e) < 0)
		return -1;
	r = logql_is_log(&q) ? query_run(&q, o, &out, &n, e)
			     : err_set(e, ERR_QUERY, "only log selector is supported");
	logql_query_release(&q);
	return r;
}

int detect_fields(const struct query_opts *o, const struct detect_opts *d, const char *text,
		  enum format format, FILE *out, uint64_t *ret_n, struct err *e)
{
	struct fields t = { .max = d->fields, .value_of = d->value_of };
	struct buf b = { 0 };
	int r = 0;

	for (size_t i = 0; i < PARSER_COUNT && r == 0; i++)
		r = parser_init(&t.parser[i], parser_names[i], e);
	if (r == 0)
		r = run(&t, o, d->flags, text, e);
	if (r == 0) {
		if (d->value_of.n)
			print_values(&b, &t, format);
		else
			print_fields(&b, &t, format);
		*ret_n = d->value_of.n ? t.n_value : t.n;
		if (b.n && fwrite(b.p, 1, b.n, out) != b.n)
			r = err_sys(e, "cannot write");
	}
	buf_release(&b);
	fields_release(&t);
	return r;
}
