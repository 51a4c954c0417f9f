#include "query/samples.h"

#include <math.h>

#include "base/mem.h"
#include "base/num.h"
#include "query/samples_order.h"

void samples_release(struct samples *s, struct range_memory *m)
{
	range_memory_give(m, s->cap * sizeof(*s->v));
	free(s->v);
	*s = (struct samples){ 0 };
}

int samples_add(struct samples *s, struct sample v, struct range_memory *m, struct err *e)
{
	size_t old = s->cap;

	if (s->n == s->cap) {
		if (range_memory_take(m, (old ? 2 * old : 16) * sizeof(v), e) < 0)
			return -1;
		mem_grow(&s->v, &s->cap, s->n + 1, sizeof(v));
		range_memory_give(m, old * sizeof(v));
	}
	s->v[s->n++] = v;
	return 0;
}

int samples_move(struct samples *to, struct samples *from, struct range_memory *m, struct err *e)
{
	if (to->n == 0) {
		samples_release(to, m);
		*to = *from;
		*from = (struct samples){ 0 };
		return 0;
	}
	for (size_t i = 0; i < from->n; i++)
		if (samples_add(to, from->v[i], m, e) < 0)
			return -1;
	samples_release(from, m);
	return 0;
}

/* The increase of a counter that may begin again at 0, for each second. As Loki computes it, where
 * times are taken for milliseconds that are nanoseconds, so that next to nothing is added for the
 * window's ends. */
static double rate_counter(const struct sample *v, size_t n, int64_t range_ns)
{
	int64_t range_ms = range_ns / 1000000;
	double increase, last = 0, interval, mean, to_start = (double)range_ms / 1000, length;

	if (n < 2)
		return 0;
	increase = v[n - 1].v - v[0].v;
	for (size_t i = 0; i < n; i++) {
		if (v[i].v < last)
			increase += last;
		last = v[i].v;
	}
	interval = (double)(v[n - 1].ts - v[0].ts) / 1000;
	mean = interval / (double)(n - 1);
	if (increase > 0 && v[0].v >= 0)
		to_start = fmin(to_start, interval * (v[0].v / increase));
	length = interval + (to_start < mean * 1.1 ? to_start : mean / 2);
	return increase * (length / interval) / ((double)range_ns / 1e9);
}

/* An infinite mean stays what it is, unless a value of the other sign or one that is no number
 * comes. */
static double average(const struct sample *v, size_t n)
{
	double mean = 0;

	for (size_t i = 0; i < n; i++) {
		double count = (double)(i + 1);
		bool stays = isinf(mean) && !isnan(v[i].v) &&
			     (!isinf(v[i].v) || (mean > 0) == (v[i].v > 0));

		if (!stays)
			mean += v[i].v / count - mean / count;
	}
	return mean;
}

static double moments(enum logql_range_op op, const struct sample *v, size_t n)
{
	double mean = 0, sum = 0;

	for (size_t i = 0; i < n; i++) {
		double delta = v[i].v - mean;

		mean += delta / (double)(i + 1);
		sum += delta * (v[i].v - mean);
	}
	return op == LOGQL_STDVAR_OVER_TIME ? sum / (double)n : sqrt(sum / (double)n);
}

static double extreme(enum logql_range_op op, const struct sample *v, size_t n)
{
	double ret = v[0].v;

	for (size_t i = 1; i < n; i++)
		if (isnan(ret) || (op == LOGQL_MIN_OVER_TIME ? v[i].v < ret : v[i].v > ret))
			ret = v[i].v;
	return ret;
}

static double sum(const struct sample *v, size_t n)
{
	double ret = 0;

	for (size_t i = 0; i < n; i++)
		ret += v[i].v;
	return ret;
}

static double eval(const struct sample_func *f, const struct sample *v, size_t n)
{
	switch (f->op) {
	case LOGQL_SUM_OVER_TIME:
		return sum(v, n);
	case LOGQL_RATE:
		return sum(v, n) / ((double)f->range_ns / 1e9);
	case LOGQL_RATE_COUNTER:
		return rate_counter(v, n, f->range_ns);
	case LOGQL_MIN_OVER_TIME:
	case LOGQL_MAX_OVER_TIME:
		return extreme(f->op, v, n);
	case LOGQL_QUANTILE_OVER_TIME:
		return samples_quantile(f->param, v, n);
	case LOGQL_AVG_OVER_TIME:
		return average(v, n);
	case LOGQL_FIRST_OVER_TIME:
		return v[0].v;
	case LOGQL_LAST_OVER_TIME:
		return v[n - 1].v;
	case LOGQL_ABSENT_OVER_TIME:
		return 1;
	default:
		return moments(f->op, v, n);
	}
}

void samples_eval(const struct sample_func *f, struct samples *s, int64_t start_ns, int64_t step_ns,
		  size_t n, struct series *out)
{
	size_t lo = 0, hi = 0;

	samples_sort(s->v, s->n);
	for (size_t i = 0; i < n; i++) {
		num_wide end = (num_wide)i * step_ns + start_ns - f->offset_ns;

		while (hi < s->n && s->v[hi].ts <= end)
			hi++;
		while (lo < hi && s->v[lo].ts <= end - f->range_ns)
			lo++;
		out->has[i] = hi > lo;
		out->v[i] = hi > lo ? eval(f, s->v + lo, hi - lo) : 0;
	}
}
