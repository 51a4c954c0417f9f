/*
 * Random lines of JSON, of logfmt, of requests and of none of these, as programs write them, and as
 * nobody should: what is taken apart comes back byte for byte, all of it and parts; and random
 * queries, with patterns made of the lines too, give the same answers over blocks whose lines are
 * taken apart as over blocks of whole lines.
 */
#include "../naive/make.h"
#include "same_answer.h"
#include "shape_block.h"

#include "logql/parse.h"

enum {
	BLOCKS_PER_PERCENT = 100,
	QUERIES_PER_PERCENT = 60,
	QUERIES_OF_A_WORLD = 15,
	PATTERNS_PER_PERCENT = 60,
	PATTERNS_OF_A_WORLD = 60,
	LITERALS_MAX = 6,
	FORMS_MAX = 5,
	FIELDS_MAX = 7,
	ENTRIES = 400
};

static uint64_t state;
static bool one_in(size_t n)
{
	return rnd_below(&state, n) == 0;
}

#define PICK(v) (v)[rnd_below(&state, sizeof(v) / sizeof(*(v)))]

/* ---- lines ---- */

enum value_kind { WORD, NUMBER, PLACES, PADDED, ID, UUID, TIME, DURATION, LONG, ODD, VALUE_KINDS };

struct field {
	const char *name;
	enum value_kind kind;
	enum { QUOTED, BARE, OBJECT, LIST, NOTHING } how; /* as far as the form has it */
	size_t odd; /* one in so many is of another kind, or there is none */
};

/* What one statement of a program writes. */
struct line_form {
	enum { JSON, LOGFMT, ACCESS, TEXT } kind;
	bool spaced;
	struct field field[FIELDS_MAX];
	size_t n;
};

static bool tame;	       /* lines are as programs write them, with nothing odd ... */
static struct line_form model; /* and all of this kind, some of these fields */

static void make_tame(bool yes)
{
	tame = yes;
	model.kind = one_in(4) ? ACCESS : one_in(2) ? LOGFMT : JSON;
}

/* Each name once, each value of the kind of its field. */
static void make_tame_form(struct line_form *f)
{
	static const char *const name[] = { "status", "dur",   "size", "n",	"user",
					    "method", "ip",    "pod",  "trace", "total",
					    "app",    "level", "msg",  "path",	"x" };
	const size_t n_names = sizeof(name) / sizeof(*name);
	size_t first = rnd_below(&state, n_names);

	*f = (struct line_form){ .kind = model.kind };
	f->n = 2 + rnd_below(&state, FIELDS_MAX - 1);
	for (size_t i = 0; i < f->n; i++)
		f->field[i] = (struct field){ .name = name[(first + i) % n_names],
					      .kind = (enum value_kind)rnd_below(&state, ODD),
					      .how = one_in(2) ? QUOTED : BARE,
					      .odd = 1000000000 };
}

static void make_form(struct line_form *f)
{
	/* Those that random queries ask for, too. */
	static const char *const name[] = { "method",	 "status",    "dur", "size",  "n",
					    "user",	 "app",	      "ip",  "level", "a-b",
					    "9z",	 "trace",     "o_x", "total", "msg",
					    "o",	 "x",	      "pod", "env",   "a\\tb",
					    "h\xc3\xa9", "__error__", "" };

	if (tame) {
		make_tame_form(f);
		model = *f;
		return;
	}
	*f = (struct line_form){ .kind = one_in(9)   ? TEXT
					 : one_in(3) ? ACCESS
					 : one_in(2) ? LOGFMT
						     : JSON,
				 .spaced = one_in(4) };
	f->n = 1 + rnd_below(&state, FIELDS_MAX);
	for (size_t i = 0; i < f->n; i++) {
		size_t most = one_in(3) ? sizeof(name) / sizeof(*name) : 15;

		f->field[i] = (struct field){ .name = name[rnd_below(&state, most)],
					      .kind = (enum value_kind)rnd_below(&state, ODD),
					      .odd = one_in(3) ? 2 + rnd_below(&state, 40) : 1000 };
		f->field[i].how = one_in(2) ? QUOTED : BARE;
		if (one_in(12))
			f->field[i].how = one_in(2) ? OBJECT : one_in(2) ? LIST : NOTHING;
	}
}

static void add_odd(struct buf *b, bool quoted)
{
	static const char *const in_quotes[] = {
		"\\n", "a\\\"b",	 "\\u00e4",	 "\\u00zz",	 "\\x",
		"",    "h\xc3\xa9",	 "\xff",	 "\x01",	 "=",
		" ",   "\\ud83d\\ude00", "\xef\xbf\xbd", "{\\\"a\\\":1}"
	};
	static const char *const bare[] = { "-0",   "1e5",	 "01",	 "true", "false",
					    "null", "1\xff",	 "0x1f", "NaN",	 "",
					    "nul",  "h\xc3\xa9", "\\n",	 "+1" };

	buf_add_str(b, quoted ? PICK(in_quotes) : PICK(bare));
}

static void add_value(struct buf *b, enum value_kind kind, bool quoted, int64_t ts_ns)
{
	static const char *const word[] = { "GET",  "POST", "error", "bob", "web",
					    "prod", "200",  "x",     "p-1" };
	static const char *const unit[] = { "ms", "s", "us", "m", "h" };
	unsigned long long r = rnd(&state), s = (unsigned long long)ts_ns / 1000000000;

	switch (kind) {
	case WORD:
		buf_add_str(b, PICK(word));
		break;
	case NUMBER:
		buf_addf(b, "%llu", tame ? r % 6 * 100 : r >> (40 + r % 24));
		break;
	case PLACES:
		buf_addf(b, "%s%llu.%03llu", r % 9 ? "" : "-", r % 50, r % 1000);
		break;
	case PADDED:
		buf_addf(b, "%06llu", r % 1000);
		break;
	case ID:
		buf_addf(b, "%016llx", r);
		break;
	case UUID:
		buf_addf(b, "%08llX-%04llX", r >> 32, r & 0xffff);
		break;
	case TIME:
		buf_addf(b, "1970-01-%02lluT%02llu:%02llu:%02llu.%03lldZ", 1 + s / 86400 % 28,
			 s / 3600 % 24, s / 60 % 60, s % 60, (long long)(ts_ns / 1000000 % 1000));
		break;
	case DURATION:
		buf_addf(b, "%llu%s", r % 500, PICK(unit));
		break;
	case LONG:
		buf_addf(b, "%s%.*s%s", PICK(word), (int)(r % 40),
			 "-a-longer-value-of-no-kind-that-is-known-", PICK(word));
		break;
	default:
		add_odd(b, quoted);
	}
}

static void add_json_field(struct buf *b, const struct line_form *f, const struct field *x,
			   enum value_kind kind, int64_t ts_ns)
{
	bool bare = x->how == BARE && (kind == NUMBER || kind == PLACES || kind == ODD);

	buf_addf(b, "\"%s\"%s:%s", x->name, f->spaced ? " " : "", f->spaced ? " " : "");
	if (x->how == OBJECT) {
		buf_add_str(b, "{\"x\":\"");
		add_value(b, kind, true, ts_ns);
		buf_add_str(b, "\",\"q r\":{\"x\":1}}");
	} else if (x->how == LIST) {
		buf_add_str(b, "[\"");
		add_value(b, kind, true, ts_ns);
		buf_add_str(b, "\",{}]");
	} else if (x->how == NOTHING) {
		buf_add_str(b, "null");
	} else {
		buf_add_str(b, bare ? "" : "\"");
		add_value(b, kind, !bare, ts_ns);
		buf_add_str(b, bare ? "" : "\"");
	}
}

static void add_logfmt_field(struct buf *b, const struct field *x, enum value_kind kind,
			     int64_t ts_ns)
{
	bool quoted = x->how == QUOTED;

	buf_addf(b, "%s=%s", x->name, quoted ? "\"" : "");
	if (x->how != NOTHING)
		add_value(b, kind, quoted, ts_ns);
	buf_add_str(b, quoted ? "\"" : "");
}

/* As a web server writes it, then further values. */
static void add_request(struct buf *b, int64_t ts_ns)
{
	static const char *const method[] = { "GET", "GET", "POST", "-" };
	static const char *const path[] = { "/",     "/a",	   "/a/b - c", "/x?y=[1]",
					    "/a\"b", "/cart/%llu", "//",       "" };
	unsigned long long r = rnd(&state), s = (unsigned long long)ts_ns / 1000000000;

	buf_addf(b, "10.0.%llu.%llu - %s [", r % 4, r / 4 % 20, one_in(9) ? "bob" : "-");
	buf_addf(b, "%02llu/Jan/1970:%02llu:%02llu:%02llu +0000] \"%s ", 1 + s / 86400 % 28,
		 s / 3600 % 24, s / 60 % 60, s % 60, PICK(method));
	if (one_in(8))
		buf_addf(b, "%s", PICK(path));
	else
		buf_addf(b, "/cart/%llu/%s", r % 50, one_in(2) ? "items" : "");
	buf_addf(b, " HTTP/%s\" %d %llu", one_in(40) ? "2" : "1.1", one_in(5) ? 500 : 200,
		 r % 3000);
}

static void add_access_field(struct buf *b, const struct field *x, enum value_kind kind,
			     int64_t ts_ns)
{
	const char *before = x->how == QUOTED ? "\""
			     : x->how == LIST ? "["
					      : "",
		   *behind = x->how == QUOTED ? "\""
			     : x->how == LIST ? "]"
					      : "";

	buf_add_str(b, before);
	if (x->how == NOTHING)
		buf_add_char(b, '-');
	else
		add_value(b, kind, x->how == QUOTED, ts_ns);
	buf_add_str(b, behind);
}

/* A line without newlines; ts_ns is not below 0. */
static void add_line(struct buf *b, const struct line_form *f, int64_t ts_ns)
{
	bool first = f->kind != ACCESS;

	if (f->kind == JSON)
		buf_add_char(b, '{');
	else if (f->kind == ACCESS)
		add_request(b, ts_ns);
	for (size_t i = 0; i < f->n; i++) {
		const struct field *x = &f->field[i];
		enum value_kind kind = x->kind;

		if (one_in(x->odd)) {
			if (one_in(2))
				continue;
			kind = one_in(2) ? ODD : (enum value_kind)rnd_below(&state, VALUE_KINDS);
		}
		if (!first)
			buf_add_str(b, f->kind == JSON ? (f->spaced ? ", " : ",")
						       : (f->spaced ? "  " : " "));
		first = false;
		if (f->kind == JSON)
			add_json_field(b, f, x, kind, ts_ns);
		else if (f->kind == LOGFMT)
			add_logfmt_field(b, x, kind, ts_ns);
		else if (f->kind == ACCESS)
			add_access_field(b, x, kind, ts_ns);
		else
			add_value(b, kind, true, ts_ns);
	}
	if (f->kind == JSON)
		buf_add_char(b, '}');
	if (!tame && one_in(300))
		buf_add_str(b, " behind");
	if (!tame && one_in(300) && b->n > 3)
		b->n -= rnd_below(&state, 3);
}

static void add_garbage(struct buf *b)
{
	static const char likely[] = "{}[]\":,=\\ ntrue0123abx\t\xff";

	for (size_t n = rnd_below(&state, 40); n > 0; n--) {
		char c = one_in(8) ? (char)rnd(&state)
				   : likely[rnd_below(&state, sizeof(likely) - 1)];

		buf_add_char(b, c == '\n' ? ' ' : c);
	}
}

/* ---- all comes back ---- */

static void make_block(struct shape_block *b, const struct line_form *form, size_t n_forms,
		       size_t n)
{
	static const size_t garbage_in[] = { 1000000, 1000000, 100, 20, 3 };
	int64_t ts = (int64_t)(rnd(&state) >> (1 + rnd_below(&state, 30)));
	size_t garbage = PICK(garbage_in);
	struct buf line = { 0 };

	for (size_t i = 0; i < n; i++) {
		buf_reset(&line);
		if (one_in(garbage))
			add_garbage(&line);
		else
			add_line(&line, &form[one_in(2) ? 0 : rnd_below(&state, n_forms)], ts);
		block_add(b, ts, buf_bytes(&line));
		if (ts < INT64_MAX - ((int64_t)1 << 40))
			ts += (int64_t)(rnd(&state) >> (24 + rnd_below(&state, 40)));
	}
	buf_release(&line);
}

static void open_anew(const struct shape_block *b, struct shape_reader *r)
{
	struct shape_stored in = block_stored(b);
	struct err e;

	if (shape_open(r, &in, &e) < 0)
		fail_msg("%s", e.msg);
}

static void pick_some(const struct shape_block *b, struct shape_reader *r)
{
	uint32_t *sel = mem_alloc((b->n + 1) * sizeof(*sel));
	struct shape_pick pick = { .first = (uint32_t)rnd_below(&state, b->n) };
	size_t every = 1 + rnd_below(&state, 30);

	pick.n = rnd_below(&state, b->n - pick.first + 1);
	open_anew(b, r);
	block_same(b, r, &pick);
	if (one_in(2)) /* parts of columns are there */
		open_anew(b, r);
	pick = (struct shape_pick){ .sel = sel };
	for (uint32_t i = 0; i < b->n; i++)
		if (one_in(every))
			sel[pick.n++] = i;
	block_same(b, r, &pick);
	free(sel);
}

/* The values of a slot have no bytes but those of its class; a constant is what they all are. */
static void check_values(const struct shape_slot *slot, const int64_t *ts_ns,
			 struct shape_reader *r)
{
	const struct shape_values *v;
	struct bytes constant;
	struct err e;
	bool is_constant = shape_constant(r, slot->column, &constant);

	assert_int_equal(shape_column(r, slot->column, ts_ns, &v, &e), 0);
	for (size_t i = 0; i < v->n; i++) {
		struct bytes value = shape_value(v, i);

		for (size_t k = 0; k < value.n; k++)
			assert_true(shape_class_may(slot->class, value.p[k]));
		assert_true(!is_constant || bytes_eq(value, constant));
	}
}

static void check_classes(const struct shape_block *b, struct shape_reader *r)
{
	size_t n;
	const struct shape *sh = shape_list(r, &n);

	for (size_t k = 0; k < n; k++)
		for (uint32_t i = 0; i < sh[k].n_slots; i++)
			check_values(&sh[k].slot[i], block_ts(b), r);
}

static void what_is_split_comes_back(void **unused)
{
	unsigned cases = BLOCKS_PER_PERCENT * (unsigned)env_number("PERCENT", 5), n_split = 0;
	struct shape_writer *w = shape_writer_new();
	struct shape_reader *r = shape_reader_new();
	uint64_t seed = env_number("SEED", 1);

	(void)unused;
	for (unsigned c = 0; c < cases; c++, seed++) {
		struct shape_block b = { 0 };
		struct line_form form[FORMS_MAX];
		size_t n_forms = 1 + rnd_below(&state, FORMS_MAX);

		state = seed;
		make_tame(one_in(4));
		for (size_t i = 0; i < n_forms; i++)
			make_form(&form[i]);
		make_block(&b, form, n_forms, 32 + rnd_below(&state, one_in(4) ? 400 : 100));
		b.id = (enum codec_id)rnd_below(&state, CODEC_COUNT);
		if (block_split(&b, w)) {
			block_comes_back(&b, r);
			pick_some(&b, r);
			check_classes(&b, r);
			n_split++;
		}
		block_release(&b);
	}
	shape_writer_free(w);
	shape_reader_free(r);
	printf("# %u blocks, %u taken apart\n", cases, n_split);
	assert_true(n_split > cases / 4);
}

/* ---- the same answers ---- */

static struct labels make_meta(struct arena *a)
{
	static const char *const name[] = { "app_id", "level", "n", "status", "trace", "user" };
	struct labels l = { arena_alloc(a, 2 * sizeof(*l.v)), 0 };
	size_t at = rnd_below(&state, 5);

	for (size_t n = 1 + rnd_below(&state, 2); l.n < n; l.n++)
		l.v[l.n] = (struct label){ bytes_str(name[at + l.n]), BYTES_LIT("200") };
	return l;
}

static void make_data(struct arena *a, struct nv_data *ret)
{
	static const char *const app[] = { "web", "api", "db" }, *const pod[] = { "p-0", "p-1",
										  "p-2" };
	size_t n_streams = 1 + rnd_below(&state, 2);
	int64_t from, to, ts;
	struct buf line = { 0 };

	*ret = (struct nv_data){ .n_streams = n_streams };
	ret->stream = arena_zalloc(a, n_streams * sizeof(*ret->stream));
	ret->v = arena_zalloc(a, ENTRIES * sizeof(*ret->v));
	nv_data_bounds(&from, &to);
	for (uint32_t k = 0; k < n_streams; k++) {
		struct label *v = arena_alloc(a, 3 * sizeof(*v));
		struct line_form form[FORMS_MAX];
		size_t n_forms = one_in(3) ? 1 : 1 + rnd_below(&state, FORMS_MAX);
		size_t meta = one_in(2) ? 1 + rnd_below(&state, 20) : 1000000;
		size_t garbage = tame ? 1000000000 : 60, n = ENTRIES / n_streams;

		v[0] = (struct label){ BYTES_LIT("app"), bytes_str(PICK(app)) };
		v[1] = (struct label){ BYTES_LIT("env"), BYTES_LIT("prod") };
		v[2] = (struct label){ BYTES_LIT("pod"), bytes_str(pod[k]) };
		ret->stream[k] = (struct labels){ v, 3 };
		for (size_t i = 0; i < n_forms; i++)
			make_form(&form[i]);
		for (size_t i = 0; i < n; i++) {
			struct nv_entry *x = &ret->v[ret->n++];

			ts = from + (to - from) / (int64_t)n * (int64_t)i;
			buf_reset(&line);
			if (one_in(garbage))
				add_garbage(&line);
			else
				add_line(&line, &form[one_in(2) ? 0 : rnd_below(&state, n_forms)],
					 ts);
			*x = (struct nv_entry){ .stream = k,
						.ts_ns = ts,
						.line = arena_copy(a, buf_bytes(&line)),
						.parts = NV_PART_PACK };
			if (one_in(meta))
				x->meta = make_meta(a);
		}
	}
	buf_release(&line);
}

static const char *pick_name(void)
{
	if (tame && !one_in(4))
		return model.field[rnd_below(&state, model.n)].name;
	return nv_pick_label(&state);
}

static void add_condition(struct buf *b)
{
	static const char *const cmp[] = { "=", "!=", ">", "<", ">=", "<=", "==" };
	static const char *const value[] = { "200", "10", "0.5", "250ms", "1KB", "0" };
	static const char *const text[] = { "\"bob\"", "\"GET\"", "\"\"",	"\"200\"",
					    "\"web\"", "\"\\n\"", "\"a\\\"b\"", "\"\\u00e4\"" };
	const char *name = pick_name();

	if (one_in(2))
		buf_addf(b, " | %s%s%s", name, one_in(2) ? "=" : "!=", PICK(text));
	else if (one_in(4))
		buf_addf(b, " | %s=~\"%s\"", name, one_in(2) ? "b.+|2.." : ".*");
	else
		buf_addf(b, " | %s%s%s", name, PICK(cmp), PICK(value));
	if (one_in(6))
		buf_addf(b, " %s %s%s", one_in(2) ? "or" : "and", nv_pick_label(&state), "=\"x\"");
}

static bool can_be_quoted(struct bytes line)
{
	for (size_t i = 0; i < line.n; i++)
		if ((unsigned char)line.p[i] < ' ' || (unsigned char)line.p[i] >= 0x7f ||
		    line.p[i] == '`' || line.p[i] == '<' || line.p[i] == '>')
			return false;
	return line.n > 0;
}

static bool is_border(char c)
{
	return !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'));
}

/* Where a literal of a pattern may begin: mostly where values end. */
static size_t find_border(struct bytes line, size_t from)
{
	for (size_t i = from; i < line.n; i++)
		if (one_in(is_border(line.p[i]) ? 4 : 60))
			return i;
	return line.n;
}

/* A pattern made of a line, with captures between pieces of it. */
static void add_pattern(struct buf *b, struct bytes line)
{
	static const char *const name[] = { "method", "status", "dur", "size",
					    "n",      "user",	"app", "pod_extracted" };
	size_t at = 0, first = rnd_below(&state, 8);

	if (one_in(4)) {
		at = 1 + rnd_below(&state, line.n < 12 ? line.n : 12);
		buf_add_bytes(b, bytes_sub(line, 0, at));
	}
	for (size_t i = 0; i < LITERALS_MAX && at < line.n; i++) {
		size_t from = find_border(line, at), n = 1 + rnd_below(&state, one_in(3) ? 6 : 2);

		if (i == 0 || !one_in(3))
			buf_addf(b, "<%s>", name[(first + i) % 8]);
		else
			buf_add_str(b, "<_>");
		if (from == at && at + 1 < line.n)
			from++; /* captures are not empty but by chance */
		if (from == line.n)
			return;
		buf_add_bytes(b, bytes_sub(line, from, n));
		at = from + n;
		if (one_in(8))
			return;
	}
	buf_add_str(b, one_in(2) ? "<level>" : "");
}

static void add_pattern_of(struct buf *b, const struct nv_data *d)
{
	struct bytes line = d->v[rnd_below(&state, d->n)].line;
	size_t n = b->n;

	buf_add_str(b, "pattern `");
	if (can_be_quoted(line))
		add_pattern(b, line);
	if (!memchr(b->p + n, '<', b->n - n) || bytes_is(bytes_of(b->p + b->n - 1, 1), "`"))
		buf_add_str(b, "<n> <_>");
	buf_add_char(b, '`');
}

/* Patterns, and what comes behind them. */
static void make_pattern_query(struct buf *b, const struct nv_data *d)
{
	bool counts = one_in(2);

	if (counts)
		buf_addf(b, "sum by (%s) (count_over_time(",
			 one_in(2) ? "method, n" : "level, app");
	buf_add_str(b, "{pod=~\".+\"}");
	if (one_in(6))
		buf_add_str(b, one_in(2) ? " |= \"2\"" : " | json");
	buf_add_str(b, " | ");
	add_pattern_of(b, d);
	while (one_in(3))
		add_condition(b);
	if (counts)
		buf_add_str(b, " [2m]))");
}

/* Parsers, and what comes behind them. */
static void make_query(struct buf *b)
{
	static const char *const parser[] = { "json",
					      "json",
					      "logfmt",
					      "logfmt",
					      "logfmt --strict",
					      "logfmt --keep-empty",
					      "logfmt --strict --keep-empty",
					      "json n, x=\"o.x\"",
					      "logfmt n, u=\"user\"" };
	static const char *const agg[] = { "sum_over_time", "max_over_time", "quantile_over_time" };
	bool unwraps = one_in(3), counts = !unwraps && one_in(3);
	const char *by = pick_name();

	if (one_in(6)) { /* of all fields nothing but faults is wanted */
		buf_addf(b, "sum by (__error__) (count_over_time({pod=~\".+\"} | %s [2m]))",
			 PICK(parser));
		return;
	}
	if (unwraps)
		buf_addf(b, "sum by (%s) (", pick_name());
	else if (counts)
		buf_addf(b, "sum by (%s, __error__) (count_over_time(", by);
	if (unwraps) {
		const char *name = PICK(agg);

		buf_addf(b, "%s(%s", name, name[0] == 'q' ? "0.9, " : "");
	}
	buf_add_str(b, "{pod=~\".+\"}");
	if (one_in(4))
		buf_add_str(b, one_in(2) ? " |= \"2\"" : " != \"bob\"");
	if (one_in(8))
		add_condition(b);
	if (tame && !one_in(4))
		buf_addf(b, " | %s", model.kind == JSON ? "json" : "logfmt");
	else
		buf_addf(b, " | %s", PICK(parser));
	while (one_in(2))
		add_condition(b);
	if (one_in(5))
		buf_addf(b, " | %s", PICK(parser));
	if (one_in(6))
		buf_addf(b, " | line_format `{{.%s}}` | %s", "user", PICK(parser));
	if (one_in(6)) {
		const char *name = one_in(2) ? by : pick_name();

		buf_addf(b, " | label_format %s=`{{.%s}}y`", name, one_in(2) ? name : pick_name());
	}
	while (one_in(4))
		add_condition(b);
	if (unwraps)
		buf_addf(b, " | unwrap %s | __error__=\"\" [2m]))", pick_name());
	else if (counts)
		buf_add_str(b, " [2m]))");
}

/* d: that patterns are made of; NULL: none are asked. */
static bool try_query(const struct nv_world w[2], const struct nv_data *d, uint64_t seed)
{
	static const struct logql_opts dialect = { .flags = LOGQL_ANY_SELECTOR |
							    LOGQL_ALLOW_VARIANTS };
	struct nv_answer answer[2];
	struct buf text = { 0 };
	struct arena a = { 0 };
	struct logql_query q;
	enum nv_query_kind kind;
	struct nv_ask ask;
	struct err e, why[2];
	bool any;

	if (d)
		make_pattern_query(&text, d);
	else if (one_in(2))
		nv_make_query(&state, &text, &kind);
	else
		make_query(&text);
	if (logql_parse(buf_bytes(&text), &dialect, &q, NULL, &e) < 0)
		fail_msg("%s: %s", buf_str(&text), e.msg);
	kind = logql_is_log(&q) ? NV_QUERY_LOG : NV_QUERY_METRIC;
	nv_make_ask(&state, kind, &ask);
	for (int i = 0; i < 2; i++)
		nv_world_ask(&w[i], NV_MIXED, &q, &ask, 1, &a, &answer[i], &why[i]);
	any = check_same_answer(answer, why, &text, seed, "over whole lines");
	logql_query_release(&q);
	buf_release(&text);
	arena_release(&a);
	return any;
}

static void ask_worlds(unsigned cases, unsigned of_a_world, bool patterns)
{
	uint64_t seed = env_number("SEED", 1);
	unsigned n_found = 0;

	for (unsigned c = 0; c < cases; seed++) {
		struct arena a = { 0 };
		struct nv_world world[2];
		struct nv_data d, none = { 0 };

		state = seed;
		make_tame(one_in(2));
		make_data(&a, &d);
		none.stream = d.stream;
		d.block_entries = (uint32_t)(40 + rnd_below(&state, 200));
		for (int i = 0; i < 2; i++) {
			d.whole_lines = i == 1;
			nv_world_make(&d, &none, &world[i]);
		}
		for (unsigned i = 0; i < of_a_world && c < cases; i++, c++)
			n_found += try_query(world, patterns ? &d : NULL, seed);
		for (int i = 0; i < 2; i++)
			nv_world_remove(&world[i]);
		arena_release(&a);
	}
	printf("# %u queries, %u with an answer\n", cases, n_found);
	assert_true(n_found > cases / 3);
}

static void queries_see_no_difference(void **unused)
{
	(void)unused;
	ask_worlds(QUERIES_PER_PERCENT * (unsigned)env_number("PERCENT", 5), QUERIES_OF_A_WORLD,
		   false);
}

/* Each of 400 lines. */
static void patterns_see_no_difference(void **unused)
{
	(void)unused;
	ask_worlds(PATTERNS_PER_PERCENT * (unsigned)env_number("PERCENT", 5), PATTERNS_OF_A_WORLD,
		   true);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(what_is_split_comes_back),
					    cmocka_unit_test(queries_see_no_difference),
					    cmocka_unit_test(patterns_see_no_difference) };

	if (access("/dev/shm", W_OK) == 0)
		assert_int_equal(0, setenv("TMPDIR", "/dev/shm", 0));
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
