/*
 * Records that stand twice: what each one is known by, as a hash of 128 bits, with the place where
 * it stands. Memory is bounded, however often one id stands; what there is more lies in one
 * temporary file without a name. For one thread.
 */
#ifndef COST_TWICE_H
#define COST_TWICE_H

#include "base/err.h"
#include "base/hash.h"

enum { COST_TWICE_TOLD = 10 };

struct cost_twice;

/* A record: the number of its file, in any order of the caller's, and its line. */
struct cost_where {
	uint32_t file; /* below 2^24 */
	uint64_t line; /* below 2^40 */
};

struct cost_twice *cost_twice_new(void);
void cost_twice_free(struct cost_twice *t); /* NULL is fine */

/* In the order of the records. Errors: ERR_FULL, ERR_IO, of the temporary file. */
MUST_CHECK int cost_twice_add(struct cost_twice *t, struct hash128 id, struct cost_where at,
			      struct err *e);

/*
 * Calls found for records that stand behind one with the same id, with that one; in no order. Of
 * one id these are the first COST_TWICE_TOLD at least; further ones may be counted alone. Nothing
 * can be added any more. Returns how many stand so in all, or -1. Errors: ERR_IO.
 */
MUST_CHECK int64_t cost_twice_each(struct cost_twice *t,
				   void (*found)(void *data, struct cost_where at,
						 struct cost_where first),
				   void *data, struct err *e);

#endif
