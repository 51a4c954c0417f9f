/* The periods of reports: days, ISO weeks (ISO 8601: Monday to Sunday, a week is of the year that
 * has its Thursday), months, and all time. Each is named by its first day, as days since
 * 1970-01-01; of all time that is 0. */
#ifndef COST_PERIOD_H
#define COST_PERIOD_H

#include <stdint.h>

enum period { PERIOD_DAY, PERIOD_WEEK, PERIOD_MONTH, PERIOD_ALL };

/* Of those that all reports have. */
enum { PERIODS = PERIOD_ALL };

enum { PERIOD_TEXT = 32 };

/* "day", "week", "month", "total"; "daily", "weekly", "monthly", "total". */
const char *period_name(enum period p);
const char *period_adverb(enum period p);

/* The first day of the period that has this day, and of the period behind it, which all time has
 * not. */
int32_t period_start(enum period p, int32_t day);
int32_t period_next(enum period p, int32_t start);

/* "2024-01-15", "2024-W03", "2024-01", "total". */
void period_text(enum period p, int32_t start, char ret[PERIOD_TEXT]);

#endif
