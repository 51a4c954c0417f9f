/*
 * Shuffle sharding: each tenant has instances of its own choice, so that one tenant's load, or a
 * request that kills, reaches only these.
 *
 * An instance is in the shard when its hash with the tenant is among the highest of its zone: a
 * function of tenant, size, names and zones alone, whatever the states. Zones have equally many;
 * one instance more or less, in a zone that has others, changes the shard by one at most.
 */
#ifndef RING_SHARD_H
#define RING_SHARD_H

#include "ring/ring.h"

/* Sets is_in for each of r->n instances. size: how many are wanted; 0: all.
 * It is raised to the replication factor, and with zone awareness to a multiple of the zones.
 * Returns how many are in. */
size_t ring_shard(const struct ring *r, struct bytes tenant, size_t size, bool *is_in);

#endif
