/* JSON lines: each says its labels, and its time or none. */
#include "entry/jsonl.h"
#include "ingest/batch.h"
#include "ingest/input.h"
#include "time/time.h"

/* Escapes make a line longer than what it says, and labels and metadata stand beside. */
enum { JSON_FACTOR = 6, JSON_BESIDE = 1 << 20 };

struct source {
	struct ingest *in;
	const char *name;
	struct input input;
	struct jsonl_reader reader;
	bool told; /* that this is JSON of another kind */
};

static void bad_line(struct source *s, struct ingest_tally *t, struct bytes text,
		     const struct err *why)
{
	struct err e;

	err_set(&e, why->code == ERR_LIMIT ? ERR_LIMIT : ERR_CORRUPT, "'%s': line %llu: %s",
		s->name, (unsigned long long)s->in->n_lines, why->msg);
	tally(t, 1, text.n);
	batch_bad(s->in, &e);
}

/* A log of JSON lines, taken for one of entries: told once, and what to do. */
static void foreign_line(struct source *s, struct bytes text, const struct err *why)
{
	struct err e;

	if (s->told) {
		tally(&s->in->counts.bad, 1, text.n);
		return;
	}
	s->told = true;
	err_set(&e, ERR_CORRUPT,
		"%s: entries as lokid-entry(5) has them are wanted; a log of JSON lines is --input "
		"lines",
		why->msg);
	bad_line(s, &s->in->counts.bad, text, &e);
}

static void take_line(struct source *s, struct bytes text, int64_t now_ns)
{
	struct ingest *in = s->in;
	struct jsonl_entry j;
	uint32_t stream;
	struct err why;
	int rc;

	if (jsonl_parse(&s->reader, text, &j, &why) < 0) {
		if (s->reader.is_foreign)
			foreign_line(s, text, &why);
		else
			bad_line(s, &in->counts.bad, text, &why);
		return;
	}
	if (j.tenant.n)
		rc = label_cache_get(&in->cache, j.tenant, TENANT_OWN, j.labels, &stream, &why);
	else
		rc = label_cache_get(&in->cache, in->opts->tenant, TENANT_DEFAULT, j.labels,
				     &stream, &why);
	if (rc < 0) {
		bad_line(s, &in->counts.bad, text, &why);
		return;
	}
	if (j.line.n > in->opts->line_max) {
		if (in->opts->long_lines == INGEST_REFUSE_LONG) {
			err_set(&why, ERR_LIMIT, "its log line is longer than %zu bytes, refused",
				in->opts->line_max);
			bad_line(s, &in->counts.too_long, text, &why);
			return;
		}
		tally(&in->counts.cut, 1, j.line.n - in->opts->line_max);
		j.line.n = in->opts->line_max;
	}
	batch_add(in, stream, j.has_ts ? j.ts_ns : batch_arrival(in, now_ns), j.line, j.meta,
		  j.n_meta);
}

static enum input_got take_lines(struct source *s)
{
	enum input_got got = INPUT_MORE;
	int64_t now = time_now_ns();
	struct bytes text;

	while (!batch_is_full(s->in) && (got = input_line(&s->input, &text)) == INPUT_LINE) {
		struct err why;

		s->in->n_lines++;
		if (s->input.cut) {
			err_set(&why, ERR_LIMIT, "longer than %zu bytes, refused",
				s->input.line_max);
			bad_line(s, &s->in->counts.too_long, text, &why);
		} else if (bytes_trim(text).n) {
			take_line(s, text, now);
		}
	}
	return got;
}

int ingest_jsonl(struct ingest *in, int fd, const char *name, struct err *e)
{
	struct source s = { .in = in, .name = name };
	int rc = 0;

	input_init(&s.input, fd, JSON_FACTOR * in->opts->line_max + JSON_BESIDE);
	while (rc == 0 && take_lines(&s) != INPUT_END) {
		bool more = batch_wants_more(in, &s.input);

		rc = batch_is_over(in);
		if (rc == 0 && more)
			rc = batch_fill(in, &s.input, e);
	}
	tally(&in->counts.too_long, 0, s.input.n_left_out);
	input_release(&s.input);
	jsonl_reader_release(&s.reader);
	return rc;
}
