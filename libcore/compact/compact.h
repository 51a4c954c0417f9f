/*
 * Compaction of a store: small packs of each tenant and day are merged into larger ones, and their
 * index files into one that replaces them. Rules: lokid-index(5), "COMMIT RULES"; what is merged
 * with what: choose.h.
 *
 * It may be killed at any moment, run again, and run beside others, flushes and compactions alike.
 */
#ifndef COMPACT_COMPACT_H
#define COMPACT_COMPACT_H

#include "base/hash.h"
#include "chunk/chunk.h"
#include "store/store.h"

/* Of one tenant and day, at its end. */
struct compact_day {
	struct bytes tenant;
	int32_t day;
	uint64_t packs_in, bytes_in;   /* that were merged */
	uint64_t packs_out, bytes_out; /* that are there in their place; not those on the way */
	struct hash_list made;	       /* those, ascending */
	uint64_t entries;	       /* of the packs that were merged */
	uint64_t duplicates;	       /* entries that were there twice */
	int64_t took_ns;
};

/* What is merged at once; of a dry run. */
struct compact_plan {
	struct bytes tenant;
	int32_t day;
	uint64_t packs, bytes; /* in */
	uint64_t packs_out;    /* at most */
};

struct compact_opts {
	struct store *store;
	struct bytes tenant; /* empty: all */
	bool one_day;
	int32_t day;
	struct chunk_params params;
	uint64_t memory_bytes; /* of the whole process, about; at least merge_memory_min() */
	unsigned jobs;
	uint64_t pack_bytes; /* choose.h */
	size_t fan_in;
	unsigned shard, n_shards; /* of n_shards programs this is number `shard`, from 0 */
	int64_t delete_delay_ns;  /* sweep.h: what is obsolete is deleted after it */
	bool dry_run;

	/* -1 with e set ends the work */
	int (*on_pack)(void *data, const char *name, struct err *e); /* committed; in the store */
	int (*on_plan)(void *data, const struct compact_plan *p, struct err *e);
	/* also when the rest of the day could not be done */
	int (*on_day)(void *data, const struct compact_day *d, struct err *e);
	void (*on_fault)(void *data, const struct err *fault); /* damage: the rest is still done */
	/* object, named relative to the store; of a dry run, that would be */
	void (*on_deleted)(void *data, const char *name);
	/* not done now: another works on it, a day that has ended waits for what may still come, or
	 * a pack of it is archived */
	void (*on_left)(void *data, struct bytes tenant, int32_t day, const char *why);
	void *data;
};

/* Errors: ERR_IO, ERR_FULL; those of the calls above. */
MUST_CHECK int compact_store(const struct compact_opts *o, struct err *e);

#endif
