/*
 * Which timestamps can still be in the answer of a log query with a limit: the best ones that are
 * known stand in a heap, as many as the limit, and what comes behind the last of them is of no use.
 * Backward the highest are the best, forward the lowest.
 */
#ifndef QUERY_CUTOFF_H
#define QUERY_CUTOFF_H

#include <pthread.h>
#include <stdint.h>

#include "query/plan.h"

struct cutoff {
	pthread_mutex_t lock; /* guards heap, n and cap */
	int64_t *heap;	      /* the worst on top */
	size_t n, cap, limit;
	enum direction dir;
	int64_t last; /* atomic: what comes behind it is of no use */
};

/* limit 0: everything is of use. */
void cutoff_init(struct cutoff *c, enum direction dir, uint64_t limit);
void cutoff_release(struct cutoff *c);

/* Adds timestamps of n further entries that can be in the answer, the best first. Returns how many
 * of them, from the first on, still can. For any thread. */
size_t cutoff_add(struct cutoff *c, const int64_t *ts_ns, size_t n);

/* For any thread. */
static inline int64_t cutoff_last(const struct cutoff *c)
{
	return __atomic_load_n(&c->last, __ATOMIC_RELAXED);
}

/* Whether x comes before y in the answer. */
static inline bool cutoff_is_before(const struct cutoff *c, int64_t x, int64_t y)
{
	return c->dir == BACKWARD ? x > y : x < y;
}

#endif
