#include "server/timers.h"

#include <stdlib.h>

#include "base/mem.h"

void timers_release(struct timers *h)
{
	free(h->v);
	*h = (struct timers){ 0 };
}

static void put(struct timers *h, size_t place, struct timer *t)
{
	h->v[place - 1] = t;
	t->place = place;
}

static struct timer *at(const struct timers *h, size_t place)
{
	return h->v[place - 1];
}

static void rise(struct timers *h, struct timer *t, size_t place)
{
	for (; place > 1 && at(h, place / 2)->at_ns > t->at_ns; place /= 2)
		put(h, place, at(h, place / 2));
	put(h, place, t);
}

static void sink(struct timers *h, struct timer *t, size_t place)
{
	for (size_t next = 2 * place; next <= h->n; next = 2 * place) {
		if (next < h->n && at(h, next + 1)->at_ns < at(h, next)->at_ns)
			next++;
		if (at(h, next)->at_ns >= t->at_ns)
			break;
		put(h, place, at(h, next));
		place = next;
	}
	put(h, place, t);
}

void timers_add(struct timers *h, struct timer *t)
{
	mem_grow(&h->v, &h->cap, h->n + 1, sizeof(struct timer *));
	rise(h, t, ++h->n);
}

void timers_remove(struct timers *h, struct timer *t)
{
	size_t place = t->place;
	struct timer *last;

	if (place == 0)
		return;
	last = at(h, h->n--);
	t->place = 0;
	if (last == t)
		return;
	if (place > 1 && at(h, place / 2)->at_ns > last->at_ns)
		rise(h, last, place);
	else
		sink(h, last, place);
}

struct timer *timers_first(const struct timers *h)
{
	return h->n ? h->v[0] : NULL;
}
