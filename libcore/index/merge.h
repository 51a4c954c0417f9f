/*
 * One index file in place of several: what compactions commit. Rules: lokid-index(5), "COMMIT
 * RULES".
 */
#ifndef INDEX_MERGE_H
#define INDEX_MERGE_H

#include "index/live.h"

enum index_merge_mode {
	INDEX_MERGE_WRITE,
	INDEX_MERGE_NAME, /* nothing is written, the name is told all the same */
};

struct index_merge {
	struct store *store;
	struct bytes tenant;
	int32_t day;
	const struct live *live;
	const bool *take; /* take[i]: live->v[i] is replaced; NULL: all are. At least one is */
	/* drop[i][c]: chunk c of live->v[i], which is taken, is left out for good; drop, and each
	 * drop[i], may be NULL. A pack that has none left is said to be replaced. What has dropped
	 * chunks of a pack that others name takes those others, too. */
	const bool *const *drop;
	/* A pack that is left out for good, also when it has no chunks; it is said to be replaced.
	 * NULL: none. Who names it takes all that do. */
	const struct hash128 *gone;
	/* New packs, durable in the store: of each run all, those that are parts too. What their
	 * trailers say is replaced is left out. */
	const struct hash128 *added;
	size_t n_added;
	/* Delete requests that all packs of the new file have applied, whatever is said of them
	 * elsewhere. */
	const struct bytes *applied;
	size_t n_applied;
};

/*
 * Writes the file: packs of those that it takes, but what is replaced, and the added ones; it
 * replaces, by name, what it takes and what that replaced, covers the same segments, has the marks
 * of rewriting.h that any live file has, and names as applied the deletes that all its packs have;
 * a file without packs, those that all it takes name. The same input gives the same file. ret_name
 * (if not NULL) gets its name, relative to the store, appended; *ret_hash its hash.
 *
 * Errors: ERR_CORRUPT a file that it takes is damaged (it is named), or an added pack is not there,
 * is damaged or has a part that is neither there nor replaced; ERR_AGAIN a file that it takes is
 * not live any more or was deleted since *live was loaded, so others have replaced it; ERR_IO,
 * ERR_FULL, ERR_LIMIT.
 */
MUST_CHECK int index_merge(const struct index_merge *m, enum index_merge_mode mode,
			   struct hash128 *ret_hash, struct buf *ret_name, struct err *e);

#endif
