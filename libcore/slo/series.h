/* Counts over time. */
#ifndef SLO_SERIES_H
#define SLO_SERIES_H

#include "slo/counts.h"

struct slo_point {
	size_t at; /* which interval */
	struct slo_counts counts;
};

/* Intervals of the same length, one behind the other, and the counts of those that have some: these
 * may be few and far apart. {0} is a valid empty one. */
struct slo_series {
	int64_t from_ns, step_ns;
	size_t n;	     /* intervals */
	struct slo_point *v; /* owned; in order, each interval once */
	size_t n_points;
	size_t cap; /* private */
};

enum { SLO_SERIES_MAX = 1000000 };

void slo_series_release(struct slo_series *s);

/* The counts of an interval behind those that have some; the last one there is, if it is not
 * before. */
void slo_series_add(struct slo_series *s, size_t at, const struct slo_counts *c);

/* Where the last interval ends. */
int64_t slo_series_end(const struct slo_series *s);

/* The last border of intervals of that length, one of which begins at from, that is not after ns.
 */
int64_t slo_border(int64_t from_ns, int64_t step_ns, int64_t ns);

/* Whether ns lies inside of an interval that has counts. */
bool slo_series_cuts(const struct slo_series *s, int64_t ns);

/* The intervals that lie in [from, to) as a whole: from the first one to before the last. */
void slo_series_within(const struct slo_series *s, int64_t from_ns, int64_t to_ns,
		       size_t *ret_first, size_t *ret_last);

/* The first point of that interval or a later one, or n_points. */
size_t slo_series_find(const struct slo_series *s, size_t at);

/* The sum of the intervals that lie in [from, to) as a whole. Errors: ERR_LIMIT. */
MUST_CHECK int slo_series_sum(const struct slo_series *s, int64_t from_ns, int64_t to_ns,
			      struct slo_counts *ret, struct err *e);

#endif
