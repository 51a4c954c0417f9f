/*
 * How long the entries of a stream are kept, by the limits of its tenant: exactly as Loki has it.
 * Of the rules of retention_stream whose selector fits that of the highest priority counts, among
 * equals the shortest period; without any retention_period, of which 0 is for ever.
 *
 * From the moment on which an entry is older than that it is expired: no query gives it, whether or
 * not it is still stored.
 */
#ifndef RETENTION_RETENTION_H
#define RETENTION_RETENTION_H

#include "limits/limits.h"

struct retention {
	int64_t period_ns;		       /* 0: for ever */
	const struct limits_stream_rule *rule; /* that says so; NULL: it is retention_period */
};

/* Of a stream with these labels of its own. Valid as long as the limits. For any thread. */
struct retention retention_of(const struct limits *l, const struct labels *stream);

/* The first timestamp that is kept of what has this period, at `now`: what is older by a nanosecond
 * is expired. INT64_MIN: all is kept. */
int64_t retention_cut(int64_t period_ns, int64_t now_ns);

/* The bounds of a tenant's cuts, whatever its streams: before *ret_first everything is expired,
 * from *ret_last on nothing. Both INT64_MIN: nothing ever expires. */
void retention_bounds(const struct limits *l, int64_t now_ns, int64_t *ret_first,
		      int64_t *ret_last);

/* Appends what says it, as it stands in the limits: "retention_period 30d",
 * "retention_stream {app=\"x\"} priority 1 period 2d". */
void retention_add_rule(struct buf *b, const struct retention *r);

#endif
