/*
 * Segments of the log against what a store covers of them: which are still to be packed, which may
 * go.
 */
#ifndef INGEST_COVERED_H
#define INGEST_COVERED_H

#include "index/cover.h"
#include "wal/segment.h"

enum covered {
	COVERED_NOT,	 /* some entries are not in the store yet */
	COVERED_UNSOUND, /* an index says that they are, but is damaged itself, or a pack that it
			    names is not there */
	COVERED_WHOLE,	 /* all are, and the covering packs and index files are sound; or it has no
			    entries */
	COVERED_EMPTY,	 /* a file of no bytes */
	COVERED_OPEN,	 /* its writer holds it: not to be judged yet */
	COVERED_DAMAGED, /* something of it is lost, so it is never packed as a whole: for
			    --salvage */
};

/*
 * What a segment is, by its sidecar (made when absent) and the store. Errors: ERR_IO, ERR_AGAIN,
 * ERR_LIMIT, ERR_VERSION; ERR_CORRUPT: another segment begins in it.
 */
MUST_CHECK int covered_ask(struct cover *c, const struct wal_segment *seg, enum covered *ret,
			   struct err *e);

/* Is something of a closed segment lost, as its sidecar (made when absent) or its ends show? 1, 0.
 * Errors: as covered_ask, but for ERR_CORRUPT, which is 1. */
MUST_CHECK int covered_is_damaged(const struct wal_segment *seg, struct err *e);

/* A segment turned out to be damaged when it was read: remembers that in its sidecar. Errors:
 * ERR_IO, ERR_FULL. */
MUST_CHECK int covered_note_damage(const struct wal_segment *seg, struct err *e);

/* Deletes, in a WAL folder, what writers that died left under temporary names, and sidecars whose
 * segment is gone. What is no folder, as a segment, has none. Errors: ERR_IO. */
MUST_CHECK int covered_sweep(const char *dir, struct err *e);

#endif
