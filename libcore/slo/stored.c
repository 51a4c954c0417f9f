#include "slo/stored.h"

#include "base/work.h"
#include "logql/parse.h"
#include "query/query.h"
#include "query/template.h"

/* A count is a whole number as long as it is below 2^53, and is written as such. */
static int read_value(double v, struct slo_value *ret, struct err *e)
{
	struct buf text = { 0 };
	int rc;

	num_add_double(&text, v);
	rc = slo_value_read(buf_bytes(&text), ret, e);
	buf_release(&text);
	return rc;
}

static int take(void *data, const struct vec *v, const struct steps *steps, enum metric_kind kind,
		struct err *e)
{
	struct slo_value *ret = data;

	(void)steps;
	(void)kind;
	if (v->n > 1)
		return err_set(e, ERR_QUERY,
			       "expected one series, found %zu: put sum(...) around the query",
			       v->n);
	return v->n && v->v[0].has[0] ? read_value(v->v[0].v[0], ret, e) : 0;
}

static int no_pause(void *data, struct err *e)
{
	(void)data;
	(void)e;
	return 0;
}

static int no_entry(void *data, const struct log_entry *entry, struct err *e)
{
	(void)data;
	(void)entry;
	return err_set(e, ERR_BUG, "an entry of a metric query");
}

/* At one time: .one_by_one. */
static int values(void *data, struct bytes query, const struct slo_times *at, struct slo_value *ret,
		  struct err *e)
{
	const struct slo_stored *s = data;
	struct logql_opts parse = { .flags = LOGQL_NO_LOG, .check_template = template_check };
	const struct query_out out = {
		.entry = no_entry, .metric = take, .pause = no_pause, .data = ret
	};
	struct query_opts o = {
		.source = s->source, .jobs = work_cpus(), .at = at->from_ns, .has_at = true
	};
	struct logql_query q;
	uint64_t n;
	int rc;

	*ret = (struct slo_value){ 0 };
	if (logql_parse(query, &parse, &q, NULL, e) < 0)
		return -1;
	rc = query_check(&q, &o, e);
	if (rc == 0)
		rc = query_run(&q, &o, &out, &n, e);
	logql_query_release(&q);
	return rc;
}

struct lines {
	slo_line_fn *each;
	void *data;
};

static int take_line(void *data, const struct log_entry *entry, struct err *e)
{
	const struct lines *l = data;

	return l->each(l->data, entry->ts_ns, entry->line, e);
}

int slo_stored_lines(struct slo_stored *s, struct bytes query, int64_t from_ns, int64_t to_ns,
		     uint64_t n, slo_line_fn *each, void *data, struct err *e)
{
	struct logql_opts parse = { .check_template = template_check };
	struct lines lines = { each, data };
	const struct query_out out = { .entry = take_line, .pause = no_pause, .data = &lines };
	struct query_opts o = { .source = s->source,
				.jobs = work_cpus(),
				.from = from_ns,
				.to = to_ns,
				.limit = n,
				.dir = FORWARD,
				.has_from = true,
				.has_to = true,
				.has_limit = true,
				.has_dir = true };
	struct logql_query q;
	uint64_t found;
	int rc;

	if (logql_parse(query, &parse, &q, NULL, e) < 0)
		return -1;
	rc = logql_is_log(&q) ? query_check(&q, &o, e)
			      : err_set(e, ERR_QUERY, "expected a log query, which gives lines");
	if (rc == 0)
		rc = query_run(&q, &o, &out, &found, e);
	logql_query_release(&q);
	return rc;
}

struct slo_source slo_stored_source(struct slo_stored *s)
{
	return (struct slo_source){ values, s, true };
}
