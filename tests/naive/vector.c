/* Aggregations of series at one step, label_replace, and which expression is which. */
#include <math.h>

#include "detail.h"

#include "regex/regex.h"

void nv_push(struct arena *a, struct nv_vector *v, struct labels labels, double value)
{
	struct nv_sample *more = arena_alloc(a, (v->n + 1) * sizeof(*more));

	if (v->n)
		memcpy(more, v->v, v->n * sizeof(*more));
	more[v->n] = (struct nv_sample){ labels, value };
	v->v = more;
	v->n++;
}

bool nv_exact(double v)
{
	return isnan(v) || isinf(v) || (fabs(v) < 1e9 && floor(v * 1048576) == v * 1048576);
}

bool nv_close(const struct nv_eval *ev, double a, double b)
{
	return (ev->rounded || !(nv_exact(a) && nv_exact(b))) &&
	       fabs(a - b) <= 1e-9 * (fabs(a) + fabs(b));
}

static struct labels group_labels(struct nv_eval *ev, const struct logql_grouping *g,
				  const struct labels *l)
{
	struct labels rest;

	if (g->kind != LOGQL_GROUP_WITHOUT)
		return nv_pick(ev->a, l, g->labels, g->kind == LOGQL_GROUP_NONE ? 0 : g->n, true);
	rest = nv_pick(ev->a, l, g->labels, g->n, false);
	return nv_without_empty(ev->a, &rest);
}

/* NaN last; equal ones by their labels. */
static int up(const void *a, const void *b)
{
	const struct nv_sample *x = a, *y = b;

	if (isnan(x->v) != isnan(y->v))
		return isnan(x->v) - isnan(y->v);
	if (isnan(x->v) || x->v == y->v)
		return labels_cmp(&x->labels, &y->labels);
	return x->v > y->v ? 1 : -1;
}

static int down(const void *a, const void *b)
{
	double x = ((const struct nv_sample *)a)->v, y = ((const struct nv_sample *)b)->v;

	return isnan(x) || isnan(y) || x == y ? up(a, b) : -up(a, b);
}

static double fold(enum logql_vector_op op, const struct nv_sample *v, size_t n)
{
	double sum = 0, mean, squares = 0, low = v[0].v, high = v[0].v;

	for (size_t i = 0; i < n; i++) {
		sum += v[i].v;
		low = isnan(low) || v[i].v < low ? v[i].v : low;
		high = isnan(high) || v[i].v > high ? v[i].v : high;
	}
	mean = sum / (double)n;
	for (size_t i = 0; i < n; i++)
		squares += (v[i].v - mean) * (v[i].v - mean);
	switch (op) {
	case LOGQL_SUM:
		return sum;
	case LOGQL_AVG:
		return mean;
	case LOGQL_MIN:
		return low;
	case LOGQL_MAX:
		return high;
	case LOGQL_COUNT:
		return (double)n;
	case LOGQL_STDVAR:
		return squares / (double)n;
	default:
		return sqrt(squares / (double)n);
	}
}

/* A mean is found from one value to the next: whether an infinite one is the last decides. */
static bool is_open(enum logql_vector_op op, const struct nv_sample *v, size_t n)
{
	bool ret = false;

	for (size_t i = 0; i < n && n > 1 && op == LOGQL_AVG; i++)
		ret = ret || isinf(v[i].v);
	return ret;
}

/* Whether there are several ways to compute it, which round differently. */
static bool rounds(enum logql_vector_op op)
{
	return op == LOGQL_AVG || op == LOGQL_STDVAR || op == LOGQL_STDDEV;
}

/* The first k of a group; unsure when rounding may decide which these are. */
static void take_first(struct nv_eval *ev, const struct logql_expr *x, struct nv_sample *v,
		       size_t n, struct nv_vector *ret)
{
	bool top = x->vector_agg.op != LOGQL_BOTTOMK;
	size_t k = n < (size_t)x->vector_agg.param ? n : (size_t)x->vector_agg.param;

	qsort(v, n, sizeof(*v), top ? down : up);
	for (size_t i = 0; i < k; i++)
		nv_push(ev->a, ret, v[i].labels, v[i].v);
	if (k < n && nv_close(ev, v[k].v, v[k - 1].v))
		ev->answer->unsure = true;
}

struct nv_vector nv_aggregate(struct nv_eval *ev, const struct logql_expr *x,
			      const struct logql_grouping *g, struct nv_vector in)
{
	enum logql_vector_op op = x->vector_agg.op;
	struct nv_vector ret = { 0 };
	struct nv_sample *members = arena_alloc(ev->a, (in.n + 1) * sizeof(*members));
	bool *done = arena_zalloc(ev->a, in.n + 1);

	if (op == LOGQL_SORT || op == LOGQL_SORT_DESC) {
		if (in.n)
			qsort(in.v, in.n, sizeof(*in.v), op == LOGQL_SORT ? up : down);
		return in;
	}
	for (size_t i = 0; i < in.n; i++) {
		struct labels l = group_labels(ev, g, &in.v[i].labels);
		size_t n = 0;

		for (size_t k = i; k < in.n && !done[i]; k++) {
			struct labels other = group_labels(ev, g, &in.v[k].labels);

			if (done[k] || !nv_same(&l, &other))
				continue;
			members[n++] = in.v[k];
			done[k] = k != i;
		}
		if (n == 0)
			continue;
		ev->answer->unsure = ev->answer->unsure || is_open(op, members, n);
		ev->rounded = ev->rounded || (n > 1 && rounds(op));
		if (op == LOGQL_TOPK || op == LOGQL_BOTTOMK || op == LOGQL_APPROX_TOPK)
			take_first(ev, x, members, n, &ret);
		else
			nv_push(ev->a, &ret, l, fold(op, members, n));
	}
	return ret;
}

/* $1 and ${1}; the tests' replacements have nothing else. */
static struct bytes replacement(struct arena *a, struct bytes text, const struct bytes *group,
				size_t n)
{
	struct buf b = { 0 };
	struct bytes ret;

	for (size_t i = 0; i < text.n; i++) {
		bool brace = text.p[i] == '$' && i + 2 < text.n && text.p[i + 1] == '{';
		size_t at = i + 1 + brace;

		if (text.p[i] != '$' || at >= text.n || text.p[at] < '0' || text.p[at] > '9') {
			buf_add_char(&b, text.p[i]);
			continue;
		}
		if ((size_t)(text.p[at] - '0') <= n && group[text.p[at] - '0'].p)
			buf_add_bytes(&b, group[text.p[at] - '0']);
		i = at + brace;
	}
	ret = arena_copy(a, buf_bytes(&b));
	buf_release(&b);
	return ret;
}

static struct nv_vector label_replace(struct nv_eval *ev, const struct logql_expr *x, int64_t t)
{
	struct nv_vector in = nv_expr(ev, x->label_replace.arg, NULL, t), ret = { 0 };
	struct bytes group[REGEX_GROUPS_MAX + 1];
	struct err e;
	struct regex *re = regex_new(x->label_replace.regex, REGEX_WHOLE, &e);

	for (size_t i = 0; re && i < in.n; i++) {
		struct bytes src = labels_get_bytes(&in.v[i].labels, x->label_replace.src);
		struct labels l = in.v[i].labels;
		size_t n = regex_n_groups(re);

		if (!src.p)
			src = BYTES_LIT("");
		if (regex_match_groups(re, src, group, n, NULL) == 1) {
			l = nv_without_empty(ev->a, &l);
			l = nv_with(ev->a, &l, x->label_replace.dst,
				    replacement(ev->a, x->label_replace.replacement, group, n));
		}
		nv_push(ev->a, &ret, l, in.v[i].v);
	}
	regex_free(re);
	for (size_t i = 0; i < ret.n; i++)
		for (size_t k = 0; k < i; k++)
			if (nv_same(&ret.v[i].labels, &ret.v[k].labels))
				ev->answer->unsure = true;
	return ret;
}

struct nv_vector nv_expr(struct nv_eval *ev, const struct logql_expr *x,
			 const struct logql_grouping *outer, int64_t t)
{
	const struct logql_grouping *g;
	struct nv_vector ret = { 0 };

	switch (x->kind) {
	case LOGQL_RANGE_AGG:
		return nv_range(ev, x, outer, NULL, t);
	case LOGQL_VECTOR_AGG:
		g = &x->vector_agg.grouping;
		ret = nv_expr(ev, x->vector_agg.arg, x->vector_agg.op == LOGQL_SUM ? g : NULL, t);
		return nv_aggregate(ev, x, g, ret);
	case LOGQL_BINARY:
		return nv_binary(ev, x, t);
	case LOGQL_LABEL_REPLACE:
		return label_replace(ev, x, t);
	case LOGQL_VARIANTS:
		return nv_variants(ev, x, t);
	default:
		nv_push(ev->a, &ret, (struct labels){ 0 }, x->number);
		ret.is_scalar = x->kind == LOGQL_LITERAL;
		return ret;
	}
}
