/*
 * The stored bytes that a batch of a merge needs, read in few large pieces: packs lie in the same
 * order as the plan, so of each it is mostly one.
 */
#ifndef COMPACT_MERGE_READ_H
#define COMPACT_MERGE_READ_H

#include "compact/merge_plan.h"
#include "store/names.h"
#include "store/store.h"

struct merge_extent {
	uint64_t off, len; /* in the raw image of the pack */
	size_t at;	   /* in .bytes */
};

/* Of one input. */
struct merge_bytes {
	struct buf bytes;
	struct merge_extent *v; /* ascending, apart */
	size_t n, cap;
};

struct merge_reader {
	struct store *store;
	struct bytes tenant;
	int32_t day;
	const struct merge_input *input;
	size_t n_inputs;
	unsigned jobs;
	struct merge_bytes *of; /* by input */
	uint32_t *wanted;	/* inputs that the batch needs */
	size_t n_wanted;
	size_t *done; /* of these, while they are read */
};

void merge_reader_init(struct merge_reader *r, struct store *s, struct bytes tenant, int32_t day,
		       const struct merge_input *input, size_t n_inputs, unsigned jobs);
void merge_reader_release(struct merge_reader *r);

/*
 * Reads what the parts of b need; what was read before is gone. Errors: ERR_NO a pack is gone,
 * ERR_CORRUPT it is too short: then *ret_input says which; ERR_IO.
 */
MUST_CHECK int merge_read(struct merge_reader *r, const struct merge_batch *b, uint32_t *ret_input,
			  struct err *e);

/* Bytes that merge_read has read; valid until the next. For any thread. */
struct bytes merge_bytes_at(const struct merge_reader *r, uint32_t input, uint64_t off,
			    uint64_t len);

#endif
