/* The time of a raw line, from its text or from one of its fields. */
#ifndef QUERY_RAW_TIME_H
#define QUERY_RAW_TIME_H

#include "base/bytes.h"

/*
 * The first time in the line's first 256 bytes: RFC 3339 (also with a blank, without zone = UTC,
 * with a comma before the fraction, with slashes in the date), as web servers write it
 * (15/Jan/2026:10:00:03 +0100; Thu Jan 15 10:00:03.123 2026), as syslog does (Jan 15 10:00:03, of
 * the year that makes it at most a day later than now), or a number of 10 to 19 digits at its start
 * (seconds, ms, us or ns by their count). False when there is none.
 */
bool raw_time_of_line(struct bytes line, int64_t now_ns, int64_t *ret_ns);

/* The value of the top field `name` of a line of JSON or logfmt, in one of the same forms. */
bool raw_time_of_field(struct bytes line, struct bytes name, int64_t *ret_ns);

#endif
