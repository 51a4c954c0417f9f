/*
 * Blocks of a remote store, fetched ahead of the scan that decodes them: in the order of the plan's
 * units, as many at once as memory allows, while those before are decoded. Few requests: ranges
 * that lie near each other come in one (store/join.c).
 *
 * A piece that is needed before its turn, or more often than the plan says, is read by who needs
 * it, so nothing waits for room.
 */
#ifndef QUERY_FETCH_H
#define QUERY_FETCH_H

#include "query/plan.h"
#include "store/store.h"

struct fetch;

/* The parts that a piece is read in: source_ops.where. Pieces without a block share their head,
 * when it is the same. */
enum { FETCH_HEAD, FETCH_BLOCK, FETCH_PARTS };

struct fetch_opts {
	/* Whether the scan is going to load the piece as (a part of) the unit; NULL: all. */
	bool (*needed)(const void *data, const struct unit *u, const struct piece *p);
	const void *data;
	bool may_end; /* the scan ends, perhaps, long before the last unit: not far ahead then */
};

/* Begins. NULL: the plan has nothing to fetch. p and its stores outlive it. */
struct fetch *fetch_new(const struct plan *p, const struct fetch_opts *o);
/* Waits for what is under way. NULL is fine. */
void fetch_free(struct fetch *f);

/* The bytes of a piece of which the source has a where. Valid until fetch_unit_done, or the next
 * call with m for another piece. f may be NULL. For any thread. Errors: as store_file_read;
 * ERR_NO the pack is gone. */
MUST_CHECK int fetch_bytes(struct fetch *f, const struct piece *p, struct load_mem *m,
			   struct bytes ret[FETCH_PARTS], struct err *e);
/* What fetch_bytes gave is damaged: reads it again, from the store itself. */
MUST_CHECK int fetch_again(const struct piece *p, struct load_mem *m, struct bytes ret[FETCH_PARTS],
			   struct err *e);
/* Drops it from the cache. */
void fetch_doubt(const struct piece *p);
/* The unit is over, read or not. f may be NULL. */
void fetch_unit_done(struct fetch *f, const struct unit *u);

#endif
