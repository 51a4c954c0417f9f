/*
 * A node goes, and what it has goes into the store before. Where it is in this lies in the ring and
 * in the node alone, so who is stopped half way does it again from the start, and loses nothing.
 */
#ifndef RING_DRAIN_H
#define RING_DRAIN_H

#include "httpc/httpc.h"
#include "ring/place.h"

struct ring_drain_ask {
	struct bytes name;
	bool force; /* also when the others are too few, or in too few zones */
	struct httpc_opts http;
	int64_t now_ns;
	int64_t timeout_ns; /* of all of it */
	int64_t quiet_ns; /* no push may come for so long before it counts as left alone; 0 or more
			   */
	void (*step)(const char *text, void *data); /* tells what was done */
	void (*warn)(const char *text, void *data);
	void *data; /* of both */
};

/*
 * LEAVING, so that it takes no more writes; until no request is under way, no push came for
 * quiet_ns, all it acknowledged is in the store, and nothing came meanwhile; then out of the ring.
 * Of one that is not in the ring nothing is done, with a warning of who is. Errors: ERR_NO, there
 * is no ring, the others would be too few, it has no address, or it came back meanwhile; ERR_AGAIN,
 * it was not done in time, and is LEAVING; as ring_place_change, ring_node_counts.
 */
MUST_CHECK int ring_drain(struct ring_place *p, const struct ring_drain_ask *a, struct err *e);

#endif
