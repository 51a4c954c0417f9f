/* Options of idxbuild as people write them. */
#ifndef INDEX_OPTIONS_H
#define INDEX_OPTIONS_H

#include "cli/cli.h"
#include "index/fsck_ask.h"
#include "store/cache_options.h"
#include "time/time.h"

struct index_opts {
	const char *store_path;
	bool rebuild, compact, retain, dump, stats, verify, fsck, freshness; /* one at most */
	struct bytes tenant;						     /* empty: not given */
	uint64_t largest; /* 0: not given; UINT64_MAX: all */
	bool one_day;
	int32_t day;
	int64_t delete_delay_ns; /* -1: not given */
	bool dry_run, store_stats, verbose;
	struct cache_opts cache;
	bool repair, blocks;
	unsigned sample; /* of index_fsck; 0: not given */
	uint64_t seed;
	bool has_seed;
	enum fsck_format format;
	bool has_format;
	int64_t max_age_ns; /* -1: not given */
	const char *limits_file, *hold_file;
	uint64_t keep_bytes; /* 0: not given */
	double keep_free;    /* percent; 0: not given */
	int64_t now_ns;
	bool has_now;
	unsigned shard, n_shards; /* n_shards 0: not given */
};

/* How long what a compaction replaced stays, when nothing else is said. */
#define INDEX_DELAY_NS (2 * 3600 * NS_PER_S)

/* For rows of chunkpack, too. at: a struct bytes; an int64_t, nanoseconds of 0 and above. */
int index_take_tenant(void *at, const char *value, struct err *e);
int index_take_delay(void *at, const char *value, struct err *e);

/* Before the options are read. */
void index_opts_init(struct index_opts *o);

/* Rows of cli.taken whose data is a struct index_opts, which outlives what they are given. */
extern const struct cli_taken index_options[];

/* Do the options go together, and with so many operands? Sets what was not given. Errors:
 * ERR_USAGE. */
MUST_CHECK int index_opts_check(struct index_opts *o, int n_operands, struct err *e);

/* The store that is worked on; those that mend the mark do without. NULL on error: as
 * store_open_whole, store_open_marked. */
struct store *index_opts_open(const struct index_opts *o, struct err *e);

/* What --fsck is asked with; who says what has expired, and whom all is told, is left to the
 * caller. */
struct fsck_ask index_opts_fsck(const struct index_opts *o, struct store *s);

#endif
