/* Services and the lines that they write, as CSV with a heading: service, lines_per_minute and
 * bytes_per_line. For one thread. */
#ifndef COST_SERVICES_H
#define COST_SERVICES_H

#include "base/arena.h"
#include "base/err.h"

enum { SERVICES_MAX = 100000 };

struct service {
	struct bytes name; /* in the arena */
	uint64_t lines;	   /* a minute */
	uint64_t day;	   /* bytes */
};

/* {0} is a valid empty one. */
struct services {
	uint64_t bytes_per_line; /* where there is no such column; 0: not known */
	struct service *v;
	size_t n, cap;
	struct service sum; /* of all; its bytes of 366 days fit in 63 bits */
	struct arena mem;
};
void services_release(struct services *s);

/*
 * Adds those of one file. Errors, "FILE:LINE: ...", after which *s is only to be released:
 * ERR_CORRUPT, what is no row of a service, or a column is missing, also when nothing else says how
 * long lines are; ERR_LIMIT.
 */
MUST_CHECK int services_add(struct services *s, struct bytes text, const char *file, struct err *e);

#endif
