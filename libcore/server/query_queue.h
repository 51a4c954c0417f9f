/*
 * Which query runs next: of each class as many at once as it has places, tenants in turn, each
 * tenant's own first come, first served. It knows no processes. For one thread.
 */
#ifndef SERVER_QUERY_QUEUE_H
#define SERVER_QUERY_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "limits/limits.h"

/* Each has places of its own, so that none waits for one of another kind. */
enum query_class {
	QUERY_METADATA, /* about streams: reads the index */
	QUERY_SHORT,	/* reads little, or it is not known yet how much */
	QUERY_LONG,	/* a scan */
	QUERY_CLASSES,
};

struct queue_tenant;

struct queue_item {		     /* zeroed by who owns it */
	struct queue_tenant *tenant; /* NULL: not in the queue */
	struct queue_item *next, *prev;
	enum query_class class;
	bool runs;
};

struct query_queue {
	unsigned places[QUERY_CLASSES], running[QUERY_CLASSES]; /* the first is set by the owner */
	size_t waiting;
	struct queue_tenant *first; /* private from here */
	uint64_t turn, turns;
};

void query_queue_release(struct query_queue *q); /* items are the caller's */

/*
 * Lets item wait. Limits: query_rate, max_outstanding_per_tenant and (for its running ones)
 * max_concurrent_queries; of the last, scans take all but one place. now_ns is of time_mono_ns.
 * Errors: ERR_LIMIT, with the limit and its value.
 */
MUST_CHECK int query_queue_add(struct query_queue *q, struct bytes tenant, const struct limits *l,
			       enum query_class class, int64_t now_ns, struct queue_item *item,
			       struct err *e);

/* The next one: it runs from now on. NULL when nobody waits who may. */
struct queue_item *query_queue_take(struct query_queue *q);

/* One that runs waits again, in a class. */
void query_queue_move(struct query_queue *q, enum query_class class, struct queue_item *item);

/* One that runs or waits does so no more. */
void query_queue_end(struct query_queue *q, struct queue_item *item);

/* The next that waits, after `item` (NULL: from the start), in no order. */
struct queue_item *query_queue_waiting(const struct query_queue *q, const struct queue_item *item);

#endif
