#include "query/query.h"

#include "base/num.h"
#include "query/again.h"
#include "query/explain_scan.h"
#include "query/query_run.h"
#include "query/query_scan.h"
#include "time/time.h"

/* --- log queries ----------------------------------------------------------------------------- */

struct log_flush {
	struct log_sink *sink;
	const struct query_out *out;
};

static int flush_log(void *data, const struct plan *p, bool more, struct err *e)
{
	const struct log_flush *f = data;
	struct log_sink *sink = f->sink;
	int64_t bound = INT64_MIN;
	int r;

	if (!more)
		return log_sink_flush(sink, sink->dir == BACKWARD ? INT64_MIN : INT64_MAX, e);
	if (sink->hold)
		return 0;
	/* Lines of a pipe, stamped as they arrive, oldest first: what comes later is later. */
	for (size_t i = 0; i < p->n_units; i++)
		bound = p->unit[i].max_ts > bound ? p->unit[i].max_ts : bound;
	r = p->n_units && bound < INT64_MAX ? log_sink_flush(sink, bound + 1, e) : 0;
	return r == 0 ? f->out->pause(f->out->data, e) : r;
}

static int run_log(struct query *q, const struct logql_log *log, const struct query_out *out,
		   uint64_t *ret_n, struct err *e)
{
	const struct query_opts *o = q->o;
	struct grouping all = { .kind = GROUP_ALL };
	struct log_sink sink = { .dir = o->has_dir		       ? o->dir
					: sources_raw_only(q->sources) ? FORWARD
								       : BACKWARD,
				 .limit = o->interval_ns ? 0 : o->limit,
				 .interval_ns = o->interval_ns,
				 .spaced_limit = o->limit,
				 .out = out->entry,
				 .data = out->data };
	struct log_flush f = { &sink, out };
	struct query_scan s;
	int r;

	if (query_scan_init(&s, o, log, NULL, &all, e) < 0)
		return -1;
	s.plan.from = limits_from(&o->limits, o->has_from ? o->from : INT64_MIN, o->source.now_ns);
	s.plan.to = o->has_to ? o->to : INT64_MAX;
	sink.hold = sources_stream(q->sources) &&
		    (sink.dir == BACKWARD || o->source.raw_time != RAW_TIME_ARRIVAL);
	log_sink_init(&sink, &s.scan);
	if (!sink.hold)
		sources_prompt(q->sources);
	r = query_scan_run(&s, q, sink.dir, flush_log, &f, e);
	if (s.answer)
		explain_log(s.answer, &sink, sources_stream(q->sources));
	*ret_n = sink.n_out;
	log_sink_release(&sink);
	query_scan_release(&s);
	return r;
}

/* --- metric queries -------------------------------------------------------------------------- */

static size_t count_leaves(const struct logql_expr *x)
{
	switch (x->kind) {
	case LOGQL_RANGE_AGG:
	case LOGQL_VARIANTS:
		return 1;
	case LOGQL_VECTOR_AGG:
		return count_leaves(x->vector_agg.arg);
	case LOGQL_LABEL_REPLACE:
		return count_leaves(x->label_replace.arg);
	case LOGQL_BINARY:
		return count_leaves(x->binary.left) + count_leaves(x->binary.right);
	default:
		return 0;
	}
}

static int run_metric(struct query *q, const struct logql_expr *x, const struct query_out *out,
		      uint64_t *ret_n, struct err *e)
{
	struct vec v;
	int r;

	if (count_leaves(x) > 1)
		sources_keep(q->sources);
	if (query_find_steps(q, e) < 0 || query_eval(q, x, &v, e) < 0)
		return -1;
	/* Over a range no place is that of a rank: each step has its own. */
	v.ordered = v.ordered && q->o->kind == METRIC_INSTANT;
	vec_sort(&v);
	*ret_n = v.n;
	/* As in Loki each variant may have so many. */
	r = x->kind == LOGQL_VARIANTS ? 0 : limits_check_series(&q->o->limits, v.n, e);
	if (r == 0 && !(q->o->explain && q->o->explain->how == EXPLAIN_PLAN))
		r = out->metric(out->data, &v, &q->steps, q->o->kind, e);
	vec_release(&v);
	return r;
}

/* --- either ---------------------------------------------------------------------------------- */

static int run_once(const struct logql_query *tree, const struct query_opts *o,
		    const struct query_out *out, int64_t *deadline_ns, struct again *again,
		    uint64_t *ret_n, struct err *e)
{
	struct query q = { .o = o,
			   .memory.max_bytes = o->has_memory ? o->max_bytes : RANGE_BYTES_MAX,
			   .deadline_ns = *deadline_ns,
			   .again = again };
	int r;

	if (sources_open(&o->source, &q.sources, e) < 0)
		return -1;
	if (o->explain)
		explain_query_begin(o->explain, tree, o);
	r = logql_is_log(tree) ? run_log(&q, tree->root->log, out, ret_n, e)
			       : run_metric(&q, tree->root, out, ret_n, e);
	if (o->explain)
		explain_query_end(o->explain, *ret_n, &q.memory);
	if (r == 0 && *ret_n == 0)
		sources_hint(q.sources);
	sources_free(q.sources);
	*deadline_ns = q.deadline_ns;
	return r;
}

int query_run(const struct logql_query *tree, const struct query_opts *o,
	      const struct query_out *out, uint64_t *ret_n, struct err *e)
{
	struct query_stats *stats = o->source.stats, before = { 0 };
	struct query_opts mine = *o;
	int64_t deadline_ns = limits_deadline(&o->limits);
	struct query_out once;
	struct again again;
	int r;

	*ret_n = 0;
	mine.source.deadline_ns = deadline_ns;
	if (query_check(tree, o, e) < 0)
		return -1;
	if (stats)
		before = *stats;
	once = again_begin(&again, o, out);
	r = run_once(tree, &mine, &once, &deadline_ns, &again, ret_n, e);
	while (r < 0 && again_is_due(&again, e)) {
		mine.source.list_age_ns = 0; /* what was listed is of no use */
		if (stats)
			*stats = before;
		r = run_once(tree, &mine, &once, &deadline_ns, &again, ret_n, e);
	}
	again_release(&again);
	mine.source.deadline_ns = deadline_ns;
	if (r < 0 && e)
		source_say_late(&mine.source, e);
	return r;
}
