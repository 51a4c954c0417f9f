/* A node's lokid, as far as draining it needs: what its metrics say, and a flush. lokid-metrics(7),
 * lokid(8). */
#ifndef RING_NODE_H
#define RING_NODE_H

#include "httpc/httpc.h"

struct ring_node_counts {
	double in_flight; /* requests under way, but for tails, which have no end, and this one */
	double batches;	  /* that the log took since the daemon was started */
	double pushes;	  /* requests that were to bring entries, whatever they were answered */
	double lines;	  /* that came, by these or otherwise, whatever became of them */
	double waiting;	  /* bytes of the log that are not in the store */
	double flushing;  /* seconds that a flush under way has run; 0: there is none */
};

/* Of an exposition in Prometheus' text format. Errors: ERR_CORRUPT, it is none of lokid's, or a
 * number is none. */
MUST_CHECK int ring_node_read(struct bytes text, struct ring_node_counts *ret, struct err *e);

struct ring_node;

/* addr: as ring_addr_check wants it. o->timeout_ms is that of a flush; counts take some seconds at
 * most. Errors: ERR_USAGE; ERR_IO. */
MUST_CHECK int ring_node_open(struct bytes addr, const struct httpc_opts *o, struct ring_node **ret,
			      struct err *e);
void ring_node_close(struct ring_node *n); /* NULL is fine */

/* Errors: ERR_AGAIN, no answer, or one that may be another the next time; ERR_USAGE, it refuses us;
 * ERR_CORRUPT. */
MUST_CHECK int ring_node_counts(struct ring_node *n, struct ring_node_counts *ret, struct err *e);
/* All that it acknowledged is in the store when this returns 0. */
MUST_CHECK int ring_node_flush(struct ring_node *n, struct err *e);

#endif
