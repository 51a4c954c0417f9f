/*
 * What a merge of packs does, stream by stream in the order of labels, known from index rows alone:
 * each stream is cut by time into items of about a chunk, where a block begins, so that equal
 * timestamps are never parted and an item needs nothing of another. The plan comes in batches, so
 * that a day of a hundred thousand streams is not held whole. For one thread.
 */
#ifndef COMPACT_MERGE_PLAN_H
#define COMPACT_MERGE_PLAN_H

#include "chunk/bundles.h"
#include "chunk/chunk.h"
#include "compact/edit.h"
#include "index/index.h"

enum { MERGE_NOT_INPUT = UINT32_MAX };

/* A pack that is merged. Their numbers follow the order in which equal things come. */
struct merge_input {
	struct hash128 name;
	uint64_t size, entries;
	bool as_wanted; /* its chunks are made as they would be now, or better */
	struct pack_bundles bundles;
};

/* An index file in which packs stand that are merged. */
struct merge_index {
	struct index *ix;
	uint32_t *input_of; /* by number of the pack: of the input, or MERGE_NOT_INPUT */
};

/* Blocks of one chunk, which follow each other in the pack. */
struct merge_part {
	uint32_t input;
	uint32_t head_len, len; /* of the chunk */
	uint32_t first_block, n_blocks;
	uint32_t all_blocks; /* of the chunk */
	uint64_t off;	     /* of the chunk in the raw image of the pack, as what follows */
	uint64_t blocks_off; /* of the first block */
	uint64_t blocks_len;
};

/* The entries of a stream in [from_ns, to_ns); INT64_MAX is no end. */
struct merge_item {
	uint32_t stream; /* of the batch */
	bool as_it_is;	 /* its one part is a whole chunk, which is copied */
	bool edited;	 /* its one part is a whole chunk, whose entries may change */
	bool goes_on;	 /* of the same moment as the item before it: they stay in one pack */
	int64_t from_ns, to_ns;
	size_t first_part, n_parts; /* of the batch; parts are in the order of equal things */
	uint64_t weight;	    /* of all its blocks */
};

struct merge_stream {
	struct hash128 id;
	struct labels labels;
};

/* {0} is a valid empty one. */
struct merge_batch {
	struct merge_stream *stream;
	struct merge_item *item;
	struct merge_part *part;
	size_t n_streams, n_items, n_parts;
	size_t cap_streams, cap_items, cap_parts;
	uint64_t stored_bytes; /* of heads and blocks, about */
	struct arena mem;
};

void merge_batch_release(struct merge_batch *b);

struct merge_plan_opts {
	const struct merge_index *index;
	size_t n_index;
	const struct merge_input *input;
	size_t n_inputs;
	const struct chunk_params *params; /* of the new chunks */
	uint64_t batch_bytes;		   /* stored, of a batch: one item more at most */
	uint64_t item_bytes; /* of memory that an item's entries need while they are sorted */
	/* If not NULL, the chunks are not merged: each is an item, edited or as it is. */
	const struct merge_edit *edit;
	bool edited_only; /* no others */
};

struct merge_plan;

/* Keeps what o points to. */
struct merge_plan *merge_plan_new(const struct merge_plan_opts *o);
void merge_plan_free(struct merge_plan *p); /* NULL is fine */

/*
 * Fills b, which is emptied first. 1, 0 at the end. Errors: ERR_CORRUPT, an index file is damaged;
 * ERR_LIMIT, packs overlap so much, or a chunk that is edited is so large, that an item is over
 * item_bytes: fewer at once may do.
 */
MUST_CHECK int merge_plan_next(struct merge_plan *p, struct merge_batch *b, struct err *e);

#endif
