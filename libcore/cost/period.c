#include "cost/period.h"

#include <stdio.h>

#include "time/calendar.h"

enum { DAYS_PER_WEEK = 7, THURSDAY = 3 };

const char *period_name(enum period p)
{
	static const char *const names[] = { "day", "week", "month", "total" };

	return names[p];
}

const char *period_adverb(enum period p)
{
	static const char *const names[] = { "daily", "weekly", "monthly", "total" };

	return names[p];
}

/* 1970-01-01 was a Thursday. */
static int32_t monday_of(int32_t day)
{
	return (int32_t)(time_floor_div(day + THURSDAY, DAYS_PER_WEEK) * DAYS_PER_WEEK - THURSDAY);
}

int32_t period_start(enum period p, int32_t day)
{
	int64_t y;
	int m, d;

	if (p == PERIOD_DAY)
		return day;
	if (p == PERIOD_WEEK)
		return monday_of(day);
	if (p == PERIOD_ALL)
		return 0;
	time_date_of_days(day, &y, &m, &d);
	return day - (d - 1);
}

int32_t period_next(enum period p, int32_t start)
{
	int64_t y;
	int m, d;

	if (p != PERIOD_MONTH)
		return start + (p == PERIOD_DAY ? 1 : DAYS_PER_WEEK);
	time_date_of_days(start, &y, &m, &d);
	return start + time_days_in(y, m);
}

void period_text(enum period p, int32_t start, char ret[PERIOD_TEXT])
{
	int64_t y;
	int m, d;

	if (p == PERIOD_ALL) {
		snprintf(ret, PERIOD_TEXT, "total");
		return;
	}
	time_date_of_days(p == PERIOD_WEEK ? start + THURSDAY : start, &y, &m, &d);
	if (p == PERIOD_DAY)
		snprintf(ret, PERIOD_TEXT, "%04d-%02d-%02d", (int)y, m, d);
	else if (p == PERIOD_MONTH)
		snprintf(ret, PERIOD_TEXT, "%04d-%02d", (int)y, m);
	else
		snprintf(ret, PERIOD_TEXT, "%04d-W%02d", (int)y,
			 (int)(start + THURSDAY - time_days_of_date(y, 1, 1)) / DAYS_PER_WEEK + 1);
}
