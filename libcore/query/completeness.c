#include "query/completeness.h"

#include <inttypes.h>
#include <unistd.h>

#include "base/io.h"
#include "json/json.h"
#include "logql/parse.h"

enum { EXPECTED_MAX = 64 << 20, PIECE = 64 << 10 };

/* ---- counting ---- */

/* One window; each value is a whole number. */
static int add_up(void *data, const struct vec *v, const struct steps *steps, enum metric_kind kind,
		  struct err *e)
{
	uint64_t *n = data;

	(void)steps;
	(void)kind;
	(void)e;
	for (size_t i = 0; i < v->n; i++)
		if (v->v[i].has[0])
			*n += (uint64_t)v->v[i].v[0];
	return 0;
}

static int count(const struct query_opts *query, unsigned flags, struct expected_source *s,
		 struct err *e)
{
	const struct logql_opts parse = { .flags = flags };
	const struct query_out out = { .metric = add_up, .data = &s->stored };
	struct query_opts o = *query;
	struct logql_range range = { 0 };
	struct logql_expr sum = { .kind = LOGQL_RANGE_AGG };
	const struct logql_query tree = { .root = &sum };
	struct logql_query q;
	uint64_t n;
	int rc;

	if (logql_parse(s->selector, &parse, &q, NULL, e) < 0)
		return err_wrap(e, "source '%.*s'", BYTES_ARG(s->name));
	if (!logql_is_log(&q) || q.root->log->n_stages) {
		rc = err_set(e, ERR_QUERY, "source '%.*s': only label matchers are supported",
			     BYTES_ARG(s->name));
	} else {
		range.log = q.root->log;
		sum.range_agg.op = LOGQL_COUNT_OVER_TIME;
		sum.range_agg.range = &range;
		o.kind = METRIC_WINDOWS;
		rc = query_run(&tree, &o, &out, &n, e);
	}
	logql_query_release(&q);
	return rc;
}

/* ---- printing ---- */

static void print_source(const struct completeness_opts *c, const struct expected_source *s,
			 struct buf *b)
{
	const char *word = s->stored ? "short" : "missing";

	buf_reset(b);
	if (c->format == FORMAT_JSONL) {
		buf_add_str(b, "{\"source\":");
		json_add_quoted(b, s->name);
		buf_addf(b, ",\"state\":\"%s\"", word);
	} else {
		buf_addf(b, "%s %.*s: %" PRIu64 " of %" PRIu64 " lines, ", word, BYTES_ARG(s->name),
			 s->stored, s->expected);
	}
}

static void end_line(const struct completeness_opts *c, uint64_t stored, uint64_t expected,
		     struct buf *b)
{
	if (c->format == FORMAT_JSONL)
		buf_addf(b, ",\"stored\":%" PRIu64 ",\"expected\":%" PRIu64 ",\"ratio\":", stored,
			 expected);
	expected_add_ratio(b, stored, expected);
	buf_add_str(b, c->format == FORMAT_JSONL ? "}\n" : "\n");
	fwrite(b->p, 1, b->n, c->out); /* a failure is told by who ends */
}

static void print_sum(const struct completeness_opts *c, const struct expected *x,
		      const struct expected_sum *sum, struct buf *b)
{
	buf_reset(b);
	if (c->format == FORMAT_JSONL)
		buf_addf(b, "{\"sources\":%zu,\"short\":%zu", x->n, sum->n_short);
	else
		buf_addf(b, "%s: %" PRIu64 " of %" PRIu64 " lines, ",
			 sum->n_short ? "incomplete" : "complete", sum->stored, sum->expected);
	end_line(c, sum->stored, sum->expected, b);
}

static int print(const struct completeness_opts *c, const struct expected *x, struct err *e)
{
	const struct expected_sum sum = expected_sum(x, c->threshold);
	struct buf b = { 0 };

	for (size_t i = 0; i < x->n; i++) {
		const struct expected_source *s = &x->v[i];

		if (!expected_is_short(s->stored, s->expected, c->threshold))
			continue;
		print_source(c, s, &b);
		end_line(c, s->stored, s->expected, &b);
	}
	print_sum(c, x, &sum, &b);
	buf_release(&b);
	return sum.n_short ? err_set(e, ERR_NO, "sources are short") : 0;
}

/* Names that are values of a label, and nothing of any of them: the label is another, perhaps, if
 * there is anything. */
static int warn_of_label(const struct query_opts *o, const struct completeness_opts *c,
			 const struct expected *x, struct err *e)
{
	struct expected_source all = { .name = BYTES_LIT("{}"), .selector = BYTES_LIT("{}") };
	uint64_t stored = 0, expected = 0;
	struct err said;

	for (size_t i = 0; i < x->n; i++) {
		if (x->v[i].name.p[0] == '{')
			continue;
		stored += x->v[i].stored;
		expected += x->v[i].expected;
	}
	if (stored || !expected)
		return 0;
	if (count(o, c->flags | LOGQL_ANY_SELECTOR, &all, e) < 0)
		return -1;
	if (all.stored)
		err_set(&said, ERR_NO,
			"none of the sources is a value of label '%.*s': --source-label names "
			"another",
			BYTES_ARG(c->label));
	else
		err_set(&said, ERR_NO, "there is nothing at all of that tenant and time");
	o->source.warn(o->source.damage_data, &said);
	return 0;
}

/* ---- the whole ---- */

static int read_text(const char *path, struct buf *ret, struct err *e)
{
	int64_t n;

	if (strcmp(path, "-") != 0)
		return io_read_file(path, EXPECTED_MAX, ret, e);
	do {
		n = io_read(STDIN_FILENO, buf_reserve(ret, PIECE), PIECE, e);
		if (n < 0)
			return err_wrap(e, "'-'");
		ret->n += (size_t)n;
	} while (n > 0 && ret->n <= EXPECTED_MAX);
	return n == 0 ? 0 : err_set(e, ERR_LIMIT, "'-': more than %d bytes", EXPECTED_MAX);
}

int completeness_ask(const struct query_opts *o, const struct completeness_opts *c, struct err *e)
{
	struct expected x = { 0 };
	struct buf text = { 0 };
	int rc = read_text(c->path, &text, e);

	if (rc == 0) {
		rc = expected_read(buf_bytes(&text), c->label, &x, e);
		if (rc < 0)
			err_wrap(e, "'%s'", c->path);
	}
	if (rc == 0 && x.n == 0) /* what was to write it has failed, perhaps */
		rc = err_set(e, ERR_CORRUPT, "'%s': no source is in it", c->path);
	for (size_t i = 0; i < x.n && rc == 0; i++)
		rc = count(o, c->flags, &x.v[i], e);
	if (rc == 0)
		rc = warn_of_label(o, c, &x, e);
	if (rc == 0)
		rc = print(c, &x, e);
	expected_release(&x);
	buf_release(&text);
	return rc;
}
