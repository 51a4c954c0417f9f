/* How many requests programs made of a store, as --store-stats of each says at its end. */
#ifndef COST_REQUESTS_H
#define COST_REQUESTS_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

/* As object stores price them. */
struct requests {
	uint64_t puts;	/* and lists */
	uint64_t gets;	/* and heads; deletions are free */
	uint64_t lines; /* that said so */
};

/*
 * Adds what the lines of a log say, "chunkpack: 3 PUT, 2 GET, 1 LIST, 0 HEAD, 0 DELETE; ...". Other
 * lines are stepped over. Errors: ERR_CORRUPT, "FILE:LINE: ...", no line says any; ERR_LIMIT.
 */
MUST_CHECK int requests_add(struct requests *r, struct bytes text, const char *file, struct err *e);

#endif
