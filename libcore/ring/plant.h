/*
 * Which tokens an instance gets. Tokens at random would give the instances of a ring shares that
 * differ by a tenth and more; these are chosen. In each zone a newcomer takes an even share, piece
 * by piece from whoever has most, so that what remains is even as well. The choice follows from the
 * ring and the name alone: no two programs choose differently.
 */
#ifndef RING_PLANT_H
#define RING_PLANT_H

#include "ring/ring.h"

/* What is known of a ring to choose tokens in it, kept up to date as instances come. */
struct ring_planter;

struct ring_planter *ring_planter_new(void);
void ring_planter_free(struct ring_planter *p);

/* All instances of the ring that have come to stay: those who leave, and at now_ns have no
 * heartbeat, only have their tokens. */
void ring_planter_add_ring(struct ring_planter *p, const struct ring *r, int64_t now_ns);

/* Who comes. */
struct ring_newcomer {
	struct bytes name, zone; /* zone: empty without zone awareness */
	size_t n_tokens;
};

/*
 * Sets the tokens, ascending, that no instance has, of a newcomer, which is then one of them.
 * share: what it takes of its zone, where 1 is as much as each other of the zone then has; less
 * than 1, of the first of a zone, lets tokens stand close together.
 */
void ring_planter_choose(struct ring_planter *p, const struct ring_newcomer *of, double share,
			 uint32_t *ret);
/* The same tokens, and p is as before. */
void ring_planter_try(struct ring_planter *p, const struct ring_newcomer *of, double share,
		      uint32_t *ret);

#endif
