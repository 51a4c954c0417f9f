#include "query/samples_order.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

/* --- by time --------------------------------------------------------------------------------- */

enum { RUN_MIN = 16 }; /* shorter runs are made as long by insertion */

/* Where the run that begins at `at` ends. */
static size_t end_of_run(struct sample *v, size_t n, size_t at)
{
	size_t end = at + 1, least = n - at < RUN_MIN ? n : at + RUN_MIN;

	while (end < n && v[end - 1].ts <= v[end].ts)
		end++;
	for (; end < least; end++) {
		struct sample x = v[end];
		size_t i = end;

		for (; i > at && v[i - 1].ts > x.ts; i--)
			v[i] = v[i - 1];
		v[i] = x;
	}
	return end;
}

/* Of equal ones that of a is first. */
static void merge(const struct sample *a, const struct sample *a_end, const struct sample *b,
		  const struct sample *b_end, struct sample *to)
{
	while (a < a_end && b < b_end)
		*to++ = b->ts < a->ts ? *b++ : *a++;
	while (a < a_end)
		*to++ = *a++;
	while (b < b_end)
		*to++ = *b++;
}

void samples_sort(struct sample *v, size_t n)
{
	size_t *end, n_runs = 0, at;
	struct sample *from = v, *to, *other;

	if (n == 0 || (at = end_of_run(v, n, 0)) == n)
		return;
	end = mem_alloc((n / RUN_MIN + 2) * sizeof(*end)); /* of runs */
	for (end[n_runs++] = at; at < n; end[n_runs++] = at)
		at = end_of_run(v, n, at);
	to = other = mem_alloc(n * sizeof(*other));
	while (n_runs > 1) {
		size_t left = 0, begin = 0;

		for (size_t i = 0; i < n_runs; i += 2) {
			size_t mid = end[i], last = i + 1 < n_runs ? end[i + 1] : mid;

			merge(from + begin, from + mid, from + mid, from + last, to + begin);
			begin = end[left++] = last;
		}
		n_runs = left;
		to = from;
		from = from == v ? other : v;
	}
	if (from != v)
		memcpy(v, from, n * sizeof(*v));
	free(end);
	free(other);
}

/* --- by value -------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	if (isnan(x) || isnan(y)) /* lowest */
		return !!isnan(y) - !!isnan(x);
	return (x > y) - (x < y);
}

static void swap(double *a, double *b)
{
	double x = *a;

	*a = *b;
	*b = x;
}

/* Makes v[k] what it would be if v[lo..hi] were sorted, and what lies behind it no less. There is
 * no NaN among them. */
static void select_nth(double *v, size_t lo, size_t hi, size_t k)
{
	for (int turns = 0; lo < hi; turns++) {
		size_t i = lo, j = hi, mid = lo + (hi - lo) / 2;
		double pivot;

		if (turns == 64) { /* that was bad luck, or meant */
			qsort(v + lo, hi - lo + 1, sizeof(*v), by_value);
			return;
		}
		if (v[mid] < v[lo])
			swap(&v[mid], &v[lo]);
		if (v[hi] < v[lo])
			swap(&v[hi], &v[lo]);
		if (v[hi] < v[mid])
			swap(&v[hi], &v[mid]);
		pivot = v[mid];
		for (;;) {
			while (v[i] < pivot)
				i++;
			while (pivot < v[j])
				j--;
			if (i >= j)
				break;
			swap(&v[i++], &v[j--]);
		}
		/* v[lo..j] <= pivot <= v[j + 1..hi] */
		if (k <= j)
			hi = j;
		else
			lo = j + 1;
	}
}

/* The values of v, NaN first; *ret_nan is how many of these there are. */
static double *copy_values(const struct sample *v, size_t n, size_t *ret_nan)
{
	double *ret = mem_alloc(n * sizeof(*ret));
	size_t n_nan = 0;

	for (size_t i = 0; i < n; i++) {
		ret[i] = v[i].v;
		if (isnan(ret[i]))
			swap(&ret[n_nan++], &ret[i]);
	}
	*ret_nan = n_nan;
	return ret;
}

/* Both zeros are equal, so which one has a rank is told by the order that they came in. */
static void sort_if_zeros_differ(double *sorted, const struct sample *v, size_t n)
{
	bool differ = false;

	for (size_t i = 0; i < n; i++)
		differ |= v[i].v == 0 && signbit(v[i].v);
	for (size_t i = 0; i < n && differ; i++)
		sorted[i] = v[i].v;
	if (differ)
		qsort(sorted, n, sizeof(*sorted), by_value);
}

double samples_quantile(double q, const struct sample *v, size_t n)
{
	double *sorted, rank, low, weight, ret;
	size_t n_nan, k, next;

	if (q > 1)
		return INFINITY;
	sorted = copy_values(v, n, &n_nan);
	rank = q * (double)(n - 1);
	low = floor(rank);
	weight = rank - low;
	k = (size_t)low;
	next = (size_t)fmin(low + 1, (double)(n - 1));
	if (k >= n_nan) {
		select_nth(sorted, n_nan, n - 1, k);
		for (size_t i = next + 1; i < n; i++)
			if (sorted[i] < sorted[next])
				swap(&sorted[i], &sorted[next]);
		if (sorted[k] == 0 && sorted[next] == 0)
			sort_if_zeros_differ(sorted, v, n);
	}
	ret = sorted[k] * (1 - weight) + sorted[next] * weight;
	free(sorted);
	return ret;
}
