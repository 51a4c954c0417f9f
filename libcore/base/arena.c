#include "base/arena.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/near.h"

struct arena_piece {
	struct arena_piece *next;
	size_t size; /* of data */
	char data[];
};

enum { PIECE_MIN = 4096 - sizeof(struct arena_piece), PIECE_MAX = 1 << 20 };

void arena_release(struct arena *a)
{
	for (struct arena_piece *p = a->used, *next; p; p = next) {
		next = p->next;
		free(p);
	}
	*a = (struct arena){ 0 };
}

void arena_reset(struct arena *a)
{
	struct arena_piece *keep = a->used;

	for (struct arena_piece *p = a->used; p; p = p->next)
		if (p->size > keep->size)
			keep = p;
	for (struct arena_piece *p = a->used, *next; p; p = next) {
		next = p->next;
		if (p != keep)
			free(p);
	}
	if (!keep)
		return;
	keep->next = NULL;
	*a = (struct arena){ keep->data, keep->data + keep->size, keep, keep->size };
}

void arena_join(struct arena *a, struct arena *from)
{
	struct arena_piece **end = &from->used;

	if (!a->used) {
		*a = *from;
	} else { /* behind the newest, which has the free space */
		while (*end)
			end = &(*end)->next;
		*end = a->used->next;
		a->used->next = from->used;
		a->total += from->total;
	}
	*from = (struct arena){ 0 };
}

void *arena_alloc_slow(struct arena *a, size_t n)
{
	size_t size = a->used ? a->used->size * 2 : PIECE_MIN;
	struct arena_piece *p;

	if (size > PIECE_MAX)
		size = PIECE_MAX;
	if (size < n)
		size = n;
	p = mem_realloc(NULL, sizeof(*p) + size);
	p->size = size;
	p->next = a->used;
	a->used = p;
	a->total += size;
	a->at = p->data + n;
	a->end = p->data + size;
	return p->data;
}

void *arena_zalloc(struct arena *a, size_t n)
{
	return memset(arena_alloc(a, n), 0, n);
}

struct bytes arena_copy(struct arena *a, struct bytes b)
{
	char *p = arena_alloc(a, b.n);

	if (b.n)
		memcpy(p, b.p, b.n);
	return bytes_of(p, b.n);
}

struct bytes arena_copy_near(struct arena *a, struct bytes b)
{
	char *p = arena_alloc(a, b.n + NEAR_PAD);

	if (b.n)
		memcpy(p, b.p, b.n);
	memset(p + b.n, 0, NEAR_PAD);
	return bytes_of(p, b.n);
}
