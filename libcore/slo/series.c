#include "slo/series.h"

#include <stdlib.h>

#include "base/mem.h"

enum { TOLERANCE = 20 }; /* a twentieth */

void slo_series_release(struct slo_series *s)
{
	free(s->v);
	*s = (struct slo_series){ 0 };
}

void slo_series_add(struct slo_series *s, int64_t from_ns, int64_t end_ns,
		    const struct slo_counts *c)
{
	mem_grow(&s->v, &s->cap, s->n + 1, sizeof(*s->v));
	s->v[s->n++] = (struct slo_point){ from_ns, *c };
	s->end_ns = end_ns;
}

int64_t slo_series_border(const struct slo_series *s, size_t i)
{
	return i < s->n ? s->v[i].from_ns : s->end_ns;
}

size_t slo_series_find(const struct slo_series *s, int64_t ns)
{
	size_t low = 0, high = s->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (s->v[mid].from_ns < ns)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

int64_t slo_series_now(const struct slo_series *s, int64_t ns)
{
	int64_t length = s->end_ns - s->v[s->n - 1].from_ns;

	if (ns < s->v[0].from_ns)
		return ns;
	if (ns >= s->end_ns)
		return ns - (ns - s->end_ns) % length;
	if (s->end_ns - ns <= length / TOLERANCE)
		return ns;
	return s->v[slo_series_find(s, ns + 1) - 1].from_ns;
}

/* How far a is from b, which is not before, is little of a window. */
static bool is_near(int64_t a, int64_t b, int64_t window_ns)
{
	return ((num_wide)b - a) * TOLERANCE <= window_ns;
}

bool slo_series_begin(const struct slo_series *s, int64_t ns, int64_t window_ns, size_t *ret_first)
{
	size_t next = slo_series_find(s, ns);
	int64_t before, after = slo_series_border(s, next);

	*ret_first = next;
	if (next == 0 || ns >= after)
		return true;
	before = s->v[next - 1].from_ns;
	if (ns - before < after - ns && is_near(before, ns, window_ns)) {
		*ret_first = next - 1;
		return true;
	}
	return is_near(ns, after, window_ns) || s->v[next - 1].counts.total.units == 0;
}

bool slo_series_within(const struct slo_series *s, int64_t from_ns, int64_t to_ns,
		       size_t *ret_first, size_t *ret_last)
{
	*ret_last = slo_series_find(s, to_ns);
	return slo_series_begin(s, from_ns, to_ns - from_ns, ret_first);
}

int slo_series_sum(const struct slo_series *s, size_t first, size_t last, struct slo_counts *ret,
		   struct err *e)
{
	*ret = (struct slo_counts){ 0 };
	for (size_t i = first; i < last; i++)
		if (slo_counts_add(ret, &s->v[i].counts, e) < 0)
			return -1;
	return 0;
}
