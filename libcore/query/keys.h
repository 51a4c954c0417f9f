/*
 * Field names as parsers meet them: the raw key of a JSON member below some path, or of a logfmt
 * pair, to the number of the label it becomes. Each raw key is cleaned and numbered once.
 */
#ifndef QUERY_KEYS_H
#define QUERY_KEYS_H

#include "query/stage.h"

struct key {
	uint64_t hash;
	struct bytes raw;
	uint32_t path;	 /* where it was met */
	uint32_t origin; /* for block_set_field: the same for a.b and a_b, as Loki has it */
	uint32_t name;	 /* of the label, without "_extracted"; MAP_NONE when nothing of the key is
			    left */
	uint32_t below;	 /* path of its members */
	bool want;	 /* hints: take the label */
	bool want_below; /* hints: something below may be wanted */
	bool used;
};

struct keys {
	struct key *slot;
	size_t n, cap;
	struct arena text;
	struct bytes *path; /* label name so far, of each path; path 0 is the root */
	size_t n_paths, cap_paths;
	struct buf scratch;
	uint32_t era; /* how often all was forgotten, and numbers of paths with it */
};

enum { PATH_ROOT = 0 };

void keys_release(struct keys *k);

/* The key; valid until the next call. Keys of no more than 2^16 names are kept, then all are
 * forgotten. */
const struct key *keys_get(struct keys *k, const struct hints *h, struct names *names,
			   uint32_t path, struct bytes raw);

#endif
