/*
 * A ring made ready for looking up: its tokens in order, and who of it can do what at one moment.
 *
 * Whoever looks for owners of a position walks clockwise from the first token above it. Each
 * instance is met once, at its first token. Taken is who can do what is asked: it has the right
 * state and a heartbeat that is not too old; all others are passed over. In a ring with zone
 * awareness an instance of a zone that has one already waits until every zone that can has one; so
 * the owners lie in distinct zones as far as there are so many, and there are as many owners as
 * replicas are wanted, wherever there are so many instances that can.
 *
 * This is a function of ring, moment and position alone. For any thread that only reads.
 */
#ifndef RING_VIEW_H
#define RING_VIEW_H

#include "ring/ring.h"

struct ring_point {
	uint32_t token;
	uint32_t who; /* index into ring.v */
};

struct ring_view {
	const struct ring *ring; /* borrowed, and not changed meanwhile */
	int64_t now_ns;
	struct ring_point *point; /* by token; of the instances that are in */
	size_t n;

	/* private */
	size_t cap;
	/* one for each instance */
	bool *is_in;	/* of the shard */
	bool *writable; /* takes writes now */
	uint32_t *zone; /* number of its zone; without zone awareness each is its own */
	/* with_least[i]: how many zones have at least i + 1 instances that take writes */
	uint32_t with_least[RING_REPLICATION_MAX];
	size_t n_zones;
};

/* is_in: of each instance whether it is looked at (a tenant's shard), NULL: all are. Copied. */
void ring_view_init(struct ring_view *v, const struct ring *r, int64_t now_ns, const bool *is_in);
void ring_view_release(struct ring_view *v);

/*
 * Of a view of all instances: number `who` has other tokens than before, and if it had none, a zone
 * and a state. v is then as if made anew, but for sorting: each point is moved once.
 */
void ring_view_update(struct ring_view *v, size_t who);

/* The first point above the token, or the first of all; v has points. */
size_t ring_view_search(const struct ring_view *v, uint32_t token);

struct ring_owners {
	uint32_t v[RING_REPLICATION_MAX]; /* in the order in which they were taken */
	size_t n;
};
static inline bool ring_is_owner(const struct ring_owners *o, size_t who)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->v[i] == who)
			return true;
	return false;
}
/* Of the positions below point `at` and not below the one before it. */
void ring_owners_at(const struct ring_view *v, size_t at, struct ring_owners *ret);
void ring_owners_of(const struct ring_view *v, uint32_t token, struct ring_owners *ret);

/* How many positions have the owners of point `at`; all of them together are 2^32. */
uint64_t ring_view_width(const struct ring_view *v, size_t at);

/* How many of `replication` replicas must have it before a write counts, and how many may fail to
 * answer, of writes and of reads. */
static inline unsigned ring_quorum(unsigned replication)
{
	return replication / 2 + 1;
}

/* Instances that take writes. */
size_t ring_view_writable(const struct ring_view *v);

/* Appends "3 replicas", with zone awareness "3 replicas in 2 zones". */
void ring_add_replicas(struct buf *b, const struct ring_view *v);

/* Are the owners, with zone awareness, in `replication` distinct zones? Errors: ERR_NO,
 * "insufficient zone diversity: need 3 zones, have 2". */
MUST_CHECK int ring_check_zones(const struct ring_view *v, struct err *e);
/* Are `have` instances that take a write enough for it to count? Errors: ERR_NO, "a write needs 2
 * instances that take it, have 1". */
MUST_CHECK int ring_check_quorum(const struct ring *r, size_t have, struct err *e);
/* Both, of all instances that take writes; told with how many are UNHEALTHY. */
MUST_CHECK int ring_check_writes(const struct ring_view *v, struct err *e);

#endif
