/*
 * When raw lines came: each block that was read has the time of its reading, and each byte in it a
 * nanosecond more than the one before, so that lines keep their order.
 */
#ifndef QUERY_RAW_ARRIVAL_H
#define QUERY_RAW_ARRIVAL_H

#include "entry/columns.h"

/* Of all files of a query: what is read later is later. {0} is a valid one. */
struct raw_clock {
	int64_t last; /* the latest time that was given */
};

/* Of one file. {0} is a valid empty one. Reading it is for any thread, while nothing is added. */
struct arrivals {
	struct arrival {
		uint64_t off; /* bytes from here to the next one's */
		int64_t ts_ns;
	} * v;
	size_t n, cap;
};

void arrivals_release(struct arrivals *a);

/* n bytes at off, behind those before, have just come: max(now, last + 1). */
void arrivals_add(struct arrivals *a, struct raw_clock *c, uint64_t off, uint64_t n);

/* The time of the byte at off, which has come and is not forgotten. */
int64_t arrivals_ts(const struct arrivals *a, uint64_t off);

/* Into ts the times of the lines of text that lies at off: those of their first bytes. */
void arrivals_of_lines(const struct arrivals *a, uint64_t off, const struct run *lines,
		       int64_t *ts);

/* Bytes before off are no longer asked for. */
void arrivals_forget(struct arrivals *a, uint64_t off);

#endif
