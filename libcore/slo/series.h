/* Counts over time. */
#ifndef SLO_SERIES_H
#define SLO_SERIES_H

#include "slo/counts.h"

/* Counts of intervals of the same length, one behind the other, without gaps. {0} is a valid empty
 * one. */
struct slo_series {
	int64_t from_ns, step_ns;
	size_t n;
	struct slo_counts *v; /* owned */
};

enum { SLO_SERIES_MAX = 1000000 };

/* The last border of intervals of that length, one of which begins at from, that is not after ns.
 */
int64_t slo_border(int64_t from_ns, int64_t step_ns, int64_t ns);

/* Whether ns lies inside of an interval that has counts. */
bool slo_series_cuts(const struct slo_series *s, int64_t ns);

void slo_series_release(struct slo_series *s);

/* The sum of the intervals that lie in [from, to) as a whole. Errors: ERR_LIMIT. */
MUST_CHECK int slo_series_sum(const struct slo_series *s, int64_t from_ns, int64_t to_ns,
			      struct slo_counts *ret, struct err *e);

#endif
