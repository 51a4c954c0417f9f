/*
 * The time that an objective is kept over: a rolling window that ends now, or the calendar's week,
 * month, quarter or year, in a time zone.
 */
#ifndef SLO_PERIOD_H
#define SLO_PERIOD_H

#include "time/time.h"
#include "time/zone.h"

enum slo_period_kind { SLO_ROLLING, SLO_WEEK, SLO_MONTH, SLO_QUARTER, SLO_YEAR };

struct slo_period {
	enum slo_period_kind kind;
	int64_t length_ns;	      /* of SLO_ROLLING: 1 s and above */
	const struct time_zone *zone; /* of the others; NULL: UTC */
};

/* from <= t < to */
struct slo_span {
	int64_t from, to;
};

/* "30d", or "week", "month", "quarter", "year", also with "calendar-" in front; .zone is left as it
 * is. Errors: ERR_USAGE. */
MUST_CHECK int slo_period_read(struct bytes text, struct slo_period *ret, struct err *e);
/* "30d", "month" */
void slo_period_add(struct buf *b, const struct slo_period *p);

/* The span that holds now; of SLO_ROLLING it ends there. */
struct slo_span slo_period_at(const struct slo_period *p, int64_t now_ns);

/* The length of a rolling window, or of the longest of its kind. */
int64_t slo_period_longest(const struct slo_period *p);

/* A window's length: whole seconds, 1 s to ten years. Errors: ERR_USAGE. */
MUST_CHECK int slo_window_read(struct bytes text, int64_t *ret_ns, struct err *e);

/* A duration of whole seconds as Prometheus reads it: "30d", "1h30m", "0s"; what is left over of a
 * second is dropped. */
void slo_duration_add(struct buf *b, int64_t ns);

/* A time as time_parse reads it; but Unix milliseconds, which would be nanoseconds of 1970, are
 * refused. Errors: ERR_USAGE. */
MUST_CHECK int slo_time_read(struct bytes text, int64_t now_ns, int64_t *ret_ns, struct err *e);

#endif
