#include "entry/meta.h"

#include <stdlib.h>

#include "base/mem.h"

void metatab_release(struct metatab *t)
{
	arena_release(&t->text);
	free(t->string);
	free(t->set_first);
	free(t->set_bytes);
	free(t->pair);
	map_release(&t->strings);
	map_release(&t->sets);
	*t = (struct metatab){ 0 };
}

void metatab_reset(struct metatab *t)
{
	arena_reset(&t->text);
	t->n_strings = t->n_sets = t->n_pairs = 0;
	map_reset(&t->strings);
	map_reset(&t->sets);
}

size_t metatab_memory(const struct metatab *t)
{
	return t->text.total + t->cap_strings * sizeof(*t->string) +
	       (t->cap_sets + t->cap_pairs) * sizeof(uint32_t) +
	       t->cap_set_bytes * sizeof(*t->set_bytes) +
	       (t->strings.cap + t->sets.cap) * sizeof(struct map_slot);
}

size_t metatab_tables(const struct metatab *t)
{
	/* Half of a map is free; the pairs of a set are also its key. */
	size_t slots = 2 * sizeof(struct map_slot), pair = 2 * sizeof(*t->pair);

	return t->n_strings * (sizeof(*t->string) + slots) +
	       t->n_sets * (sizeof(*t->set_first) + sizeof(*t->set_bytes) + slots) +
	       t->n_pairs * 2 * pair;
}

static uint32_t add_string(struct metatab *t, struct bytes s)
{
	uint64_t hash = hash64(s);
	uint32_t id = map_get(&t->strings, hash, s);

	if (id != MAP_NONE)
		return id;
	mem_grow(&t->string, &t->cap_strings, t->n_strings + 1, sizeof(*t->string));
	id = (uint32_t)t->n_strings++;
	t->string[id] = arena_copy(&t->text, s);
	map_put(&t->strings, hash, t->string[id], id);
	return id;
}

uint32_t metatab_add(struct metatab *t, const struct label *v, size_t n)
{
	size_t first = t->n_pairs;
	struct bytes key;
	uint64_t hash, n_bytes = 0;
	uint32_t set;

	if (n == 0)
		return 0;
	mem_grow(&t->pair, &t->cap_pairs, 2 * (first + n), sizeof(*t->pair));
	for (size_t i = 0; i < n; i++) {
		t->pair[2 * (first + i)] = add_string(t, v[i].name);
		t->pair[2 * (first + i) + 1] = add_string(t, v[i].value);
	}
	key = bytes_of(&t->pair[2 * first], 2 * n * sizeof(*t->pair));
	hash = hash64(key);
	set = map_get(&t->sets, hash, key);
	if (set != MAP_NONE)
		return set;
	/* the array of pairs moves when it grows, so the map's key is a copy */
	key = arena_copy(&t->text, key);
	t->n_pairs += n;
	mem_grow(&t->set_first, &t->cap_sets, t->n_sets + 2, sizeof(*t->set_first));
	mem_grow(&t->set_bytes, &t->cap_set_bytes, t->n_sets + 1, sizeof(*t->set_bytes));
	for (size_t i = 0; i < n; i++)
		n_bytes += v[i].name.n + v[i].value.n;
	t->set_bytes[t->n_sets] = n_bytes;
	t->set_first[t->n_sets++] = (uint32_t)first;
	t->set_first[t->n_sets] = (uint32_t)t->n_pairs;
	set = (uint32_t)t->n_sets;
	map_put(&t->sets, hash, key, set);
	return set;
}

struct metaview metatab_view(const struct metatab *t)
{
	return (struct metaview){ (uint32_t)t->n_strings, (uint32_t)t->n_sets, t->string,
				  t->set_first, t->pair };
}
