/*
 * Runs of one stream into one: by time, each entry once, in bounded memory.
 *
 * A merge is of a window of time. Runs are added one after another, in the order which their
 * entries of one timestamp have; what lies in the window is copied. When that becomes too much the
 * window is made smaller, or, when it is one timestamp only, what is there is given out and the
 * rest follows:
 *
 *	merge_begin(m, how, lo, hi);
 *	for each run: merge_add(m, run);
 *	              if (merge_is_full(m)) { merge_take(m, ...); use it; merge_go_on(m); }
 *	merge_take(m, ...); use it; and begin again at m->hi + 1 if m->hi is below hi.
 */
#ifndef QUERY_MERGE_H
#define QUERY_MERGE_H

#include "base/map.h"
#include "entry/columns.h"

/* What a caller knows of the runs: entries of raw files are never folded, equal or not. */
enum merge_how { MERGE_FOLD, MERGE_KEEP_ALL };

enum {
	MERGE_BYTES_MAX = 32 << 20, /* lines and references to them: beyond it it is full */
	MERGE_SEEN_MAX = 1 << 21,   /* entries of one timestamp that were given out before the rest
				     * came; 144 bytes each at most */
};

/* Kept between merges. {0} is a valid empty one, but for bytes_max and seen_max. */
struct merge {
	int64_t lo, hi;	    /* the window as it is now, hi included */
	uint64_t n_folded;  /* equal entries that the last merge_take has dropped */
	uint64_t bytes_max; /* MERGE_BYTES_MAX, or less in tests */
	size_t seen_max;    /* MERGE_SEEN_MAX, or less in tests */

	enum merge_how how; /* private from here */
	struct merge_ref {
		int64_t ts;
		uint64_t off; /* in lines; ascending as they were added */
		uint32_t len, set;
	} * ref;
	size_t n, cap_ref;
	struct merge_ref *spare; /* for sorting, as end: where ascending stretches end */
	size_t *end, cap_spare, cap_end;
	bool sorted;
	struct buf lines, ts, off, set, merged;
	struct metatab meta;
	struct arena mem;
	struct map seen; /* hashes of the lines that were given out already of this timestamp */
	struct arena seen_mem;
};

void merge_release(struct merge *m);

void merge_begin(struct merge *m, enum merge_how how, int64_t lo, int64_t hi);

/* Copies what lies in the window of a run, of which all columns are loaded; perhaps lowers m->hi,
 * and drops what lies behind it. */
void merge_add(struct merge *m, const struct run *r);

/* Whether it holds too much, all of one timestamp. */
bool merge_is_full(const struct merge *m);

/* What was added, merged. It lies in m until the next call. Errors: ERR_LIMIT when it is larger
 * than a run may be. */
MUST_CHECK int merge_take(struct merge *m, struct run *ret, struct err *e);

/* After merge_take when it was full: what was taken is forgotten, but equal entries that are added
 * later are still dropped. (Those are known by the 128-bit hashes of their lines.) Errors:
 * ERR_LIMIT when these are more than seen_max. */
MUST_CHECK int merge_go_on(struct merge *m, struct err *e);

#endif
