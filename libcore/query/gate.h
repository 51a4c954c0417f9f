/*
 * How who has started a query learns what it costs before it runs, lets it run, and ends it. They
 * talk over a connected socket, lines from here:
 *   plan BYTES            what is to be read, as far as is known (of lines: scan_expect)
 *   done BYTES LINES ROWS what was read, also of a query that failed, and how much was answered
 *   end STATUS CPU_NS READ COUNTED FILTERED OUTSIDE DECODED
 *                         all is written, and the process exits with this, having used so much;
 *                         the rest is struct gate_blocks
 *
 * A plan above .free_bytes waits for one byte from there, once in a query. Of a query with several
 * selectors, each is planned by itself; only when the sum first goes beyond .free_bytes there is a
 * second plan. When the other end hangs up, whatever is going on, the process ends at once with the
 * status of ERR_AGAIN, and without a word.
 */
#ifndef QUERY_GATE_H
#define QUERY_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct gate_watch;

/* Blocks of packs, and pieces of the log and of files. */
struct gate_blocks {
	uint64_t read, counted; /* read; counted from tables alone */
	uint64_t by_filter;	/* left out, as filters say that they lack a text */
	uint64_t outside;	/* as the index says that they are of other streams or times */
	uint64_t decoded_bytes; /* of lines, of those that were read */
};

struct gate {
	int fd;
	bool bounded; /* free_bytes counts; else nothing waits */
	uint64_t free_bytes;

	struct gate_blocks blocks; /* of gate_done */
	bool told, passed;	   /* private from here */
	uint64_t planned;
	int64_t waited_ns;
	struct gate_watch *watch; /* of gate_open */
};

/* From now on a hang-up ends the process. Errors: ERR_USAGE .fd is no socket;
 * ERR_IO no thread can be started. */
MUST_CHECK int gate_open(struct gate *g, struct err *e);

/* So many bytes more are to be read. Returns when they may be. g may be NULL, as in the others.
 * Errors: ERR_IO. */
MUST_CHECK int gate_plan(struct gate *g, uint64_t bytes, struct err *e);

/* How long gate_plan has waited so far. */
int64_t gate_waited_ns(const struct gate *g);

/* The end; what was answered has been written. */
void gate_done(struct gate *g, uint64_t bytes, uint64_t lines, uint64_t rows,
	       const struct gate_blocks *blocks);

/* The last of all: so nobody waits until the kernel has taken the process apart. */
void gate_end(const struct gate *g, int status);

#endif
