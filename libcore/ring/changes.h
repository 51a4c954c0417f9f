/* What can be done to a ring: for ring_place_change, and for plans. */
#ifndef RING_CHANGES_H
#define RING_CHANGES_H

#include "ring/choose.h"
#include "ring/place.h"

struct ring_init_ask {
	unsigned replication, tokens; /* 0: as it is */
	int64_t heartbeat_timeout_ns; /* 0: as it is */
	enum { RING_ZONES_KEEP, RING_ZONES_ON, RING_ZONES_OFF } zones;
};
/* Errors: ERR_NO, zone awareness is wanted and an instance has no zone. */
MUST_CHECK int ring_do_init(struct ring *r, const struct ring_init_ask *a, struct err *e);

struct ring_join_ask {
	struct bytes name, addr, zone; /* addr, zone: .p NULL: as they are, or empty */
	enum ring_state state;
	unsigned tokens; /* 0: as many as the ring says */
	int64_t now_ns;
	struct ring_chooser *chooser; /* of this ring and moment, for many; NULL: for this one */
};
/*
 * Adds the instance with tokens of its own, or changes the one that is there: its tokens stay. The
 * first of a ring decides by its zone whether the ring has zone awareness.
 * Errors: ERR_USAGE, it lacks a zone, or tokens are given for one that has them; ERR_NO, its state
 * cannot become this one; ERR_LIMIT, RING_INSTANCES_MAX.
 */
MUST_CHECK int ring_do_join(struct ring *r, const struct ring_join_ask *a, struct err *e);

/* To LEAVING. Errors: ERR_NO, there is no such instance, or its state cannot become that. */
MUST_CHECK int ring_do_leave(struct ring *r, struct bytes name, struct err *e);

/* Takes it out. Errors: ERR_NO, there is no such instance, unless an earlier try may have taken it
 * out. */
MUST_CHECK int ring_do_forget(struct ring *r, struct bytes name, enum ring_earlier earlier,
			      struct err *e);

/* {0} but for the first three; buffers are released by who owns it. */
struct ring_forget_ask {
	int64_t period_ns, now_ns;
	size_t most;	   /* of one change */
	struct buf going;  /* names of those whom this try takes out, one a line */
	struct buf before; /* of those whom earlier tries took out, of which no answer came */
};
/*
 * Takes out those without a heartbeat for period_ns, `most` of them at most. What no answer came to
 * is asked again with the same a: whoever was going, and is not there any more, went. Errors:
 * ERR_NO, "4 of 7 instances look dead": when the majority is UNHEALTHY it is more likely that we
 * are cut off, or that a clock is wrong. Nothing is changed then.
 */
MUST_CHECK int ring_do_forget_dead(struct ring *r, struct ring_forget_ask *a,
				   enum ring_earlier earlier, struct err *e);

/* Errors: ERR_NO, with the name most like it: only where another one than is meant does no harm. */
struct ring_instance *ring_find_or_hint(const struct ring *r, struct bytes name, struct err *e);

#endif
