/* What is still good of a damaged segment, into a fresh one. */
#ifndef INGEST_SALVAGE_H
#define INGEST_SALVAGE_H

#include "base/io.h"
#include "wal/segment.h"

enum { SALVAGE_NAMES_MAX = 1000 }; /* in one folder, of what was called the same */

struct salvage_counts {
	uint64_t n_batches, n_entries;	  /* saved */
	uint64_t n_places, n_bytes;	  /* lost: stretches of the file, their bytes */
	uint64_t n_unreadable, n_unknown; /* entries of sound records that do not decode; of streams
					     that no series record describes */
	bool undamaged;			  /* nothing was to be saved: none of it was written */
	bool damaged;			  /* something is lost that is not the torn tail */
	bool lost_entries;		  /* and it had entries, or may have had some */
};

/*
 * Writes the entries of a damaged seg that can be read into a new segment in dir, durable and
 * ended, and the bytes that could not into dir/NAME.rest, when there are any: with each batch of
 * which some entries could not be read. Where there is one with other bytes it is NAME-2.rest. One
 * that has no damage (a torn tail is none) is left alone. Series records count wherever they stand
 * in the segment, and a damaged header is passed over. *ret_path (to be freed) is the new segment,
 * NULL when nothing was saved; *ret_rest (to be freed) the other, or NULL. The old one stays as it
 * is. Errors: ERR_IO, ERR_FULL, ERR_VERSION.
 */
MUST_CHECK int salvage_segment(const struct wal_segment *seg, const char *dir,
			       struct salvage_counts *ret, char **ret_path, char **ret_rest,
			       struct err *e);

/*
 * The same, but the new segment has no name yet: *ret is to be committed or aborted, and who is
 * killed before leaves nothing that has a segment's name. It is not open when nothing was saved.
 * *ret_path (to be freed) is what salvage_segment would call it.
 */
MUST_CHECK int salvage_unnamed(const struct wal_segment *seg, const char *dir,
			       struct salvage_counts *ret_counts, struct file_replace *ret,
			       char **ret_path, char **ret_rest, struct err *e);

/* Sets path to "dir/NAME" and end, and from n = 2 on to "dir/NAME-2": of NAME.wal. */
void salvage_set_path(struct buf *path, const char *dir, const char *name, int n, const char *end);

/* "12 entries in 3 batches saved to NEW; lost: ..." */
void salvage_counts_add(struct buf *b, const struct salvage_counts *c, const char *path,
			const char *rest);

#endif
