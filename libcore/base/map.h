/*
 * A hash table from byte strings to numbers (indices into an array of the caller). It owns
 * its table, not the keys: they must stay where they are as long as the map has them.
 * {0} is a valid empty one. For one thread.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stdint.h>

#include "base/bytes.h"

struct map_slot {
	uint64_t hash;
	struct bytes key;
	uint32_t value;
	uint32_t used;
};

struct map {
	struct map_slot *slots;
	size_t n, cap; /* cap is a power of two, or 0 */
};

enum { MAP_NONE = UINT32_MAX };

void map_release(struct map *m);
void map_reset(struct map *m);

/* The value of key, or MAP_NONE. hash is hash64(key): passed in, since callers often have it. */
uint32_t map_get(const struct map *m, uint64_t hash, struct bytes key);

/* The key must not be there yet; value is not MAP_NONE. */
void map_put(struct map *m, uint64_t hash, struct bytes key, uint32_t value);

#endif
