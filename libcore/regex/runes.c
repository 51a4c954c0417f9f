#include "regex/runes.h"

#include <stdlib.h>

#include "base/mem.h"

void runes_release(struct runes *r)
{
	free(r->v);
	*r = (struct runes){ 0 };
}

void runes_add(struct runes *r, uint32_t lo, uint32_t hi)
{
	if (r->n > 0 && lo >= r->v[r->n - 1].lo && lo <= r->v[r->n - 1].hi + 1) {
		if (hi > r->v[r->n - 1].hi)
			r->v[r->n - 1].hi = hi;
		return;
	}
	mem_grow(&r->v, &r->cap, r->n + 1, sizeof(*r->v));
	r->v[r->n++] = (struct rune_range){ lo, hi };
}

void runes_add_set(struct runes *r, const struct runes *other)
{
	for (size_t i = 0; i < other->n; i++)
		runes_add(r, other->v[i].lo, other->v[i].hi);
}

static int by_lo(const void *a, const void *b)
{
	const struct rune_range *x = a, *y = b;

	return (x->lo > y->lo) - (x->lo < y->lo);
}

void runes_clean(struct runes *r)
{
	size_t w = 0;

	if (r->n < 2)
		return;
	qsort(r->v, r->n, sizeof(*r->v), by_lo);
	for (size_t i = 1; i < r->n; i++) {
		if (r->v[i].lo > r->v[w].hi + 1)
			r->v[++w] = r->v[i];
		else if (r->v[i].hi > r->v[w].hi)
			r->v[w].hi = r->v[i].hi;
	}
	r->n = w + 1;
}

void runes_negate(struct runes *r)
{
	struct runes out = { 0 };
	uint32_t next = 0;

	for (size_t i = 0; i < r->n; i++) {
		if (r->v[i].lo > next)
			runes_add(&out, next, r->v[i].lo - 1);
		next = r->v[i].hi + 1;
	}
	if (next <= RUNE_MAX)
		runes_add(&out, next, RUNE_MAX);
	runes_release(r);
	*r = out;
}

bool runes_has(const struct runes *r, uint32_t c)
{
	size_t lo = 0, hi = r->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (c < r->v[mid].lo)
			hi = mid;
		else if (c > r->v[mid].hi)
			lo = mid + 1;
		else
			return true;
	}
	return false;
}

const struct runes *runes_keep(struct arena *a, const struct runes *r)
{
	struct runes *ret = arena_zalloc(a, sizeof(*ret));

	ret->v = arena_alloc(a, r->n * sizeof(*r->v));
	ret->n = r->n;
	if (r->n)
		memcpy(ret->v, r->v, r->n * sizeof(*r->v));
	return ret;
}
