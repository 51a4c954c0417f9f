/* Why an instance owns a position, or does not: the walk of ring/view.h, told step by step. */
#ifndef RING_EXPLAIN_H
#define RING_EXPLAIN_H

#include "ring/view.h"

enum ring_verdict {
	RING_OWNS,	  /* writes go there, and reads */
	RING_READ_ONLY,	  /* it may hold what was written: reads go there, writes pass it over */
	RING_WRONG_STATE, /* it takes neither */
	RING_NO_BEAT,	  /* UNHEALTHY */
	RING_ZONE_TAKEN,  /* its zone has an owner, and another zone has none yet */
};

struct ring_step {
	uint32_t who;
	uint32_t token; /* at which it was met first */
	enum ring_verdict verdict;
	uint32_t rival; /* RING_ZONE_TAKEN: the owner of its zone */
	bool in_loki;	/* one of the set that Loki's distributor forms */
};

/* {0} is a valid empty one. */
struct ring_walk {
	struct ring_step *v;
	size_t n, cap;
	struct ring_owners owners;
};
void ring_walk_release(struct ring_walk *w);

/* Fills w with each instance that is met from the token on, until all owners and all of Loki's set
 * have been. */
void ring_explain(const struct ring_view *v, uint32_t token, struct ring_walk *w);

/* Appends it in words: "owner", "passed over: LEAVING takes no writes; it is read". */
void ring_add_verdict(struct buf *b, const struct ring_view *v, const struct ring_step *s);

#endif
