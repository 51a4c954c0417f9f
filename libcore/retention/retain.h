/*
 * What has expired leaves the store, and what is the oldest where room is to be made: idxbuild
 * --retain. Whole chunks leave the index; packs of which none is left are deleted after the delay,
 * the others are written anew by the next compaction. It may be killed at any moment, run again,
 * and run beside others. Rules: lokid-index(5), "What expires".
 */
#ifndef RETENTION_RETAIN_H
#define RETENTION_RETAIN_H

#include "limits/limits.h"
#include "retention/hold.h"
#include "store/store.h"

/* What goes of a tenant and day by one rule. */
struct retain_gone {
	struct bytes tenant;
	int32_t day;
	struct bytes rule; /* "retention_period 30d", "--keep-bytes 10GB" */
	uint64_t chunks, entries, bytes;
};

struct retain {
	struct store *store;
	struct bytes tenant;	   /* empty: all */
	struct limits_set *limits; /* NULL: nothing expires */
	const struct hold *hold;   /* NULL: nothing is held */
	int64_t now_ns;
	uint64_t keep_bytes;	  /* of packs and index files of the tenants, 0: any */
	double keep_free;	  /* percent of the file system, 0: any; the newest day of each
				     tenant stays in any case. Some room is set aside
				     (store/reserve.h) for what has to be written when it is full */
	unsigned shard, n_shards; /* shard.h */
	int64_t delay_ns;	  /* of sweep.h; with 0 also what this run replaces is deleted */
	bool dry_run;		  /* nothing is written or deleted, all is told */

	/* A day is done, or would be: each rule of it; -1 with e set ends the work. */
	int (*gone)(const struct retain_gone *g, void *data, struct err *e);
	/* Room that was asked for is not to be had: by which rule, and why. Or NULL. */
	void (*missed)(const char *rule, const char *why, void *data);
	/* The others may be NULL; as those of compact.h. */
	void (*made)(const char *name, size_t n, void *data);
	void (*deleted)(const char *name, uint64_t size, void *data);
	void (*fault)(const struct err *e, void *data);
	void (*busy)(struct bytes tenant, int32_t day, void *data);
	void *data;
};

/* Days of which something is damaged are told, the others still done. Errors: ERR_IO, ERR_FULL,
 * what .gone gave; ERR_USAGE, keep_free of a store that is no folder. */
MUST_CHECK int retain_store(const struct retain *r, struct err *e);

#endif
