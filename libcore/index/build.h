/*
 * From packs to index files: idxbuild's work. Only the trailers of packs and the heads of their
 * chunks are read. What an index replaces comes from the trailers alone. Rules: lokid-index(5),
 * "COMMIT RULES".
 */
#ifndef INDEX_BUILD_H
#define INDEX_BUILD_H

#include "index/index.h"
#include "store/names.h"

/* Told as the work goes on; both may be NULL. */
struct build_events {
	/* A pack that cannot be used, and why (its path is in the message). The others are still
	 * done. */
	void (*fault)(const struct err *e, void *data);
	/* An index file, named relative to the store, that is now complete and durable (it may have
	 * been before). */
	void (*made)(const char *name, const struct index_info *info, void *data);
	/* An index file that was deleted, by a rebuild. */
	void (*deleted)(const char *name, void *data);
	void *data;
};

/*
 * Makes the index files over these packs: for each tenant and day one over those that come whole
 * from WAL segments, and one over the others, if there are any. A pack that others in the list make
 * obsolete is left out. names may be in any order, with doubles; the same set gives the same files.
 *
 * Returns the number of packs that could not be used: each was told to ev->fault, and nothing that
 * would need it is said to be covered. Errors: ERR_IO, ERR_FULL, ERR_LIMIT (an index file cannot be
 * written: the rest is not tried).
 */
MUST_CHECK int64_t index_build(struct store *s, const struct store_name *names, size_t n,
			       const struct build_events *ev, struct err *e);

/*
 * Makes the index files of one tenant anew from all packs in the store, and deletes, day by day,
 * those that were there before and are not among them; on days with a pack that cannot be used
 * nothing is deleted. A pack that such a file names and the store has not is told to ev->fault;
 * on days of which the store has no pack at all, the file stays. A day whose lock somebody else has
 * is told, as ERR_AGAIN, and left as it is. What writers that died left among the packs and index
 * files of the tenant is deleted.
 */
MUST_CHECK int64_t index_rebuild(struct store *s, struct bytes tenant,
				 const struct build_events *ev, struct err *e);

#endif
