/* sum, avg, min, max, count, stddev, stdvar by (..) and without (..); topk, bottomk; sort. */
#include <math.h>

#include "base/mem.h"
#include "query/metric.h"

static struct labels group_labels(struct arena *a, const struct logql_grouping *g,
				  const struct labels *l)
{
	if (g->kind == LOGQL_GROUP_NONE)
		return (struct labels){ 0 };
	if (g->kind == LOGQL_GROUP_BY)
		return labels_pick(a, l, PICK_ONLY, g->labels, g->n);
	return labels_not_empty(labels_pick(a, l, PICK_OTHERS, g->labels, g->n));
}

/* The group of each series; *ret_n: how many there are. labels (if given) gets the groups' own. */
static uint32_t *group_all(const struct logql_grouping *g, const struct vec *in, struct vec *groups,
			   uint32_t *ret_n)
{
	uint32_t *group = mem_alloc((in->n + 1) * sizeof(*group));
	struct label_numbers numbers = { 0 };
	struct arena mem = { 0 };

	for (size_t i = 0; i < in->n; i++) {
		struct labels l;
		bool is_new;

		arena_reset(&mem);
		l = group_labels(&mem, g, &in->v[i].labels);
		group[i] = label_number(&numbers, &l, &is_new);
		if (is_new && groups)
			vec_add(groups, &l);
	}
	*ret_n = numbers.n;
	label_numbers_release(&numbers);
	arena_release(&mem);
	return group;
}

struct acc {
	double value, mean;
	double n;
};

static void accumulate(enum logql_vector_op op, struct acc *a, double v)
{
	double delta;

	a->n++;
	switch (op) {
	case LOGQL_SUM:
		a->value = a->n == 1 ? v : a->value + v; /* -0 alone stays that */
		break;
	case LOGQL_MIN:
		if (a->n == 1 || v < a->value || isnan(a->value))
			a->value = v;
		break;
	case LOGQL_MAX:
		if (a->n == 1 || v > a->value || isnan(a->value))
			a->value = v;
		break;
	default: /* AVG, STDDEV, STDVAR: Welford; COUNT needs n alone */
		delta = v - a->mean;
		a->mean += delta / a->n;
		a->value += delta * (v - a->mean);
		break;
	}
}

static double finish(enum logql_vector_op op, const struct acc *a)
{
	switch (op) {
	case LOGQL_COUNT:
		return a->n;
	case LOGQL_AVG:
		return a->mean;
	case LOGQL_STDVAR:
		return a->value / a->n;
	case LOGQL_STDDEV:
		return sqrt(a->value / a->n);
	default:
		return a->value;
	}
}

/* Whether a value alone is what the group has. */
static bool keeps_single(enum logql_vector_op op)
{
	return op == LOGQL_SUM || op == LOGQL_AVG || op == LOGQL_MIN || op == LOGQL_MAX;
}

/* The numbers of the series of each group one after another, as they came; ret_end: where each
 * group's end. */
static uint32_t *by_group(const uint32_t *group, size_t n, uint32_t n_groups, uint32_t *ret_end)
{
	uint32_t *ret = mem_alloc((n + 1) * sizeof(*ret)), at = 0;

	for (size_t i = 0; i < n; i++)
		ret_end[group[i]]++;
	for (uint32_t g = 0; g < n_groups; g++) {
		uint32_t size = ret_end[g];

		ret_end[g] = at;
		at += size;
	}
	for (size_t i = 0; i < n; i++)
		ret[ret_end[group[i]]++] = (uint32_t)i;
	return ret;
}

/* One after another, so that few places in memory are touched at a time. */
static void fold_group(enum logql_vector_op op, const struct vec *in, const uint32_t *v, size_t n,
		       struct acc *acc, struct series *ret)
{
	memset(acc, 0, in->n_steps * sizeof(*acc));
	for (size_t i = 0; i < n; i++) {
		const struct series *s = &in->v[v[i]];

		for (size_t k = 0; k < in->n_steps; k++)
			if (s->has[k])
				accumulate(op, &acc[k], s->v[k]);
	}
	for (size_t k = 0; k < in->n_steps; k++) {
		ret->has[k] = acc[k].n > 0;
		ret->v[k] = acc[k].n > 0 ? finish(op, &acc[k]) : 0;
	}
}

static void fold_groups(enum logql_vector_op op, const struct vec *in, const uint32_t *group,
			const struct vec *groups, struct vec *ret)
{
	struct acc *acc = mem_alloc((in->n_steps + 1) * sizeof(*acc));
	uint32_t *end = mem_alloc((groups->n + 1) * sizeof(*end));
	uint32_t *member = by_group(group, in->n, (uint32_t)groups->n, end), first = 0;

	for (size_t i = 0; i < groups->n; i++) {
		struct series *s = vec_add(ret, &groups->v[i].labels);

		fold_group(op, in, member + first, end[i] - first, acc, s);
		first = end[i];
	}
	free(member);
	free(end);
	free(acc);
}

static void fold(const struct logql_expr *x, struct vec *in, struct vec *ret)
{
	enum logql_vector_op op = x->vector_agg.op;
	struct vec groups; /* their labels alone */
	uint32_t n, *group;

	vec_init(&groups, 0);
	group = group_all(&x->vector_agg.grouping, in, &groups, &n);
	if (n < in->n || !keeps_single(op)) {
		fold_groups(op, in, group, &groups, ret);
	} else { /* each is a group of its own, in their order, and is moved */
		for (uint32_t i = 0; i < n; i++)
			in->v[i].labels = groups.v[i].labels;
		arena_join(&in->mem, &groups.mem);
		*ret = *in;
		ret->is_scalar = ret->ordered = false;
		vec_init(in, ret->n_steps);
	}
	vec_release(&groups);
	free(group);
}

struct ranked {
	double v;
	uint32_t group, i;
	uint32_t rank; /* place among all series, sorted by labels */
};

static int by_rank(const struct ranked *x, const struct ranked *y)
{
	return (x->rank > y->rank) - (x->rank < y->rank);
}

/* By group, the best first, NaN last; equal ones by their labels. */
static int highest_first(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	if (isnan(x->v) || isnan(y->v))
		return isnan(x->v) && isnan(y->v) ? by_rank(x, y) : isnan(x->v) ? 1 : -1;
	if (x->v != y->v)
		return x->v > y->v ? -1 : 1;
	return by_rank(x, y);
}

static int lowest_first(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	struct ranked p = *x, q = *y;

	p.v = -p.v;
	q.v = -q.v;
	return highest_first(&p, &q);
}

static int labels_of_numbers(const void *a, const void *b, void *vec)
{
	const struct vec *in = vec;

	return labels_cmp(&in->v[*(const uint32_t *)a].labels, &in->v[*(const uint32_t *)b].labels);
}

/* Of each series its place among all when they are sorted by labels. */
static uint32_t *rank_labels(const struct vec *in)
{
	uint32_t *order = mem_alloc((in->n + 1) * sizeof(*order));
	uint32_t *ret = mem_alloc((in->n + 1) * sizeof(*ret));

	for (uint32_t i = 0; i < in->n; i++)
		order[i] = i;
	if (in->n)
		qsort_r(order, in->n, sizeof(*order), labels_of_numbers,
			(struct vec *)(uintptr_t)in);
	for (uint32_t i = 0; i < in->n; i++)
		ret[order[i]] = i;
	free(order);
	return ret;
}

/* topk and bottomk: the series stay as they are, at the steps where they are among the first. */
static void select_first(const struct logql_expr *x, const struct vec *in, struct vec *ret)
{
	bool top = x->vector_agg.op != LOGQL_BOTTOMK;
	struct ranked *v = mem_alloc((in->n + 1) * sizeof(*v));
	uint32_t n_groups, *group = group_all(&x->vector_agg.grouping, in, NULL, &n_groups);
	uint32_t *rank = rank_labels(in);
	uint32_t *place =
		mem_alloc((in->n + 1) * sizeof(*place)); /* in ret, from 1; 0 not there yet */

	for (size_t k = 0; k < in->n_steps; k++) {
		size_t n = 0;
		int64_t taken = 0;

		for (uint32_t i = 0; i < in->n; i++)
			if (in->v[i].has[k])
				v[n++] = (struct ranked){ in->v[i].v[k], group[i], i, rank[i] };
		qsort(v, n, sizeof(*v), top ? highest_first : lowest_first);
		for (size_t j = 0; j < n; j++) {
			struct series *s;
			uint32_t i = v[j].i;

			taken = j && v[j].group == v[j - 1].group ? taken + 1 : 0;
			if (taken >= x->vector_agg.param)
				continue;
			if (!place[i]) {
				vec_add(ret, &in->v[i].labels);
				place[i] = (uint32_t)ret->n;
			}
			s = &ret->v[place[i] - 1];
			s->has[k] = 1;
			s->v[k] = v[j].v;
		}
	}
	ret->ordered = true;
	free(v);
	free(group);
	free(rank);
	free(place);
}

/* sort and sort_desc: by the last step's values. */
static void order(const struct logql_expr *x, const struct vec *in, struct vec *ret)
{
	struct ranked *v = mem_alloc((in->n + 1) * sizeof(*v));
	uint32_t *rank = rank_labels(in);
	size_t last = in->n_steps - 1;

	for (uint32_t i = 0; i < in->n; i++)
		v[i] = (struct ranked){ in->v[i].v[last], 0, i, rank[i] };
	qsort(v, in->n, sizeof(*v), x->vector_agg.op == LOGQL_SORT ? lowest_first : highest_first);
	for (size_t j = 0; j < in->n; j++) {
		const struct series *from = &in->v[v[j].i];
		struct series *s = vec_add(ret, &from->labels);

		memcpy(s->v, from->v, in->n_steps * sizeof(*s->v));
		memcpy(s->has, from->has, in->n_steps);
	}
	ret->ordered = true;
	free(v);
	free(rank);
}

void metric_aggregate(const struct logql_expr *x, struct vec *in, struct vec *ret)
{
	vec_init(ret, in->n_steps);
	switch (x->vector_agg.op) {
	case LOGQL_TOPK:
	case LOGQL_BOTTOMK:
	case LOGQL_APPROX_TOPK:
		select_first(x, in, ret);
		break;
	case LOGQL_SORT:
	case LOGQL_SORT_DESC:
		order(x, in, ret);
		break;
	default:
		fold(x, in, ret);
		break;
	}
	vec_compact(ret);
}
