/* --cache and --cache-size, the same in all programs that read a store. */
#ifndef STORE_CACHE_OPTIONS_H
#define STORE_CACHE_OPTIONS_H

#include "cli/cli.h"
#include "store/cache.h"
#include "store/store.h"

struct cache_opts {
	const char *dir; /* NULL: no cache */
	uint64_t bytes;	 /* 0: not given */
};

/* Rows of cli.taken; at: where in its data a struct cache_opts lies. */
#define CACHE_OPTIONS(at)                                                         \
	{ { 0, "cache", "DIR", "keep there what is fetched of a remote store" },  \
	  cli_take_text,                                                          \
	  (at) + offsetof(struct cache_opts, dir) },                              \
	{                                                                         \
		{ 0, "cache-size", "SIZE", "of --cache (10GiB)" }, cli_take_size, \
			(at) + offsetof(struct cache_opts, bytes)                 \
	}

/* Errors: ERR_USAGE, a size without a cache. */
MUST_CHECK int cache_opts_check(const struct cache_opts *o, struct err *e);

/* NULL: none was asked for. What is wrong with it is a warning of c, which outlives it. */
struct cache *cache_opts_open(const struct cache_opts *o, struct cli *c);

/* Appends what it was good for, as one line without its end; NULL: nothing. */
void cache_add_counts(struct buf *b, const struct cache *c);

#endif
