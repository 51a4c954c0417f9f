/* That a filter rules out no block for what it holds. For one thread. Format: lokid-chunk(5),
 * "FILTERS". */
#ifndef BLOOM_PROVE_H
#define BLOOM_PROVE_H

#include "bloom/bloom.h"

/* Scratch: kept between calls. {0} is a valid one. */
struct bloom_prover {
	struct gram_scratch scratch;
	struct gram_list values;
};

void bloom_prover_release(struct bloom_prover *p);

/*
 * Makes the values of a block's texts anew, those of each kind that its column has, and asks the
 * column for each. pages are all of the filter's, and right. Blocks without a column pass. Errors:
 * ERR_CORRUPT, the column lacks some.
 */
MUST_CHECK int bloom_prove(struct bloom_prover *p, const struct bloom *f, struct bytes pages,
			   uint64_t off, uint32_t block, struct bytes lines, struct bytes metadata,
			   struct err *e);

#endif
