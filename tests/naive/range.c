/* Functions over time: at a time t, over the entries with t - range < ts <= t, both moved by the
 * offset. */
#include <math.h>

#include "detail.h"

static bool hands_down(enum logql_range_op op)
{
	return op == LOGQL_COUNT_OVER_TIME || op == LOGQL_RATE || op == LOGQL_BYTES_OVER_TIME ||
	       op == LOGQL_BYTES_RATE || op == LOGQL_SUM_OVER_TIME;
}

static struct nv_group group_of(const struct logql_expr *x, const struct logql_grouping *outer)
{
	const struct logql_grouping *g = &x->range_agg.grouping;
	const struct logql_unwrap *u = x->range_agg.range->unwrap;
	struct nv_group ret = { .kind = NV_ALL };

	if (x->range_agg.op == LOGQL_ABSENT_OVER_TIME)
		ret.kind = NV_BY;
	else if (g->kind != LOGQL_GROUP_NONE || (outer && hands_down(x->range_agg.op))) {
		g = g->kind == LOGQL_GROUP_NONE ? outer : g;
		ret.kind = g->kind == LOGQL_GROUP_WITHOUT ? NV_WITHOUT : NV_BY;
		for (size_t i = 0; i < g->n && ret.n < 31; i++)
			ret.labels[ret.n++] = g->labels[i];
	}
	if (u && ret.kind != NV_BY) {
		ret.kind = NV_WITHOUT;
		ret.labels[ret.n++] = u->label;
	}
	return ret;
}

static struct labels labels_of(struct nv_eval *ev, const struct nv_group *g,
			       const struct nv_labels *l)
{
	struct labels all = nv_visible(l);

	if (g->kind == NV_ALL || l->error.n)
		return all;
	return nv_pick(ev->a, &all, g->labels, g->n, g->kind == NV_BY);
}

static bool counts_bytes(enum logql_range_op op)
{
	return op == LOGQL_BYTES_OVER_TIME || op == LOGQL_BYTES_RATE;
}

/* What a variant's common range lets it see: from its own window at the first step, with the moment
 * where that begins, to the last step. */
static bool is_read(const struct nv_eval *ev, const struct logql_range *common, int64_t ts)
{
	const struct nv_answer *a = ev->answer;
	int64_t last = a->start_ns + (int64_t)(a->n_steps - 1) * a->step_ns;

	return !common || (ts >= a->start_ns - common->offset_ns - common->range_ns &&
			   ts <= last - common->offset_ns);
}

static const struct nv_leaf *leaf_of(struct nv_eval *ev, const struct logql_expr *x,
				     const struct logql_grouping *outer,
				     const struct logql_range *common)
{
	const struct logql_range *r = x->range_agg.range;
	const struct logql_log *log = common ? common->log : r->log;
	struct nv_group g = group_of(x, outer);
	struct nv_labels *l = arena_alloc(ev->a, sizeof(*l));
	struct nv_leaf *leaf;
	struct nv_pipe p;

	for (size_t i = 0; i < ev->n_leaves; i++)
		if (ev->leaf[i].expr == x)
			return &ev->leaf[i];
	if (ev->n_leaves == 64)
		abort();
	leaf = &ev->leaf[ev->n_leaves++];
	*leaf = (struct nv_leaf){ .expr = x,
				  .v = arena_alloc(ev->a, (ev->data->n + 1) * sizeof(*leaf->v)) };
	if (common) { /* the stages give what they give to a log query */
		const struct nv_group all = { .kind = NV_ALL };

		nv_pipe_init(&p, ev->a, log, r->unwrap, true, &all);
		p.hints = (struct nv_hints){ 0 };
	} else {
		nv_pipe_init(&p, ev->a, log, r->unwrap, counts_bytes(x->range_agg.op), &g);
	}
	for (size_t i = 0; i < ev->data->n; i++) {
		const struct nv_entry *e = &ev->data->v[i];
		const struct labels *stream = &ev->data->stream[e->stream];
		struct bytes line;
		double v;

		if (!ev->first[i] || !is_read(ev, common, e->ts_ns) || !nv_selects(log, stream) ||
		    !nv_pipe_run(&p, stream, e, l, &line))
			continue;
		v = counts_bytes(x->range_agg.op) ? (double)line.n : 1;
		if (r->unwrap && !nv_unwrap(&p, l, &v))
			continue;
		leaf->v[leaf->n++] = (struct nv_point){ .ts_ns = e->ts_ns,
							.v = v,
							.labels = labels_of(ev, &g, l),
							.failed = l->error.n && !l->preserve,
							.stream = e->stream };
		if (l->has_details && (!l->error.n || l->preserve))
			ev->answer->unsure = true; /* the details of the error are labels too */
	}
	return leaf;
}

/* --- over the values of one series, by time -------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	if (isnan(x) || isnan(y))
		return isnan(y) - isnan(x);
	return (x > y) - (x < y);
}

static double quantile(struct arena *a, double q, const struct nv_point *v, size_t n)
{
	double *sorted = arena_alloc(a, n * sizeof(*sorted)), rank = q * (double)(n - 1);
	size_t low, high;

	if (q > 1)
		return INFINITY;
	for (size_t i = 0; i < n; i++)
		sorted[i] = v[i].v;
	qsort(sorted, n, sizeof(*sorted), by_value);
	low = (size_t)rank;
	high = low + 1 < n ? low + 1 : n - 1;
	return sorted[low] * (1 - (rank - (double)low)) + sorted[high] * (rank - (double)low);
}

static double variance(const struct nv_point *v, size_t n)
{
	double mean = 0, sum = 0;

	for (size_t i = 0; i < n; i++)
		mean += v[i].v;
	mean /= (double)n;
	for (size_t i = 0; i < n; i++)
		sum += (v[i].v - mean) * (v[i].v - mean);
	return sum / (double)n;
}

/* As Prometheus extrapolates a counter, but with the values' times in nanoseconds where it takes
 * them for milliseconds, and from the window's length before the first value. */
static double rate_counter(const struct nv_point *v, size_t n, double range_s)
{
	double gain, before = 0, length, mean, start = range_s;

	if (n < 2)
		return 0;
	gain = v[n - 1].v - v[0].v;
	for (size_t i = 0; i < n; i++) {
		if (v[i].v < before)
			gain += before;
		before = v[i].v;
	}
	length = (double)(v[n - 1].ts_ns - v[0].ts_ns) / 1000;
	mean = length / (double)(n - 1);
	if (gain > 0 && v[0].v >= 0 && length * (v[0].v / gain) < start)
		start = length * (v[0].v / gain);
	if (start >= mean * 1.1)
		start = mean / 2;
	return gain * ((length + start) / length) / range_s;
}

static double extreme(const struct nv_point *v, size_t n, double sign)
{
	double ret = v[0].v;

	for (size_t i = 1; i < n; i++)
		if (isnan(ret) || v[i].v * sign > ret * sign)
			ret = v[i].v;
	return ret;
}

/* Whether there are several ways to compute it, which round differently. */
static bool rounds(enum logql_range_op op)
{
	return op == LOGQL_AVG_OVER_TIME || op == LOGQL_STDVAR_OVER_TIME ||
	       op == LOGQL_STDDEV_OVER_TIME || op == LOGQL_QUANTILE_OVER_TIME;
}

static double over_time(struct nv_eval *ev, const struct logql_expr *x, const struct nv_point *v,
			size_t n)
{
	double range_s = (double)x->range_agg.range->range_ns / 1e9, sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += v[i].v;
	switch (x->range_agg.op) {
	case LOGQL_COUNT_OVER_TIME:
	case LOGQL_BYTES_OVER_TIME:
	case LOGQL_SUM_OVER_TIME:
		return sum;
	case LOGQL_RATE:
	case LOGQL_BYTES_RATE:
		return sum / range_s;
	case LOGQL_RATE_COUNTER:
		return rate_counter(v, n, range_s);
	case LOGQL_AVG_OVER_TIME:
		return sum / (double)n;
	case LOGQL_MIN_OVER_TIME:
		return extreme(v, n, -1);
	case LOGQL_MAX_OVER_TIME:
		return extreme(v, n, 1);
	case LOGQL_STDVAR_OVER_TIME:
		return variance(v, n);
	case LOGQL_STDDEV_OVER_TIME:
		return sqrt(variance(v, n));
	case LOGQL_QUANTILE_OVER_TIME:
		return quantile(ev->a, x->range_agg.param, v, n);
	case LOGQL_FIRST_OVER_TIME:
		return v[0].v;
	default:
		return v[n - 1].v;
	}
}

/* Of entries of one time the order is fixed only within a stream, and only where they lie in one
 * place. */
static bool order_matters(enum logql_range_op op, const struct nv_point *v, size_t n)
{
	if (op == LOGQL_FIRST_OVER_TIME)
		return n > 1 && v[0].ts_ns == v[1].ts_ns;
	if (op == LOGQL_LAST_OVER_TIME)
		return n > 1 && v[n - 1].ts_ns == v[n - 2].ts_ns;
	for (size_t i = 1; i < n && op == LOGQL_RATE_COUNTER; i++)
		if (v[i].ts_ns == v[i - 1].ts_ns)
			return true;
	return false;
}

static int by_labels_and_time(const void *a, const void *b)
{
	const struct nv_point *x = a, *y = b;
	int c = labels_cmp(&x->labels, &y->labels);

	return c ? c : (x->ts_ns > y->ts_ns) - (x->ts_ns < y->ts_ns);
}

/* --- absent ---------------------------------------------------------------------------------- */

/* 1, with the labels that the selector says a stream must have; a name with several matchers is
 * left out. */
static void absent(struct nv_eval *ev, const struct logql_log *log, struct nv_vector *ret)
{
	struct labels l = { 0 };

	for (size_t i = 0; i < log->n_matchers; i++) {
		const struct logql_matcher *m = &log->matchers[i];
		size_t n = 0;

		for (size_t k = 0; k < log->n_matchers; k++)
			n += bytes_eq(log->matchers[k].name, m->name);
		if (n > 1)
			ev->answer->unsure = true;
		if (m->op == MATCH_EQ)
			l = nv_with(ev->a, &l, m->name, m->value);
	}
	nv_push(ev->a, ret, l, 1);
}

struct nv_vector nv_range(struct nv_eval *ev, const struct logql_expr *x,
			  const struct logql_grouping *outer, const struct logql_range *common,
			  int64_t t)
{
	const struct logql_range *r = x->range_agg.range;
	const struct nv_leaf *leaf = leaf_of(ev, x, outer, common);
	struct nv_point *v = arena_alloc(ev->a, (leaf->n + 1) * sizeof(*v));
	struct nv_vector ret = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < leaf->n; i++)
		if (leaf->v[i].ts_ns > t - r->offset_ns - r->range_ns &&
		    leaf->v[i].ts_ns <= t - r->offset_ns)
			v[n++] = leaf->v[i];
	if (x->range_agg.op == LOGQL_ABSENT_OVER_TIME) {
		for (size_t i = 0; i < n; i++)
			ev->answer->failed = ev->answer->failed || v[i].failed;
		if (n == 0)
			absent(ev, r->log, &ret);
		return ret;
	}
	qsort(v, n, sizeof(*v), by_labels_and_time);
	for (size_t i = 0, k; i < n; i = k) {
		for (k = i; k < n && nv_same(&v[k].labels, &v[i].labels); k++)
			ev->answer->failed = ev->answer->failed || v[k].failed;
		if (order_matters(x->range_agg.op, v + i, k - i))
			ev->answer->unsure = true;
		ev->rounded = ev->rounded || (k - i > 1 && rounds(x->range_agg.op));
		nv_push(ev->a, &ret, v[i].labels, over_time(ev, x, v + i, k - i));
	}
	return ret;
}
