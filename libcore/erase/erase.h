/*
 * Deletion and scrubbing for good: what requests to delete mean leaves the packs, and lines are
 * rewritten by rules. Only chunks that hold any of it are made anew; each tenant and day is
 * committed as a compaction is, with a receipt. Until then, and of what comes later, the requests
 * hide it from queries. When there are many they are put together in one file (deletes/merge.h).
 * Rules: lokid-deletes(5), "APPLYING"; lokid-index(5), "COMMIT RULES".
 *
 * It may be killed at any moment, run again, and run beside flushes, compactions and itself.
 */
#ifndef ERASE_ERASE_H
#define ERASE_ERASE_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/hash.h"

struct hold;
struct limits_set;
struct scrub_rules;
struct store;

/* What became of a tenant's day by one request or rule; nothing is told of those that found
 * nothing. */
struct erase_day {
	struct bytes tenant;
	int32_t day;
	struct bytes id, query;
	uint64_t packs;		 /* that have any of it */
	uint64_t chunks;	 /* of these that are made anew, for all that is asked for */
	uint64_t entries, bytes; /* of lines: removed, or rewritten as they were */
	uint64_t held;		 /* entries that would go, but are held */
};

struct erase_opts {
	struct store *store;
	struct bytes tenant; /* empty: all */
	/* NULL: delete, by the requests of the store. Else rewrite lines by these alone. */
	const struct scrub_rules *scrub;
	const struct limits_set *limits; /* deletion_mode; NULL: Loki's defaults */
	const struct hold *hold;	 /* is left as it is; NULL: nothing */
	int64_t cancel_ns;		 /* requests that are younger wait */
	uint64_t memory_bytes;		 /* of the whole process, about */
	unsigned jobs;
	unsigned shard, n_shards; /* as compact_opts has them */
	int64_t delete_delay_ns;
	bool dry_run;

	/* -1 with e set ends the work. on_day: of a dry run, what would be. */
	int (*on_day)(void *data, const struct erase_day *d, struct err *e);
	void (*on_pack)(void *data, struct bytes tenant, int32_t day, const struct hash128 *before,
			const struct hash128 *after); /* written anew, and committed */
	/* what a repair had set aside, and nobody has asked for since: lost.h */
	int (*on_lost)(const char *name, void *data, struct err *e);
	void (*on_fault)(void *data, const struct err *fault);
	void (*on_deleted)(void *data, const char *name);
	void (*on_busy)(void *data, struct bytes tenant, int32_t day);
	/* Requests were put together in one file; name is empty of a dry run. */
	void (*on_merged)(void *data, const char *name, size_t n_requests, size_t n_files);
	void *data;
};

/* Errors: ERR_IO, ERR_FULL; those of on_day. What is damaged is told, the rest is still done. */
MUST_CHECK int erase_store(const struct erase_opts *o, struct err *e);

#endif
