/* Entries of many streams, in order of arrival, put in the order of packs: by stream, then time. */
#ifndef COMPACT_SORT_H
#define COMPACT_SORT_H

#include "base/err.h"
#include "entry/entries.h"

/* The entries order[first .. first + n) are those of one stream, sorted by time. */
struct span {
	uint32_t stream;
	size_t first, n;
};

struct sorted {
	uint32_t *order; /* numbers of entries */
	struct span *span;
	size_t n_spans;
	size_t n_duplicates;
};

void sorted_release(struct sorted *s);

/*
 * Sorts by stream number (below n_streams), then time; equal times stay as they arrived. Of entries
 * equal in identity only the first is in the order. es has at most UINT32_MAX entries and is not
 * changed. Memory: 4 bytes an entry, at most 2 more an entry while it works. Errors: those of
 * work_run.
 */
MUST_CHECK int entries_sort(const struct entries *es, uint32_t n_streams, unsigned jobs,
			    struct sorted *ret, struct err *e);

#endif
