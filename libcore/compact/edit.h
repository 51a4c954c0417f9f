/*
 * What becomes of entries on their way through a merge: some are left out, or get another line.
 * Chunks of which nothing changes are copied as they are, byte for byte.
 */
#ifndef COMPACT_EDIT_H
#define COMPACT_EDIT_H

#include "entry/entries.h"
#include "labels/labels.h"

/* What becomes of the entries of a run. */
struct edit_says {
	bool any;	  /* else nothing changes, and the others are not looked at */
	const bool *gone; /* by entry: it is left out; NULL: none is */
	const struct bytes
		*line; /* by entry: its new line, or the old one again; NULL: as it was */
};

struct merge_edit {
	/* May entries of this stream from from_ns to through_ns, both included, change? Asked of
	 * each chunk before it is read, on the thread that merges. */
	bool (*touches)(void *data, const struct labels *labels, int64_t from_ns,
			int64_t through_ns);
	/*
	 * Decides on a run of such a chunk, all columns decoded; each is asked about once.
	 * worker, below the merge's jobs, says which thread asks: *ret is good until its next call.
	 * Errors: whatever ends the merge.
	 */
	int (*decide)(void *data, unsigned worker, const struct labels *labels,
		      const struct run *run, struct edit_says *ret, struct err *e);
	void *data;
};

#endif
