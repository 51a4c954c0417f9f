/*
 * Memory that is freed at once: a parse tree, a plan, what lives as long as one block.
 * {0} is a valid empty one. For one thread.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/bytes.h"

struct arena_piece;

struct arena {
	char *at, *end;		  /* free space of the newest piece */
	struct arena_piece *used; /* pieces, newest first */
	size_t total;		  /* bytes of all pieces */
};

void arena_release(struct arena *a);
/* Empties it and keeps its largest piece for the next round. */
void arena_reset(struct arena *a);

/* All that lies in `from` lies in a from now on, where it is; from is empty. */
void arena_join(struct arena *a, struct arena *from);

void *arena_alloc_slow(struct arena *a, size_t n);

/* n bytes, not zeroed, aligned to 8; never NULL (aborts when out of memory). Sizes from outside
 * must be checked against a limit before. */
static inline void *arena_alloc(struct arena *a, size_t n)
{
	char *p = a->at;

	n = (n + 7) & ~(size_t)7;
	if ((size_t)(a->end - p) < n || !p)
		return arena_alloc_slow(a, n);
	a->at = p + n;
	return p;
}

void *arena_zalloc(struct arena *a, size_t n);
struct bytes arena_copy(struct arena *a, struct bytes b);
/* With NEAR_PAD bytes of 0 behind it: base/near.h. */
struct bytes arena_copy_near(struct arena *a, struct bytes b);

#endif
