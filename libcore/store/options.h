/* Options of programs that work on a store as a whole, alike in all of them: chunkpack, idxbuild.
 */
#ifndef STORE_OPTIONS_H
#define STORE_OPTIONS_H

#include "cli/cli.h"
#include "store/cache_options.h"
#include "store/stats.h"
#include "time/time.h"

struct store_opts {
	const char *path;
	struct bytes tenant; /* empty: not given */
	bool one_day;
	int32_t day;
	unsigned shard, n_shards;  /* shard.h; n_shards 0: not given */
	int64_t delete_delay_ns;   /* -1: not given */
	const char *limits, *hold; /* files; NULL: the store's own */
	enum cli_format format;
	bool dry_run, stats, verbose;
	struct cache_opts cache;
};

#define STORE_DEFAULT_PATH "lokid-data/store"

/* How long what was replaced stays, when nothing else is said. */
#define STORE_DELETE_DELAY_NS (2 * 3600 * NS_PER_S)

/* For rows of cli.taken. at: a struct bytes; an int64_t, nanoseconds of 0 and above. */
int store_take_tenant(void *at, const char *value, struct err *e);
int store_take_delay(void *at, const char *value, struct err *e);
/* at: the struct store_opts. */
int store_take_day(void *at, const char *value, struct err *e);
int store_take_shard(void *at, const char *value, struct err *e);

/* Rows of cli.taken for how the store is reached, which say the same everywhere; at: where in its
 * data the struct store_opts lies. */
#define STORE_OPTIONS(at)                                                                        \
	{ { 0, "require-private", NULL, "refuse a store whose name leads to a public address" }, \
	  store_take_private,                                                                    \
	  0 },                                                                                   \
		CACHE_OPTIONS((at) + offsetof(struct store_opts, cache)),                        \
	{                                                                                        \
		{ 0, "store-stats", NULL, "say at the end what was asked of the store" },        \
			cli_take_flag, (at) + offsetof(struct store_opts, stats)                 \
	}

#endif
