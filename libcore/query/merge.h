/* Runs of one stream into one: by time, each entry once. */
#ifndef QUERY_MERGE_H
#define QUERY_MERGE_H

#include "entry/columns.h"

/* Where a merged run lies; kept between calls. {0} is a valid empty one. */
struct merge_mem {
	struct merge_ref {
		int64_t ts;
		uint32_t run, i;
	} * ref;
	size_t cap_ref;
	struct buf ts, off, lines, set;
	struct metatab meta;
	struct arena labels;
};

void merge_mem_release(struct merge_mem *m);

/* What a caller knows of the runs: entries of raw files are never folded, equal or not. */
enum merge_how { MERGE_FOLD, MERGE_KEEP_ALL };

/*
 * Merges n runs (timestamps, lengths and lines loaded, metadata if with_meta) whose entries lie in
 * from <= ts < to; of equal timestamps those of the earlier run come first, then as they lie. The
 * result lies in m until the next call. Errors: ERR_LIMIT when it would be larger than a run may
 * be.
 */
MUST_CHECK int merge_runs(const struct run *v, size_t n, enum merge_how how, bool with_meta,
			  int64_t from, int64_t to, struct merge_mem *m, struct run *ret,
			  struct err *e);

#endif
