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

/*
 * Sets n tokens, ascending, that no instance has, for a newcomer, which is then one of them. zone:
 * empty without zone awareness. share: what it takes of its zone, where 1 is as much as each other
 * of the zone then has; less than 1, of the first of a zone, lets tokens stand close together.
 */
void ring_planter_choose(struct ring_planter *p, struct bytes name, struct bytes zone, size_t n,
			 double share, uint32_t *ret);

/*
 * Sets n tokens for a new instance that joins r: chosen as above, and then so that what it owns, of
 * all replicas, is what it should be (ring_fair_share), as far as tokens can do that. r is without
 * it.
 */
void ring_choose_tokens(const struct ring *r, struct bytes name, struct bytes zone, size_t n,
			int64_t now_ns, uint32_t *ret);

#endif
