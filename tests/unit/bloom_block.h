/* A block for filters whose values are made up. */
#ifndef TESTS_BLOOM_BLOCK_H
#define TESTS_BLOOM_BLOCK_H

#include "unit.h"

#include "base/mem.h"
#include "bloom/build.h"

/* One more block of v, of so many bytes, which has n random values of each of the kinds. */
static inline void add_random_block(struct bloom_values *v, uint8_t kinds, size_t n, uint64_t bytes,
				    uint64_t *state)
{
	struct bloom_block *b;

	mem_grow(&v->block, &v->cap, v->n + 1, sizeof(*v->block));
	b = &v->block[v->n++];
	*b = (struct bloom_block){ .bytes = bytes, .kinds = kinds };
	for (int k = 0; k < GRAM_KINDS; k++) {
		struct gram_list *l = &v->of[k];

		b->first[k] = (uint32_t)l->n;
		if (!(kinds >> k & 1))
			continue;
		b->n[k] = (uint32_t)n;
		mem_grow(&l->v, &l->cap, l->n + n, sizeof(*l->v));
		for (size_t i = 0; i < n; i++)
			l->v[l->n++] = rnd(state);
	}
}

#endif
