/*
 * Of one tenant and day, which chunks go: those of which every entry has expired, and those of
 * packs that make room. What is held stays. Private to retention/.
 */
#ifndef RETENTION_EXPIRE_H
#define RETENTION_EXPIRE_H

#include "index/live.h"
#include "limits/limits.h"
#include "retention/hold.h"

/* Why packs go that make room; NULL: this one stays. */
typedef const char *expire_pick_fn(const struct hash128 *pack, void *data);

struct expire {
	struct bytes tenant;
	const struct limits *limits; /* NULL: nothing expires */
	const struct hold *hold;
	int64_t now_ns;
	expire_pick_fn *pick; /* NULL: none goes */
	void *pick_data;
};

/* What goes by one rule. */
struct expire_sum {
	const void *key; /* private */
	struct buf rule; /* as retention_add_rule has it, or as pick gave it */
	uint64_t chunks, entries, bytes;
};

struct expiry {
	const struct live *live;
	bool **drop;		/* as index_merge's, for each file */
	uint32_t **n_left;	/* of each pack of each file, chunks that stay; 0 of one skipped */
	bool **held;		/* of each pack of each file, one of its chunks is */
	struct expire_sum *sum; /* in the order in which the rules were met */
	size_t n_sums, cap_sums;
	bool *take; /* files that name a pack of which something goes */
	bool any;
};

/* Of live files that are right. ret is to be released, on failure too. Errors: ERR_CORRUPT. */
MUST_CHECK int expire_find(const struct expire *x, const struct live *l, struct expiry *ret,
			   struct err *e);
void expiry_release(struct expiry *y);

#endif
