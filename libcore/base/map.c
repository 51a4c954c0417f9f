/* Open addressing with linear probing, at most 3/4 full; nothing is ever taken out. */
#include "base/map.h"

#include <stdlib.h>

#include "base/mem.h"

enum { CAP_FIRST = 64 };

void map_release(struct map *m)
{
	free(m->slots);
	*m = (struct map){ 0 };
}

void map_reset(struct map *m)
{
	if (m->cap)
		memset(m->slots, 0, m->cap * sizeof(*m->slots));
	m->n = 0;
}

uint32_t map_get(const struct map *m, uint64_t hash, struct bytes key)
{
	if (!m->cap)
		return MAP_NONE;
	for (size_t i = hash & (m->cap - 1);; i = (i + 1) & (m->cap - 1)) {
		const struct map_slot *s = &m->slots[i];

		if (!s->used)
			return MAP_NONE;
		if (s->hash == hash && bytes_eq(s->key, key))
			return s->value;
	}
}

static void put(struct map *m, const struct map_slot *slot)
{
	size_t i = slot->hash & (m->cap - 1);

	while (m->slots[i].used)
		i = (i + 1) & (m->cap - 1);
	m->slots[i] = *slot;
}

static void grow(struct map *m)
{
	struct map old = *m;

	m->cap = old.cap ? 2 * old.cap : CAP_FIRST;
	m->slots = mem_alloc(m->cap * sizeof(*m->slots));
	for (size_t i = 0; i < old.cap; i++)
		if (old.slots[i].used)
			put(m, &old.slots[i]);
	free(old.slots);
}

void map_put(struct map *m, uint64_t hash, struct bytes key, uint32_t value)
{
	struct map_slot slot = { hash, key, value, 1 };

	if (4 * (m->n + 1) > 3 * m->cap)
		grow(m);
	put(m, &slot);
	m->n++;
}
