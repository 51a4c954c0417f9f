/* How much each instance of a ring owns, and how much it should. */
#ifndef RING_LOAD_H
#define RING_LOAD_H

#include "ring/view.h"

/* Sets for each of v->ring->n instances the part of all positions that it is an owner of: 0 to 1.
 * Returns their sum: the replicas of a position, on average. */
double ring_loads(const struct ring_view *v, double *ret);

/* That of instance number `who` alone, of whose shard all are: looks at its surroundings only. */
double ring_load_of(const struct ring_view *v, size_t who);

/*
 * What instance number `who`, which takes writes, would own if all was even: of each position as
 * many replicas as there can be, evenly over zones as far as these have room (a zone takes a second
 * one only when each other that can has one), evenly over the instances of a zone.
 */
double ring_fair_share(const struct ring_view *v, size_t who);
/* That of each of v->ring->n instances; 0 of those who take no writes. */
void ring_fair_shares(const struct ring_view *v, double *ret);

/* How two rings differ in what is where. */
struct ring_moved {
	double replicas; /* owners of a position in the new ring, on average */
	double moved;	 /* of these, how many are on another instance than before, on average */
};
/* before, after: of the same instances by name, but for those that came or went. */
void ring_compare(const struct ring_view *before, const struct ring_view *after,
		  struct ring_moved *ret);

#endif
