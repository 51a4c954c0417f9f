#include "query/raw_arrival.h"

#include "base/mem.h"
#include "time/time.h"

void arrivals_release(struct arrivals *a)
{
	free(a->v);
	*a = (struct arrivals){ 0 };
}

void arrivals_add(struct arrivals *a, struct raw_clock *c, uint64_t off, uint64_t n)
{
	const struct arrival *last = a->n ? &a->v[a->n - 1] : NULL;
	int64_t ts = time_now_ns();

	if (n == 0)
		return;
	ts = ts > c->last ? ts : c->last + 1;
	c->last = ts + (int64_t)n - 1;
	if (last && last->ts_ns + (int64_t)(off - last->off) == ts)
		return;
	mem_grow(&a->v, &a->cap, a->n + 1, sizeof(*a->v));
	a->v[a->n++] = (struct arrival){ off, ts };
}

/* The last one at or before off. */
static size_t find(const struct arrivals *a, uint64_t off)
{
	size_t lo = 0, n = a->n;

	while (n > 1) {
		size_t half = n / 2;

		if (a->v[lo + half].off <= off) {
			lo += half;
			n -= half;
		} else {
			n = half;
		}
	}
	return lo;
}

static int64_t ts_at(const struct arrival *a, uint64_t off)
{
	return a->ts_ns + (int64_t)(off - a->off);
}

int64_t arrivals_ts(const struct arrivals *a, uint64_t off)
{
	return ts_at(&a->v[find(a, off)], off);
}

void arrivals_of_lines(const struct arrivals *a, uint64_t off, const struct run *lines, int64_t *ts)
{
	size_t k = find(a, off);

	for (size_t i = 0; i < lines->n; i++) {
		uint64_t at = off + lines->line_off[i];

		while (k + 1 < a->n && a->v[k + 1].off <= at)
			k++;
		ts[i] = ts_at(&a->v[k], at);
	}
}

void arrivals_forget(struct arrivals *a, uint64_t off)
{
	size_t k = a->n ? find(a, off) : 0;

	if (k == 0)
		return;
	a->n -= k;
	memmove(a->v, a->v + k, a->n * sizeof(*a->v));
}
