/* Options of chunkpack as people write them. */
#ifndef COMPACT_OPTIONS_H
#define COMPACT_OPTIONS_H

#include "chunk/chunk.h"
#include "cli/cli.h"

struct pack_opts {
	const char *store_path;
	struct bytes tenant; /* empty: not given */
	struct chunk_params params;
	bool level_given, block_given, chunk_given;
	uint64_t memory_bytes;
	uint64_t jobs; /* 0: as many as there are processors, if memory allows */
	bool verbose;

	bool compact;
	bool one_day;
	int32_t day;
	uint64_t fan_in, pack_bytes; /* 0: not given */
	unsigned shard, n_shards;    /* n_shards 0: not given */
	int64_t delete_delay_ns;     /* -1: not given */
	bool dry_run;
};

/* Before the options are read. */
void pack_opts_init(struct pack_opts *o);

/* Rows of cli.taken whose data is a struct pack_opts, which outlives what they are given. */
extern const struct cli_taken pack_options[];

/* Do the options go together? Sets what was not given. Errors: ERR_USAGE. */
MUST_CHECK int pack_opts_check(struct pack_opts *o, struct err *e);

#endif
