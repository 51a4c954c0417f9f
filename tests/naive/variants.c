/* variants(a, b) of (range): each metric by itself, over what the common range and its stages give.
 */
#include <stdio.h>

#include "detail.h"

static const struct bytes mark = { "__variant__", 11 };

static struct nv_vector one_variant(struct nv_eval *ev, const struct logql_expr *x, size_t i,
				    int64_t t)
{
	const struct logql_expr *v = x->variants.v[i];
	const struct logql_expr *leaf = v->kind == LOGQL_VECTOR_AGG ? v->vector_agg.arg : v;
	struct nv_vector ret = nv_range(ev, leaf, NULL, x->variants.range, t);
	struct logql_grouping g = { .kind = LOGQL_GROUP_BY };
	char number[24];

	(void)snprintf(number, sizeof(number), "%zu", i);
	for (size_t k = 0; k < ret.n && leaf->range_agg.op != LOGQL_ABSENT_OVER_TIME; k++)
		ret.v[k].labels = nv_with(ev->a, &ret.v[k].labels, mark,
					  arena_copy(ev->a, bytes_str(number)));
	if (v == leaf)
		return ret;
	if (v->vector_agg.grouping.kind == LOGQL_GROUP_WITHOUT)
		g.kind = LOGQL_GROUP_WITHOUT;
	g.labels = arena_alloc(ev->a, (v->vector_agg.grouping.n + 1) * sizeof(*g.labels));
	while (g.n < v->vector_agg.grouping.n) {
		g.labels[g.n] = v->vector_agg.grouping.labels[g.n];
		g.n++;
	}
	g.labels[g.n++] = mark;
	return nv_aggregate(ev, v, &g, ret);
}

struct nv_vector nv_variants(struct nv_eval *ev, const struct logql_expr *x, int64_t t)
{
	struct nv_vector ret = { 0 };

	for (size_t i = 0; i < x->variants.n; i++) {
		struct nv_vector one = one_variant(ev, x, i, t);

		for (size_t k = 0; k < one.n; k++)
			if (!ev->is_range || labels_get_bytes(&one.v[k].labels, mark).n)
				nv_push(ev->a, &ret, one.v[k].labels, one.v[k].v);
	}
	return ret;
}
