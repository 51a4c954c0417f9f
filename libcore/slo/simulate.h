/* What alerts do, and what becomes of the budget, while errors come and go. */
#ifndef SLO_SIMULATE_H
#define SLO_SIMULATE_H

#include "slo/alert.h"
#include "slo/series.h"

struct slo_simulation {
	const struct slo_series *series;
	struct exact target;
	int64_t period_ns; /* of a rolling window */
	const struct slo_alerts *alerts;
	size_t every; /* each so many intervals, and at the end, SLO_SAMPLE is told; 0: never */
	int64_t steady_ns; /* not 0: intervals are that long, windows are multiples of it, and
			      before the series there were as many events as in its first interval,
			      all good */
};

enum slo_event_kind {
	SLO_FIRES,     /* an alert */
	SLO_RESETS,    /* it holds no more */
	SLO_GONE,      /* nothing is left of the budget */
	SLO_RECOVERED, /* something is left again */
	SLO_SAMPLE,    /* of .every */
	SLO_END,
};

struct slo_event {
	enum slo_event_kind kind;
	int64_t at_ns;		       /* the end of an interval */
	const struct slo_alert *alert; /* of the first two */
	struct ratio remaining;
};

typedef int slo_event_fn(void *data, const struct slo_event *ev, struct err *e);

/*
 * Calls each for what happens, in its order, and at the end. An alert of whose windows one cuts an
 * interval (slo_series_begin) stays as it was. Errors: ERR_LIMIT, numbers of too many digits;
 * ERR_USAGE, the period cuts an interval; those of each.
 */
MUST_CHECK int slo_simulate(const struct slo_simulation *s, slo_event_fn *each, void *data,
			    struct err *e);

/* Whether a window that ends at a border ever begins at one; also when the series is shorter. */
bool slo_simulation_has(const struct slo_simulation *s, int64_t window_ns);

/*
 * "6h:0,30m:2%,1h:0": a series of these phases, from time 0, of one event in each interval.
 * Errors: ERR_USAGE, what was expected; ERR_LIMIT, more than SLO_SERIES_MAX intervals.
 */
MUST_CHECK int slo_phases_read(struct bytes text, int64_t step_ns, struct slo_series *ret,
			       struct err *e);

#endif
