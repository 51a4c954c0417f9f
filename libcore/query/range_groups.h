/*
 * The groups into which one thread counts entries, found by the entries' labels.
 *
 * A group is known by a key: numbers of names, and values. For `by`, where few labels make the
 * group, the groups met last are found by the values themselves: no key is made, nothing copied;
 * and within a block, whose values stay where they are, by where they lie.
 */
#ifndef QUERY_RANGE_GROUPS_H
#define QUERY_RANGE_GROUPS_H

#include "query/range_memory.h"
#include "query/samples.h"
#include "query/stage.h"

struct range_group {
	struct labels labels;	/* in .mem of the groups, as all below; sorted by name */
	int64_t *count, *bytes; /* n_cells of them, or NULL; differences by step */
	struct samples samples; /* from the heap */
	struct bytes *value;	/* of by->labels, when they make it; p NULL: it has no such label */
};

enum { RANGE_GROUPS_RECENT = 1 << 12, RANGE_GROUPS_LYING = 1 << 9, RANGE_GROUPS_PLACES = 2 };

struct range_groups {
	/* Given. */
	const struct grouping *by;
	const uint32_t *names; /* numbers of by->labels */
	size_t n_cells;	       /* 0: none, but samples */
	bool with_bytes;
	struct range_memory *memory;

	struct range_group *v;
	size_t n;
	struct arena mem;
	uint64_t held_bytes; /* of .memory, without the samples'; given back by release */

	size_t cap; /* private from here */
	struct map map;
	struct buf key;
	struct elabel *label; /* scratch */
	size_t cap_label;
	struct bytes *value;		      /* scratch */
	uint32_t recent[RANGE_GROUPS_RECENT]; /* numbers of groups, from 1, by hash of the values */
	struct range_lying {		      /* by hash of where the values lie */
		struct bytes value[RANGE_GROUPS_PLACES];
		uint32_t block, group; /* its serial; number from 1 */
	} lying[RANGE_GROUPS_LYING];
};

/* What a thread has of a range_sink. */
enum { RANGE_TABLE_LABELS = 64 }; /* of a stream that is counted without its blocks */

struct range_worker {
	struct range_groups groups;
	const struct labels *stream; /* whose own group this is: */
	uint32_t stream_group;
	uint32_t *known; /* by the plan's number of a stream, as long as it is below n_known: 1 +
			    the group of its own labels, 0 not known yet */
	size_t n_known, cap_known;
	const struct labels *named; /* whose names have the numbers of name_id; NULL: none */
	uint32_t name_id[RANGE_TABLE_LABELS];
};

/* Samples that are still there go too. */
void range_groups_release(struct range_groups *g);

/* The group of entry i, made when it is new; or of the stream, when b has no labels of entries yet.
 * -1: ERR_LIMIT. */
MUST_CHECK int64_t range_groups_find(struct range_groups *g, const struct block *b, uint32_t i,
				     struct err *e);

#endif
