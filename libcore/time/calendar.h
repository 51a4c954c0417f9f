/* Days and dates of the proleptic Gregorian calendar. */
#ifndef TIME_CALENDAR_H
#define TIME_CALENDAR_H

#include <stdint.h>

enum { S_PER_DAY = 86400 };

int64_t time_floor_div(int64_t a, int64_t b);

/* Days since 1970-01-01; m and d from 1. */
int64_t time_days_of_date(int64_t y, int m, int d);
void time_date_of_days(int64_t days, int64_t *ret_y, int *ret_m, int *ret_d);
int time_days_in(int64_t y, int m);

#endif
