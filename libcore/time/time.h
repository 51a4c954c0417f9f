/* Times and durations as people and files write them. Time is int64_t Unix nanoseconds everywhere.
 */
#ifndef TIME_TIME_H
#define TIME_TIME_H

#include "base/buf.h"
#include "base/err.h"

#define NS_PER_S  INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_US INT64_C(1000)

enum { TIME_DAY_LEN = 10 }; /* "2026-01-15" */

/* Whether ts lies at or behind the end `to` of a range; INT64_MAX is no end, so that the last time
 * there is can be in one. */
static inline bool time_is_behind(int64_t ts, int64_t to)
{
	return ts >= to && to != INT64_MAX;
}

/* The wall clock. */
int64_t time_now_ns(void);
/* A clock that never goes back, for measuring. */
int64_t time_mono_ns(void);
/* Processor time that all threads of the process have used. */
int64_t time_cpu_ns(void);

/*
 * A duration: one or more of NUMBER UNIT, units ns us µs ms s m h d w y, in any order ("1h30m",
 * "1.5s"); a bare number is seconds; a sign in front is allowed. Errors: ERR_USAGE, what was found.
 */
MUST_CHECK int time_parse_duration(struct bytes text, int64_t *ret_ns, struct err *e);
/* The same of an age or a delay that somebody gives by hand: a number alone, which may have been
 * meant as days, is refused, but for 0. */
MUST_CHECK int time_parse_age(struct bytes text, int64_t *ret_ns, struct err *e);
/* As Go prints one: "1h30m0s", "1.5s", "250ms", "0s". */
void time_add_duration(struct buf *b, int64_t ns);

/*
 * A point in time: RFC 3339 ("2026-01-15T10:00:00Z", fraction and offset allowed, a blank for the
 * T), a day ("2026-01-15" = its midnight, UTC), Unix seconds (up to 10 digits, or with a fraction),
 * Unix nanoseconds (longer integers), "now", or a duration with a sign relative to now_ns ("-1h",
 * "now-1h"). Errors: ERR_USAGE; also 1900 to 2999, which looks like a year.
 */
MUST_CHECK int time_parse(struct bytes text, int64_t now_ns, int64_t *ret_ns, struct err *e);

/* Only RFC 3339, at the start of text: its length, or 0 when there is none. */
size_t time_scan_rfc3339(struct bytes text, int64_t *ret_ns);

/* RFC 3339 in UTC, with as many digits of the fraction as needed (0, 3, 6 or 9). */
void time_add_rfc3339(struct buf *b, int64_t ts_ns);

/* The UTC day that holds ts_ns: its number (days since 1970-01-01, floored), its text, and back. */
int32_t time_day(int64_t ts_ns);
void time_day_text(int32_t day, char ret[TIME_DAY_LEN + 1]);
bool time_day_parse(struct bytes text, int32_t *ret_day);
/* First nanosecond of a day; clipped to the range of int64_t. */
int64_t time_day_start(int32_t day);

#endif
