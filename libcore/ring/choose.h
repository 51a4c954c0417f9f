/*
 * Tokens for those who join a ring: chosen as ring/plant.h does, and then so that what a newcomer
 * owns, of all replicas, is what it should be (ring_fair_share), as far as tokens can do that.
 */
#ifndef RING_CHOOSE_H
#define RING_CHOOSE_H

#include "ring/ring.h"

/* Newcomers of one ring, one after the other: what is known of it is kept, so that the next one
 * costs a pass over all tokens and no more. */
struct ring_chooser;

/* For `newcomers` of them at most. What r has is borrowed; r itself may have more afterwards. */
struct ring_chooser *ring_chooser_new(const struct ring *r, size_t newcomers, int64_t now_ns);
void ring_chooser_free(struct ring_chooser *c); /* NULL is fine */

/* Sets n tokens, ascending, that nobody has, of the next newcomer, which is ACTIVE from then on. */
void ring_chooser_next(struct ring_chooser *c, struct bytes name, struct bytes zone, size_t n,
		       uint32_t *ret);

/* The same for one alone. r is without it. */
void ring_choose_tokens(const struct ring *r, struct bytes name, struct bytes zone, size_t n,
			int64_t now_ns, uint32_t *ret);

#endif
