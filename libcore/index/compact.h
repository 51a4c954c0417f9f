/*
 * Index files of a day merged into one, and what is obsolete deleted: idxbuild --compact. May be
 * killed at any moment, run again, and run beside others. Rules: lokid-index(5), "COMMIT RULES".
 */
#ifndef INDEX_COMPACT_H
#define INDEX_COMPACT_H

#include "index/merge.h"
#include "index/sweep.h"

struct index_compaction {
	struct store *store;
	struct bytes tenant; /* empty: all */
	bool one_day;
	int32_t day;
	int64_t delay_ns; /* of sweep.h; with 0 also what this run replaces is deleted */
	bool dry_run;	  /* nothing is written or deleted, all is told */

	/* All may be NULL. made: an index file, named relative to the store, in place of n. */
	void (*made)(const char *name, size_t n, void *data);
	void (*deleted)(const char *name, uint64_t size, void *data);
	/* Of a damaged file: it is left as it is, the others are still merged. */
	void (*fault)(const struct err *e, void *data);
	/* Somebody else compacts this day: it is left out. */
	void (*busy)(struct bytes tenant, int32_t day, void *data);
	void *data;
};

/* Days of which something is damaged are told, the others still done. Errors: ERR_IO, ERR_FULL. */
MUST_CHECK int index_compact(const struct index_compaction *c, struct err *e);

#endif
