#include "slo/series.h"

#include <stdlib.h>

#include "base/mem.h"

void slo_series_release(struct slo_series *s)
{
	free(s->v);
	*s = (struct slo_series){ 0 };
}

void slo_series_add(struct slo_series *s, size_t at, const struct slo_counts *c)
{
	mem_grow(&s->v, &s->cap, s->n_points + 1, sizeof(*s->v));
	s->v[s->n_points++] = (struct slo_point){ at, *c };
	if (s->n <= at)
		s->n = at + 1;
}

int64_t slo_series_end(const struct slo_series *s)
{
	return s->from_ns + (int64_t)s->n * s->step_ns;
}

int64_t slo_border(int64_t from_ns, int64_t step_ns, int64_t ns)
{
	int64_t over = (ns - from_ns) % step_ns;

	return ns - over - (over < 0 ? step_ns : 0);
}

size_t slo_series_find(const struct slo_series *s, size_t at)
{
	size_t low = 0, high = s->n_points;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (s->v[mid].at < at)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

bool slo_series_cuts(const struct slo_series *s, int64_t ns)
{
	size_t at, i;

	if (s->n == 0 || ns <= s->from_ns || ns >= slo_series_end(s) ||
	    (ns - s->from_ns) % s->step_ns == 0)
		return false;
	at = (size_t)((ns - s->from_ns) / s->step_ns);
	i = slo_series_find(s, at);
	return i < s->n_points && s->v[i].at == at && s->v[i].counts.total.units != 0;
}

void slo_series_within(const struct slo_series *s, int64_t from_ns, int64_t to_ns,
		       size_t *ret_first, size_t *ret_last)
{
	size_t first = s->n, last = s->n;

	if (from_ns <= s->from_ns)
		first = 0;
	else if (from_ns < slo_series_end(s))
		first = (size_t)((from_ns - s->from_ns + s->step_ns - 1) / s->step_ns);
	if (to_ns <= s->from_ns)
		last = 0;
	else if (to_ns < slo_series_end(s))
		last = (size_t)((to_ns - s->from_ns) / s->step_ns);
	*ret_first = first;
	*ret_last = last < first ? first : last;
}

int slo_series_sum(const struct slo_series *s, int64_t from_ns, int64_t to_ns,
		   struct slo_counts *ret, struct err *e)
{
	size_t first, last;

	*ret = (struct slo_counts){ 0 };
	slo_series_within(s, from_ns, to_ns, &first, &last);
	for (size_t i = slo_series_find(s, first); i < s->n_points && s->v[i].at < last; i++)
		if (slo_counts_add(ret, &s->v[i].counts, e) < 0)
			return -1;
	return 0;
}
