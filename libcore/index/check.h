/* Whether an index file and the packs that it names agree: idxbuild --verify. */
#ifndef INDEX_CHECK_H
#define INDEX_CHECK_H

#include "index/index.h"

/*
 * Every checksum and reference of the index file itself (index_verify), that its name is its hash,
 * and, when packs is INDEX_CHECK_PACKS, that each pack is there with its trailer, that the heads of
 * all its chunks say what the index says, and that each replaced segment stands in a trailer whose
 * parts are all in this index. Blocks are not read. Returns the number of faults, each told.
 */
enum index_check_packs { INDEX_CHECK_FILE, INDEX_CHECK_PACKS };
MUST_CHECK uint64_t index_check(struct store *s, struct index *ix, enum index_check_packs packs,
				index_fault_fn *fault, void *data);

#endif
