/* Whether an index file and the packs that it names agree: idxbuild --verify. */
#ifndef INDEX_CHECK_H
#define INDEX_CHECK_H

#include "index/fault.h"
#include "index/index.h"

/* What the live index files of its tenant and day say together, for one of them. */
struct index_beside {
	const bool *skip_pack;	/* of live.h: packs that are not read, so they may be gone */
	const bool *leave;	/* NULL: none. Others are not read either: they are not in a sample,
				   or known to be damaged */
	struct hash_list known; /* live_known_packs */
};

/*
 * Every checksum and reference of the index file itself (index_verify), that its name is its hash,
 * and, for a live one (beside is not NULL), that each pack is there with its trailer, that the
 * heads of all its chunks say what the index says, and that each replaced segment stands in a
 * trailer whose parts are all known. Blocks are not read. Returns the number of faults, each told:
 * the index file is called by its label, a pack by its name in the store.
 */
MUST_CHECK uint64_t index_check(struct store *s, struct index *ix,
				const struct index_beside *beside, index_tell_fn *tell, void *data);

#endif
