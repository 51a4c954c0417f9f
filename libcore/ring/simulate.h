/* A ring that is nowhere: what one of this size would be like, and what it would lose. */
#ifndef RING_SIMULATE_H
#define RING_SIMULATE_H

#include "ring/report.h"

struct ring_simulate_ask {
	size_t nodes, zones; /* zones 0: without zone awareness */
	unsigned replication, tokens;
	size_t streams;		/* so many are placed; 0: none */
	size_t fail_nodes;	/* so many fail at once, chosen by seed, */
	struct bytes fail_zone; /* or all of this zone; empty: none */
	uint64_t seed;
};

/* "nodes=3" or "zone=b". Errors: ERR_USAGE. */
MUST_CHECK int ring_simulate_read_fail(struct bytes text, struct ring_simulate_ask *ret,
				       struct err *e);

/* Tells of it in that format; its last line has spread, movement and owners per range. Errors:
 * ERR_USAGE, it cannot be (more zones than nodes); ERR_LIMIT, more than ten million tokens; ERR_NO,
 * after it was told: insufficient zone diversity, too few for a quorum, or positions that cannot be
 * written after the failure. */
MUST_CHECK int ring_simulate(const struct ring_simulate_ask *a, enum ring_format format,
			     struct buf *out, struct err *e);

#endif
