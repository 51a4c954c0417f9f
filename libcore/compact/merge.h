/*
 * Merges packs of one tenant and day into new ones: the entries of each stream by time, equal times
 * in the order of the inputs, entries equal in identity once. Streams stay in the order of their
 * labels. The same inputs and parameters give the same packs, however many threads work.
 */
#ifndef COMPACT_MERGE_H
#define COMPACT_MERGE_H

#include "compact/merge_plan.h"
#include "index/lineage.h"
#include "store/store.h"

enum merge_mode {
	MERGE_WRITE,
	MERGE_LOOK, /* writes nothing: only counts what .edit changes, reading no more than that */
};

struct merge_opts {
	enum merge_mode mode;
	struct store *store;
	struct bytes tenant;
	int32_t day;
	struct chunk_params params;
	unsigned jobs;
	uint64_t memory_bytes; /* of the whole process, about; at least merge_memory_min() */
	uint64_t pack_bytes;   /* a new pack begins when one has as many */
	const struct merge_index *index; /* what is known of the inputs */
	size_t n_index;
	const struct merge_input *input;
	size_t n_inputs;
	uint64_t n_entries; /* of all inputs: as many must be met, or something would be lost */
	const struct lineage *lineage;
	int64_t order_key; /* of the new packs */
	/* If not NULL, chunks are not merged but copied, or made anew when it changes them. The one
	 * input may then be larger than pack_bytes. */
	const struct merge_edit *edit;
};

struct merge_result {
	struct hash128 *pack; /* to be freed; the last one has what is said of all */
	size_t n_packs;
	uint64_t bytes; /* of these packs */
	uint64_t duplicates;
	uint64_t removed, changed; /* entries, by the edit; of chunks made anew */
	uint64_t edited_chunks;	   /* as many */
	uint32_t bad_input;	   /* of an error: the input that is to blame, or MERGE_NOT_INPUT */
};

uint64_t merge_memory_min(const struct chunk_params *p, unsigned jobs);
unsigned merge_jobs_that_fit(const struct chunk_params *p, uint64_t memory_bytes, unsigned want);

/*
 * Errors: ERR_CORRUPT, ERR_VERSION an input (ret->bad_input) or an index file is damaged; ERR_NO an
 * input is gone; ERR_LIMIT the inputs overlap too much for the memory, fewer may do; ERR_IO,
 * ERR_FULL; the edit's. Packs that were complete by then stay in the store, where no index file
 * names them. ret is set in any case.
 */
MUST_CHECK int merge_packs(const struct merge_opts *o, struct merge_result *ret, struct err *e);

#endif
