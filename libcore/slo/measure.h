/* Counts of an objective, by its queries. */
#ifndef SLO_MEASURE_H
#define SLO_MEASURE_H

#include "slo/series.h"
#include "slo/source.h"
#include "slo/state.h"

/*
 * Asks for the counts of the period and of all windows of the alerts. s is as slo_state_init left
 * it; it is not settled. Errors: those of the source; ERR_CORRUPT, counts that cannot be, with the
 * window.
 */
MUST_CHECK int slo_measure(const struct slo_source *from, const struct slo_alerts *a,
			   struct slo_state *s, struct err *e);

/* The counts of the last window_ns before a time. Errors: the same. */
MUST_CHECK int slo_measure_counts(const struct slo_source *from, const struct slo *o,
				  int64_t window_ns, int64_t at_ns, struct slo_counts *ret,
				  struct err *e);

/* Those of intervals that end at these times. Errors: the same. */
MUST_CHECK int slo_measure_series(const struct slo_source *from, const struct slo *o,
				  const struct slo_times *at, struct slo_series *ret,
				  struct err *e);

#endif
