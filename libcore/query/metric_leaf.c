/*
 * The leaves of a metric expression, which read logs: functions over time, and variants, whose
 * functions are computed together.
 */
#include "base/mem.h"
#include "query/explain_scan.h"
#include "query/metric.h"
#include "query/query_run.h"
#include "query/query_scan.h"

/* Sums of these hand their grouping down to the counting, as in Loki, where it decides what parsers
 * leave out. */
static bool takes_grouping(enum logql_range_op op)
{
	return op == LOGQL_COUNT_OVER_TIME || op == LOGQL_RATE || op == LOGQL_BYTES_OVER_TIME ||
	       op == LOGQL_BYTES_RATE || op == LOGQL_SUM_OVER_TIME;
}

/* What x is given to group by; NULL: nothing. outer, which may be NULL, is what aggregates x. */
static const struct logql_grouping *handed_down(const struct logql_expr *outer,
						const struct logql_expr *x)
{
	bool hands = outer && outer->vector_agg.op == LOGQL_SUM && takes_grouping(x->range_agg.op);

	return hands ? &outer->vector_agg.grouping : NULL;
}

/* How entries are grouped while they are counted. v: room for one label more than there are. */
static struct grouping leaf_grouping(const struct logql_expr *x, const struct logql_grouping *down,
				     struct bytes *v)
{
	const struct logql_unwrap *unwrap = x->range_agg.range->unwrap;
	const struct logql_grouping *own = &x->range_agg.grouping;
	enum logql_range_op op = x->range_agg.op;
	struct grouping g = { .kind = GROUP_ALL, .labels = v };

	g.ignores_lines = op != LOGQL_BYTES_OVER_TIME && op != LOGQL_BYTES_RATE;
	if (own->kind == LOGQL_GROUP_NONE)
		own = down;
	if (op == LOGQL_ABSENT_OVER_TIME) {
		g.kind = GROUP_BY;
	} else if (own) {
		g.kind = own->kind == LOGQL_GROUP_WITHOUT ? GROUP_WITHOUT : GROUP_BY;
		g.n = own->kind == LOGQL_GROUP_NONE ? 0 : own->n;
		for (size_t i = 0; i < g.n; i++)
			v[i] = own->labels[i];
	}
	/* The label whose values are taken is not one of the series, unless it is asked for. */
	if (unwrap && g.kind != GROUP_BY) {
		g.kind = GROUP_WITHOUT;
		v[g.n++] = unwrap->label;
	}
	return g;
}

int query_eval_range(struct query *q, const struct logql_expr *x, const struct logql_expr *outer,
		     struct vec *ret, struct err *e)
{
	const struct logql_range *range = x->range_agg.range;
	const struct logql_grouping *down = handed_down(outer, x);
	size_t n = x->range_agg.grouping.n + (down ? down->n : 0) + 1;
	struct bytes *labels = mem_alloc(n * sizeof(*labels));
	struct range_sink sink = { .steps = q->steps,
				   .op = x->range_agg.op,
				   .param = x->range_agg.param,
				   .range_ns = range->range_ns,
				   .offset_ns = range->offset_ns,
				   .group = leaf_grouping(x, down, labels),
				   .memory = &q->memory };
	struct query_scan s;
	int r;

	if (q->o->kind == METRIC_WINDOWS) {
		sink.range_ns = q->steps.step_ns;
		sink.group.streams_only = true;
	}
	if (query_scan_init(&s, q->o, range->log, range->unwrap, &sink.group, e) < 0) {
		free(labels);
		return -1;
	}
	if (q->o->kind == METRIC_WINDOWS) {
		s.plan.from = q->from;
		s.plan.to = q->to;
	} else {
		range_bounds(&q->steps, range->range_ns, range->offset_ns, &s.plan.from,
			     &s.plan.to);
	}
	s.plan.from = limits_from(&q->o->limits, s.plan.from, q->o->source.now_ns);
	sink.unwrap = s.pipeline.unwrap;
	range_sink_init(&sink, &s.scan);
	r = query_scan_run(&s, q, AS_THEY_LIE, NULL, NULL, e);
	if (s.answer)
		explain_range(s.answer, &sink, range);
	if (r == 0)
		r = range_result(&sink, range->log, ret, e);
	range_sink_release(&sink);
	query_scan_release(&s);
	free(labels);
	return r;
}

/* --- variants -------------------------------------------------------------------------------- */

/* The metrics of variants(..) of (..), over one scan of what is common to them. */
struct variants {
	const struct logql_expr *x;
	struct arena mem;
	struct range_sink *sink;
	struct query_scan common;
};

/* Only its function, its range and its unwrap are a variant's own. */
static int bind_variant(struct query *q, struct variants *v, size_t i, struct err *e)
{
	const struct logql_expr *x = v->x->variants.v[i], *leaf = metric_variant_leaf(x);
	const struct logql_range *range = leaf->range_agg.range;
	const struct logql_grouping *down = handed_down(x != leaf ? x : NULL, leaf);
	size_t n = leaf->range_agg.grouping.n + (down ? down->n : 0) + 1;
	struct bytes *labels = arena_alloc(&v->mem, n * sizeof(*labels));
	struct range_sink *sink = &v->sink[i];
	struct unwrap *unwrap = NULL;

	if (range->unwrap &&
	    pipeline_add_unwrap(&v->common.pipeline, range->unwrap, &unwrap, e) < 0)
		return -1;
	*sink = (struct range_sink){ .steps = q->steps,
				     .op = leaf->range_agg.op,
				     .param = leaf->range_agg.param,
				     .range_ns = range->range_ns,
				     .offset_ns = range->offset_ns,
				     .group = leaf_grouping(leaf, down, labels),
				     .unwrap = unwrap,
				     .memory = &q->memory,
				     .next = i + 1 < v->x->variants.n ? sink + 1 : NULL };
	return 0;
}

/* The scan sees what the common range says, its first moment too: a variant with a longer range
 * finds nothing before. */
static int scan_variants(struct query *q, struct variants *v, struct err *e)
{
	const struct logql_range *range = v->x->variants.range;
	struct plan *plan = &v->common.plan;
	int r;

	range_bounds(&q->steps, range->range_ns, range->offset_ns, &plan->from, &plan->to);
	if (plan->from > INT64_MIN)
		plan->from--;
	plan->from = limits_from(&q->o->limits, plan->from, q->o->source.now_ns);
	range_sink_init(v->sink, &v->common.scan);
	r = query_scan_run(&v->common, q, AS_THEY_LIE, NULL, NULL, e);
	if (v->common.answer)
		explain_range(v->common.answer, v->sink, range);
	return r;
}

static int add_variants(struct query *q, struct variants *v, struct vec *ret, struct err *e)
{
	enum variant_keep keep =
		q->o->kind == METRIC_RANGE ? VARIANT_KEEP_MARKED : VARIANT_KEEP_ALL;

	for (size_t i = 0; i < v->x->variants.n; i++) {
		const struct logql_expr *x = v->x->variants.v[i], *leaf = metric_variant_leaf(x);
		size_t before = ret->n;
		struct vec one;

		if (range_result(&v->sink[i], leaf->range_agg.range->log, &one, e) < 0)
			return -1;
		metric_add_variant(x, i, keep, &one, ret);
		if (limits_check_series(&q->o->limits, ret->n - before, e) < 0)
			return -1;
	}
	return 0;
}

int query_eval_variants(struct query *q, const struct logql_expr *x, struct vec *ret, struct err *e)
{
	const struct grouping all = { .kind = GROUP_ALL };
	struct variants v = { .x = x };
	int r;

	if (query_scan_init(&v.common, q->o, x->variants.range->log, NULL, &all, e) < 0)
		return -1;
	v.sink = arena_zalloc(&v.mem, x->variants.n * sizeof(*v.sink));
	vec_init(ret, q->steps.n);
	r = 0;
	for (size_t i = 0; i < x->variants.n && r == 0; i++)
		r = bind_variant(q, &v, i, e);
	if (r == 0)
		r = scan_variants(q, &v, e);
	if (r == 0)
		r = add_variants(q, &v, ret, e);
	for (size_t i = 0; i < x->variants.n; i++)
		if (v.sink[i].scan)
			range_sink_release(&v.sink[i]);
	query_scan_release(&v.common);
	arena_release(&v.mem);
	if (r < 0)
		vec_release(ret);
	return r;
}
