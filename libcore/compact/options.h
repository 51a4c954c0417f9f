/* Options of chunkpack as people write them. */
#ifndef COMPACT_OPTIONS_H
#define COMPACT_OPTIONS_H

#include "chunk/chunk.h"
#include "cli/cli.h"
#include "compact/compact.h"
#include "compact/copy.h"
#include "compact/tier.h"
#include "labels/matcher.h"
#include "store/options.h"

struct pack_opts {
	struct store_opts store; /* .limits and .hold are of deletion */
	struct chunk_params params;
	bool encoding_given, level_given, block_given, chunk_given, entries_given, filter_given;
	bool lines_given;
	bool compact, erase, copy, lifecycle; /* --compact, --delete, ...: one at most */
	const char *mode;      /* set by pack_opts_check: "--compact", ...; NULL: to pack */
	const char *memory;    /* as given; or NULL */
	uint64_t memory_bytes; /* set by pack_opts_check */
	uint64_t jobs;	       /* 0: as many as there are processors, if memory allows */

	const char *scrub;	     /* file of rules, --scrub; or NULL */
	int64_t cancel_ns;	     /* -1: not given */
	uint64_t fan_in, pack_bytes; /* 0: not given */

	const char *from_path;	/* NULL: not given */
	struct bytes to_tenant; /* empty: not given */
	struct bytes selector;	/* as given; empty: not */
	struct matcher *match;	/* to be released */
	size_t n_match;
	struct arena mem; /* of .match */

	struct tiers tiers; /* n 0: not given */
};

/* Before the options are read. */
void pack_opts_init(struct pack_opts *o);
void pack_opts_release(struct pack_opts *o);

/* Rows of cli.taken whose data is a struct pack_opts, which outlives what they are given. */
extern const struct cli_taken pack_options[];

/* Do the options go together? Sets what was not given. Errors: ERR_USAGE. */
MUST_CHECK int pack_opts_check(struct pack_opts *o, struct err *e);

/* Rules for the object store of one tenant who is named are printed without a question to it. */
bool pack_opts_need_no_store(const struct pack_opts *o);

/* The store that is worked on: what is packed or copied may be the first of one; a folder that is
 * packed into becomes one only when the input is not refused from the beginning. NULL on error: as
 * store_open, store_open_marked. */
struct store *pack_opts_open(const struct pack_opts *o, struct err *e);

/* For each of them; stores and callbacks are to be set. */
struct compact_opts pack_opts_compact(const struct pack_opts *o);
struct copy_opts pack_opts_copy(const struct pack_opts *o);

#endif
