/*
 * Times with a zone, written and read by a layout as Go's package time has it: the layout shows how
 * the moment Mon Jan 2 15:04:05.000 MST 2006 would look.
 */
#ifndef TIME_LAYOUT_H
#define TIME_LAYOUT_H

#include "base/buf.h"
#include "time/time.h"
#include "time/zone.h"

/* A moment, further away than nanoseconds in 64 bits can say, and the zone to show it in. */
struct time_at {
	int64_t s; /* since 1970 */
	int32_t ns;
	const struct time_zone *zone; /* NULL: UTC; else it must outlive this */
	bool is_fixed;		      /* instead of zone only an offset, and what it is called */
	int32_t fixed_east;
	char fixed_name[8];
};

/* The first moment of year 1, which stands for "no time". */
#define TIME_ZERO ((struct time_at){ .s = INT64_C(-62135596800) })

static inline struct time_at time_at_ns(int64_t ts_ns)
{
	struct time_at t = { .s = ts_ns / NS_PER_S, .ns = (int32_t)(ts_ns % NS_PER_S) };

	if (t.ns < 0) {
		t.ns += (int32_t)NS_PER_S;
		t.s--;
	}
	return t;
}

struct time_parts {
	int64_t year;
	int month, day; /* from 1 */
	int hour, minute, second;
	int ns;
	int weekday;			 /* 0 is Sunday */
	int yearday;			 /* from 1 */
	int32_t east;			 /* seconds east of UTC */
	char zone[TIME_ZONE_ABBREV_MAX]; /* its abbreviation, or "" */
};

void time_split(const struct time_at *t, struct time_parts *ret);

const char *time_month_name(int month);
const char *time_weekday_name(int weekday);

void time_format(struct buf *out, const struct time_at *t, struct bytes layout);

/* False, with *ret untouched, when text is not of this layout. What the text does not say is taken
 * as UTC of `zone` (NULL: UTC). */
bool time_read(struct bytes layout, struct bytes text, const struct time_zone *zone,
	       struct time_at *ret);

#endif
