/*
 * Storage classes by age: packs whose day ended so long ago get a class of the object store that
 * keeps them for less; index files stay where they are. chunkpack --tier.
 */
#ifndef COMPACT_TIER_H
#define COMPACT_TIER_H

#include "base/buf.h"
#include "store/store.h"

enum { TIER_MAX = 8 };

struct tier {
	int64_t age_ns; /* above 0 */
	char storage_class[STORE_CLASS_MAX];
};

/* Ages ascend. */
struct tiers {
	struct tier v[TIER_MAX];
	size_t n;
};

/* "30d=STANDARD_IA,90d=GLACIER". Errors: ERR_USAGE. */
MUST_CHECK int tiers_parse(const char *text, struct tiers *ret, struct err *e);

/* The class of a pack of that age that has one already, or NULL: it stays. Packs move onwards
 * alone, from what is no tier to the first and so on. */
const char *tiers_choose(const struct tiers *t, int64_t age_ns, const char *now);

struct tier_opts {
	struct store *store;
	struct bytes tenant; /* empty: all */
	struct tiers tiers;
	bool dry_run, lifecycle;
	bool json; /* .print is given objects, but of .lifecycle */
	/* A line for each pack that is moved, or would be; releases b. -1 ends the work. */
	int (*print)(void *data, struct buf *b, struct err *e);
	/* Of a pack, or of an index file, whose day then stays; the others are done. */
	void (*fault)(void *data, const struct err *fault);
	void *data;
};

/*
 * Moves packs that are read; those that wait for their deletion, and those that no index file
 * names, stay. With .lifecycle it moves none, but gives the bucket rules by which the object store
 * does the same by itself: one for each tenant, in place of that of the same name; rules of others
 * stay. Of a dry run it prints them, as the JSON of PutBucketLifecycleConfiguration, and asks
 * nothing of the bucket. Errors: ERR_USAGE the store has no classes, or for a rule an age is not
 * one of whole days; ERR_LIMIT a name is too long for a rule; of lifecycle_merge; ERR_IO,
 * ERR_AGAIN.
 */
MUST_CHECK int tier_store(const struct tier_opts *o, struct err *e);

#endif
