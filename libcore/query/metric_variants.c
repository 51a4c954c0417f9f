/*
 * variants(a, b) of (range): all metrics are computed over what the range gives, and the series of
 * each are marked with its number. An aggregation keeps them apart by that mark: it is one more
 * label of by, and of without, which takes it away. Functions over nothing (absent_over_time) have
 * no series to be marked. A series without the mark is in the answer of one moment alone.
 */
#include "base/num.h"
#include "query/metric.h"

static const struct bytes mark = { "__variant__", 11 };

const struct logql_expr *metric_variant_leaf(const struct logql_expr *x)
{
	if (x->kind == LOGQL_VECTOR_AGG && x->vector_agg.op != LOGQL_APPROX_TOPK)
		x = x->vector_agg.arg;
	return x->kind == LOGQL_RANGE_AGG ? x : NULL;
}

static void mark_series(struct vec *v, size_t number)
{
	struct buf text = { 0 };
	struct bytes value;

	num_add_i64(&text, (int64_t)number);
	value = arena_copy(&v->mem, buf_bytes(&text));
	buf_release(&text);
	for (size_t i = 0; i < v->n; i++)
		v->v[i].labels = labels_with(&v->mem, &v->v[i].labels, mark, value);
}

static void aggregate(const struct logql_expr *x, struct vec *in, struct vec *ret)
{
	struct arena mem = { 0 };
	struct logql_expr with_mark = *x;
	struct logql_grouping *g = &with_mark.vector_agg.grouping;
	struct bytes *labels = arena_alloc(&mem, (g->n + 1) * sizeof(*labels));

	for (size_t i = 0; i < g->n; i++)
		labels[i] = g->labels[i];
	labels[g->n++] = mark;
	g->labels = labels;
	if (g->kind == LOGQL_GROUP_NONE)
		g->kind = LOGQL_GROUP_BY;
	metric_aggregate(&with_mark, in, ret);
	arena_release(&mem);
}

void metric_add_variant(const struct logql_expr *x, size_t number, enum variant_keep keep,
			struct vec *in, struct vec *ret)
{
	struct vec out;

	if (metric_variant_leaf(x)->range_agg.op != LOGQL_ABSENT_OVER_TIME)
		mark_series(in, number);
	if (x->kind == LOGQL_VECTOR_AGG)
		aggregate(x, in, &out);
	else
		out = *in;
	for (size_t i = 0; i < out.n; i++) {
		const struct series *from = &out.v[i];
		struct series *s;

		if (keep == VARIANT_KEEP_MARKED && !labels_get_bytes(&from->labels, mark).n)
			continue;
		s = vec_add(ret, &from->labels);
		memcpy(s->v, from->v, out.n_steps * sizeof(*s->v));
		memcpy(s->has, from->has, out.n_steps);
	}
	if (x->kind == LOGQL_VECTOR_AGG)
		vec_release(&out);
	vec_release(in);
}
