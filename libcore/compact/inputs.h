/*
 * The packs of one tenant and day that are read, and what is known of those that are merged.
 * Private to compact/.
 */
#ifndef COMPACT_INPUTS_H
#define COMPACT_INPUTS_H

#include "compact/merge.h"
#include "index/live.h"

struct day_at {
	struct store *store;
	struct bytes tenant;
	int32_t day;
};

/* A pack that is read. */
struct day_pack {
	struct index_pack row;
	size_t index;	 /* of the live index file that has it */
	uint32_t number; /* there */
};

/* {0} is a valid empty one. */
struct day_view {
	struct live live;
	struct day_pack *pack; /* in the order of equal things */
	size_t n, cap;
};

/* *v is to be released in any case. Errors: live_load's; ERR_CORRUPT an index file is damaged. */
MUST_CHECK int day_view_load(struct day_view *v, const struct day_at *at, struct err *e);
void day_view_release(struct day_view *v);

/* The same of files that somebody else has, and keeps: only v->pack is to be freed, on failure too.
 * Errors: ERR_CORRUPT. */
MUST_CHECK int day_view_of(struct day_view *v, const struct live *live, struct err *e);

/* The inputs of one run. {0} is a valid empty one. */
struct run_inputs {
	struct merge_input *input;
	struct lineage_input *origin;
	struct pack_trailer *trailer; /* without directories; deletes applied are also those that
					 the index file says */
	struct merge_index *index;
	bool *take; /* by live index file: has one of the inputs */
	size_t n, n_index;
	uint64_t bytes, n_entries;
	struct arena mem;
};

/*
 * Reads the trailers of v->pack[first .. first + n). wanted: how chunks are made, or NULL: as each
 * pack's are. *in is to be released in any case. Errors: ERR_CORRUPT, ERR_VERSION, ERR_NO (a pack
 * is gone), ERR_IO; *ret_bad is then the pack, a number of v->pack.
 */
MUST_CHECK int run_inputs_read(struct run_inputs *in, const struct day_at *at,
			       const struct day_view *v, size_t first, size_t n,
			       const struct chunk_params *wanted, size_t *ret_bad, struct err *e);
void run_inputs_release(struct run_inputs *in);

/* What an index file says that all its packs have applied, the one with this trailer has: it may be
 * known of packs that were not written anew, as none of what was asked for lay in them. The list is
 * made anew in a. Errors: ERR_CORRUPT. */
MUST_CHECK int inputs_add_deletes(struct pack_trailer *t, struct index *ix, struct arena *a,
				  struct err *e);

#endif
