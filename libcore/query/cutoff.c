#include "query/cutoff.h"

#include "base/mem.h"

void cutoff_init(struct cutoff *c, enum direction dir, uint64_t limit)
{
	*c = (struct cutoff){ .dir = dir, .last = dir == BACKWARD ? INT64_MIN : INT64_MAX };
	c->limit = limit > SIZE_MAX ? SIZE_MAX : (size_t)limit;
	pthread_mutex_init(&c->lock, NULL);
}

void cutoff_release(struct cutoff *c)
{
	pthread_mutex_destroy(&c->lock);
	free(c->heap);
	c->heap = NULL;
	c->n = c->cap = 0;
}

static void move_up(struct cutoff *c, size_t i, int64_t ts)
{
	while (i > 0 && cutoff_is_before(c, c->heap[(i - 1) / 2], ts)) {
		c->heap[i] = c->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	c->heap[i] = ts;
}

static void move_down(struct cutoff *c, int64_t ts)
{
	size_t i = 0;

	for (size_t k; (k = 2 * i + 1) < c->n; i = k) {
		if (k + 1 < c->n && cutoff_is_before(c, c->heap[k], c->heap[k + 1]))
			k++;
		if (!cutoff_is_before(c, ts, c->heap[k]))
			break;
		c->heap[i] = c->heap[k];
	}
	c->heap[i] = ts;
}

/* False: as many are known that are as good. */
static bool add(struct cutoff *c, int64_t ts)
{
	if (c->n < c->limit) {
		mem_grow(&c->heap, &c->cap, c->n + 1, sizeof(*c->heap));
		move_up(c, c->n++, ts);
		return true;
	}
	if (!cutoff_is_before(c, ts, c->heap[0]))
		return false;
	move_down(c, ts);
	return true;
}

size_t cutoff_add(struct cutoff *c, const int64_t *ts_ns, size_t n)
{
	if (c->limit == 0)
		return n;
	pthread_mutex_lock(&c->lock);
	for (size_t i = 0; i < n && add(c, ts_ns[i]); i++)
		;
	if (c->n == c->limit)
		__atomic_store_n(&c->last, c->heap[0], __ATOMIC_RELAXED);
	pthread_mutex_unlock(&c->lock);
	while (n > 0 && cutoff_is_before(c, cutoff_last(c), ts_ns[n - 1]))
		n--;
	return n;
}
