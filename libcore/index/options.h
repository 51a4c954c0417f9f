/* Options of idxbuild as people write them. */
#ifndef INDEX_OPTIONS_H
#define INDEX_OPTIONS_H

#include "cli/cli.h"
#include "index/fsck_ask.h"
#include "store/options.h"

struct index_opts {
	struct store_opts store;
	bool rebuild, compact, retain, dump, stats, verify, fsck, freshness; /* one at most */
	uint64_t largest; /* 0: not given; UINT64_MAX: all */
	bool repair, salvage, blocks, unnamed;
	unsigned sample; /* of index_fsck; 0: not given */
	uint64_t seed;
	bool has_seed;
	int64_t max_age_ns;  /* -1: not given */
	uint64_t keep_bytes; /* 0: not given */
	double keep_free;    /* percent; 0: not given */
	int64_t now_ns;
	bool has_now;
};

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
