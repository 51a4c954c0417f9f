#include "slo/series.h"

#include <stdlib.h>

void slo_series_release(struct slo_series *s)
{
	free(s->v);
	*s = (struct slo_series){ 0 };
}

int64_t slo_border(int64_t from_ns, int64_t step_ns, int64_t ns)
{
	int64_t over = (ns - from_ns) % step_ns;

	return ns - over - (over < 0 ? step_ns : 0);
}

bool slo_series_cuts(const struct slo_series *s, int64_t ns)
{
	int64_t at;

	if (s->n == 0 || ns <= s->from_ns || ns >= s->from_ns + (int64_t)s->n * s->step_ns)
		return false;
	at = slo_border(s->from_ns, s->step_ns, ns);
	return at != ns && s->v[(at - s->from_ns) / s->step_ns].total.units != 0;
}

int slo_series_sum(const struct slo_series *s, int64_t from_ns, int64_t to_ns,
		   struct slo_counts *ret, struct err *e)
{
	*ret = (struct slo_counts){ 0 };
	for (size_t i = 0; i < s->n; i++) {
		int64_t at = s->from_ns + (int64_t)i * s->step_ns;

		if (at >= from_ns && at + s->step_ns <= to_ns &&
		    slo_counts_add(ret, &s->v[i], e) < 0)
			return -1;
	}
	return 0;
}
