#include "query/format.h"

#include "base/mem.h"
#include "base/num.h"
#include "base/utf8.h"
#include "base/visible.h"
#include "csv/csv.h"
#include "json/json.h"
#include "logql/parse.h"
#include "logql/print.h"
#include "query/color.h"
#include "query/template.h"
#include "time/time.h"

enum { FLUSH_AT = 64 << 10, FRAME_AT = 256 << 10 };

/* A stream of the API's answer: its labels and its values so far. */
struct format_stream {
	struct bytes labels;
	struct buf values;
};

static void forget_streams(struct formatter *f)
{
	for (size_t i = 0; i < f->n_streams; i++)
		buf_release(&f->stream[i].values);
	f->n_streams = 0;
	map_release(&f->by_labels);
}

void formatter_release(struct formatter *f)
{
	forget_streams(f);
	free(f->stream);
	buf_release(&f->text);
	buf_release(&f->key);
	buf_release(&f->line);
	arena_release(&f->mem);
	f->stream = NULL;
}

int format_query(FILE *out, struct bytes text, unsigned flags, enum format format, struct err *e)
{
	const struct logql_opts parse = { .flags = flags, .check_template = template_check };
	struct logql_query q;
	struct buf b = { 0 }, json = { 0 };

	if (logql_parse(text, &parse, &q, NULL, e) < 0)
		return -1;
	logql_print_pretty(&b, q.root);
	json_add_quoted(&json, buf_bytes(&b));
	if (format == FORMAT_API)
		fprintf(out, "{\"status\":\"success\",\"data\":%s}\n", buf_str(&json));
	else
		fprintf(out, "%s\n", buf_str(&b));
	buf_release(&b);
	buf_release(&json);
	logql_query_release(&q);
	return 0;
}

static int flush(struct formatter *f, size_t at_least, struct err *e)
{
	if (f->text.n < at_least)
		return 0;
	/* All of it, so that whoever kills us cuts no entry. */
	if (fwrite(f->text.p, 1, f->text.n, f->out) != f->text.n || fflush(f->out) != 0)
		return err_sys(e, "cannot write");
	buf_reset(&f->text);
	return 0;
}

/* {"a":"b"} of the labels of these kinds (bits). */
static void add_labels_json(struct buf *b, const struct log_labels *l, unsigned kinds)
{
	bool first = true;

	buf_add_char(b, '{');
	for (size_t i = 0; i < l->n; i++) {
		if (!(kinds >> l->v[i].kind & 1))
			continue;
		if (!first)
			buf_add_char(b, ',');
		first = false;
		json_add_quoted(b, l->v[i].name);
		buf_add_char(b, ':');
		json_add_quoted(b, l->v[i].value);
	}
	buf_add_char(b, '}');
}

static void add_labels_text(struct formatter *f, struct buf *b, const struct log_labels *l)
{
	struct labels all = { NULL, l->n };

	arena_reset(&f->mem);
	all.v = arena_alloc(&f->mem, (l->n + 1) * sizeof(*all.v));
	for (size_t i = 0; i < l->n; i++)
		all.v[i] = (struct label){ l->v[i].name, l->v[i].value };
	labels_add_text(b, &all);
}

/* An entry as programs pass it: parsed labels stand among the metadata, so that what is packed
 * again has the streams it came from. */
static void add_entry_jsonl(struct buf *b, const struct log_entry *x)
{
	bool meta = false;

	buf_addf(b, "{\"ts\":\"%lld\"", (long long)x->ts_ns);
	if (x->tenant.n) {
		buf_add_str(b, ",\"tenant\":");
		json_add_quoted(b, x->tenant);
	}
	buf_add_str(b, ",\"labels\":");
	add_labels_json(b, x->labels, 1U << LABEL_STREAM);
	if (utf8_valid(x->line)) {
		buf_add_str(b, ",\"line\":");
		json_add_quoted(b, x->line);
	} else {
		buf_add_str(b, ",\"line_b64\":\"");
		base64_add(b, x->line);
		buf_add_char(b, '"');
	}
	for (size_t i = 0; i < x->labels->n; i++)
		meta |= x->labels->v[i].kind != LABEL_STREAM;
	if (meta) {
		buf_add_str(b, ",\"metadata\":");
		add_labels_json(b, x->labels, 1U << LABEL_META | 1U << LABEL_PARSED);
	}
	buf_add_str(b, "}\n");
}

static struct format_stream *api_stream(struct formatter *f, const struct log_labels *l)
{
	uint64_t hash;
	uint32_t n;

	buf_reset(&f->key);
	add_labels_json(&f->key, l,
			f->categorize ? 1U << LABEL_STREAM
				      : 1U << LABEL_STREAM | 1U << LABEL_META | 1U << LABEL_PARSED);
	hash = hash64(buf_bytes(&f->key));
	n = map_get(&f->by_labels, hash, buf_bytes(&f->key));
	if (n != MAP_NONE)
		return &f->stream[n];
	n = (uint32_t)f->n_streams;
	mem_grow(&f->stream, &f->cap_streams, f->n_streams + 1, sizeof(*f->stream));
	f->stream[f->n_streams++] =
		(struct format_stream){ .labels = arena_copy(&f->mem, buf_bytes(&f->key)) };
	map_put(&f->by_labels, hash, f->stream[n].labels, n);
	return &f->stream[n];
}

static void add_entry_api(struct formatter *f, const struct log_entry *x)
{
	struct buf *b = &api_stream(f, x->labels)->values;
	size_t before = b->n;
	bool meta = false, parsed = false;

	buf_add_str(b, b->n ? ",[\"" : "[\"");
	num_add_i64(b, x->ts_ns);
	buf_add_str(b, "\",");
	json_add_quoted(b, x->line);
	if (f->categorize) {
		for (size_t i = 0; i < x->labels->n; i++) {
			meta |= x->labels->v[i].kind == LABEL_META;
			parsed |= x->labels->v[i].kind == LABEL_PARSED;
		}
		buf_add_str(b, ",{");
		if (meta) {
			buf_add_str(b, "\"structuredMetadata\":");
			add_labels_json(b, x->labels, 1U << LABEL_META);
		}
		if (parsed) {
			buf_add_str(b, meta ? ",\"parsed\":" : "\"parsed\":");
			add_labels_json(b, x->labels, 1U << LABEL_PARSED);
		}
		buf_add_char(b, '}');
	}
	buf_add_char(b, ']');
	f->n_frame += b->n - before;
	f->n_entries++;
}

static void add_entry_text(struct formatter *f, const struct log_entry *x)
{
	struct buf *b = &f->text;
	struct bytes line = x->line;

	if (f->color)
		buf_add_str(b, COLOR_DIM);
	time_add_rfc3339(b, x->ts_ns);
	buf_add_char(b, ' ');
	add_labels_text(f, b, x->labels);
	if (f->color)
		buf_add_str(b, COLOR_END);
	buf_add_char(b, ' ');
	if (f->terminal) {
		buf_reset(&f->line);
		visible_add(&f->line, x->line);
		line = buf_bytes(&f->line);
	}
	color_add(b, f->color ? color_of_level(x->labels) : "", line);
	buf_add_char(b, '\n');
}

int format_entry(void *data, const struct log_entry *x, struct err *e)
{
	struct formatter *f = data;
	struct buf *b = &f->text;

	switch (f->format) {
	case FORMAT_API:
		add_entry_api(f, x);
		return f->frames && f->n_frame >= FRAME_AT ? format_pause(f, e) : 0;
	case FORMAT_RAW:
		buf_add_bytes(b, x->line);
		buf_add_char(b, '\n');
		break;
	case FORMAT_JSONL:
		add_entry_jsonl(b, x);
		break;
	case FORMAT_CSV:
		time_add_rfc3339(b, x->ts_ns);
		buf_add_char(b, ',');
		buf_reset(&f->key);
		add_labels_text(f, &f->key, x->labels);
		csv_add(b, buf_bytes(&f->key));
		buf_add_char(b, ',');
		csv_add(b, x->line);
		buf_add_char(b, '\n');
		break;
	case FORMAT_DEFAULT:
		add_entry_text(f, x);
		break;
	}
	return flush(f, FLUSH_AT, e);
}

int format_begin_log(struct formatter *f, struct err *e)
{
	if (f->format == FORMAT_CSV)
		buf_add_str(&f->text, "timestamp,labels,line\n");
	return flush(f, FLUSH_AT, e);
}

/* As Loki: whatever was asked for, known or not. */
static void add_encoding_flags(struct buf *b, struct bytes flags)
{
	const char *before = "\"encodingFlags\":[";

	for (struct bytes flag; bytes_split(&flags, ',', &flag);) {
		flag = bytes_trim(flag);
		if (!flag.n)
			continue;
		buf_add_str(b, before);
		json_add_quoted(b, flag);
		before = ",";
	}
	if (*before == ',')
		buf_add_str(b, "],");
}

/* "[{"stream":{},"values":[]},..]" */
static int add_streams(struct formatter *f, struct err *e)
{
	buf_add_char(&f->text, '[');
	for (size_t i = 0; i < f->n_streams; i++) {
		buf_add_str(&f->text, i ? ",{\"stream\":" : "{\"stream\":");
		buf_add_bytes(&f->text, f->stream[i].labels);
		buf_add_str(&f->text, ",\"values\":[");
		buf_add_bytes(&f->text, buf_bytes(&f->stream[i].values));
		buf_add_str(&f->text, "]}");
		if (flush(f, FLUSH_AT, e) < 0)
			return -1;
	}
	buf_add_char(&f->text, ']');
	return 0;
}

/* A message of Loki's tail, on a line. Nothing is ever dropped. */
static int add_frame(struct formatter *f, struct err *e)
{
	if (f->n_streams == 0)
		return 0;
	buf_add_char(&f->text, '{');
	add_encoding_flags(&f->text, f->encoding_flags);
	buf_add_str(&f->text, "\"streams\":");
	if (add_streams(f, e) < 0)
		return -1;
	buf_add_str(&f->text, ",\"dropped_entries\":null}\n");
	forget_streams(f);
	arena_reset(&f->mem);
	f->n_frame = 0;
	return 0;
}

int format_pause(void *data, struct err *e)
{
	struct formatter *f = data;

	if (f->frames && f->format == FORMAT_API && add_frame(f, e) < 0)
		return -1;
	return flush(f, 1, e);
}

/* {"status":"success","data":{ */
static void add_start(struct formatter *f)
{
	buf_add_str(&f->text, "{\"status\":\"success\",");
	if (f->warnings && f->warnings->n)
		buf_addf(&f->text, "\"warnings\":[%.*s],", (int)f->warnings->n, f->warnings->p);
	buf_add_str(&f->text, "\"data\":{");
}

/* ,"stats":{}, and the end of an answer. */
static void add_end(struct formatter *f, uint64_t rows)
{
	buf_add_str(&f->text, ",\"stats\":");
	if (f->stats)
		query_stats_add_json(&f->text, f->stats, rows, gate_waited_ns(f->gate));
	else
		buf_add_str(&f->text, "{}");
	buf_add_str(&f->text, "}}\n");
}

int format_end_log(struct formatter *f, struct err *e)
{
	if (f->format == FORMAT_API) {
		add_start(f);
		buf_add_str(&f->text, "\"resultType\":\"streams\",");
		add_encoding_flags(&f->text, f->encoding_flags);
		buf_add_str(&f->text, "\"result\":");
		if (add_streams(f, e) < 0)
			return -1;
		add_end(f, f->n_entries);
	}
	return flush(f, 1, e);
}

/* Unix seconds, with the milliseconds if there are any. */
static void add_seconds(struct buf *b, int64_t ts_ns)
{
	int64_t ms = ts_ns / NS_PER_MS;

	num_add_double(b, (double)ms / 1000);
}

static void add_point(struct buf *b, int64_t ts_ns, double v)
{
	buf_add_char(b, '[');
	add_seconds(b, ts_ns);
	buf_add_str(b, ",\"");
	num_add_double(b, v);
	buf_add_str(b, "\"]");
}

/* {"metric":{..},"value":[..]} or "values" */
static void add_series(struct buf *b, const struct series *s, const struct steps *steps,
		       enum metric_kind kind)
{
	bool first = true;

	buf_add_str(b, "{\"metric\":");
	labels_add_json(b, &s->labels);
	buf_add_str(b, kind == METRIC_RANGE ? ",\"values\":[" : ",\"value\":");
	for (size_t k = 0; k < steps->n; k++) {
		if (!s->has[k])
			continue;
		if (!first)
			buf_add_char(b, ',');
		first = false;
		add_point(b, step_at(steps, k), s->v[k]);
	}
	buf_add_str(b, kind == METRIC_RANGE ? "]}" : "}");
}

static int add_api_metric(struct formatter *f, const struct vec *v, const struct steps *steps,
			  enum metric_kind kind, struct err *e)
{
	struct buf *b = &f->text;
	const char *type = kind == METRIC_RANGE ? "matrix" : v->is_scalar ? "scalar" : "vector";

	add_start(f);
	buf_addf(b, "\"resultType\":\"%s\",\"result\":", type);
	if (v->is_scalar && kind == METRIC_INSTANT) {
		add_point(b, steps->start_ns, v->v[0].v[0]);
	} else {
		buf_add_char(b, '[');
		for (size_t i = 0; i < v->n; i++) {
			if (i)
				buf_add_char(b, ',');
			add_series(b, &v->v[i], steps, kind);
			if (flush(f, FLUSH_AT, e) < 0)
				return -1;
		}
		buf_add_char(b, ']');
	}
	add_end(f, v->n);
	return flush(f, 1, e);
}

static void add_line(struct formatter *f, const struct series *s, int64_t ts_ns, double v,
		     enum metric_kind kind, bool is_scalar)
{
	struct buf *b = &f->text;

	if (f->format == FORMAT_CSV || (f->format == FORMAT_DEFAULT && kind == METRIC_RANGE)) {
		time_add_rfc3339(b, ts_ns);
		buf_add_char(b, f->format == FORMAT_CSV ? ',' : ' ');
	}
	if (f->format == FORMAT_CSV) {
		buf_reset(&f->key);
		labels_add_text(&f->key, &s->labels);
		csv_add(b, buf_bytes(&f->key));
		buf_add_char(b, ',');
	} else if (f->format == FORMAT_DEFAULT && !is_scalar) {
		labels_add_text(b, &s->labels);
		buf_add_char(b, ' ');
	}
	num_add_double(b, v);
	buf_add_char(b, '\n');
}

int format_metric(void *data, const struct vec *v, const struct steps *steps, enum metric_kind kind,
		  struct err *e)
{
	struct formatter *f = data;

	if (f->format == FORMAT_API)
		return add_api_metric(f, v, steps, kind, e);
	if (f->format == FORMAT_CSV)
		buf_add_str(&f->text, "timestamp,labels,value\n");
	for (size_t i = 0; i < v->n; i++) {
		const struct series *s = &v->v[i];

		if (f->format == FORMAT_JSONL) {
			add_series(&f->text, s, steps, kind);
			buf_add_char(&f->text, '\n');
		}
		for (size_t k = 0; k < steps->n && f->format != FORMAT_JSONL; k++)
			if (s->has[k])
				add_line(f, s, step_at(steps, k), s->v[k], kind, v->is_scalar);
		if (flush(f, FLUSH_AT, e) < 0)
			return -1;
	}
	return flush(f, 1, e);
}
