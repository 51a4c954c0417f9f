/*
 * What can still be read of a pack that no index file can name, because its trailer or the head of
 * one of its chunks is damaged, as a new pack. Private to index/.
 */
#ifndef INDEX_SALVAGE_H
#define INDEX_SALVAGE_H

#include "index/loss.h"
#include "store/names.h"
#include "store/store.h"

struct salvaged {
	struct hash128 name; /* of the new pack, when it has entries */
	uint64_t entries;
	struct kept_blocks kept; /* of the damaged one */
	struct loss lost;	 /* by the heads of chunks that can be read */
	bool all_seen;		 /* there can be nothing that no head tells of */
};

/*
 * Chunks that are whole go into the new pack as they are, of others the blocks that can be read.
 * The same damaged bytes give the same pack, so who does it again writes over himself. It says that
 * it replaces nothing. ret is to be released, on failure too. Errors: ERR_IO, ERR_FULL, ERR_AGAIN;
 * ERR_NO the damaged one is gone.
 */
MUST_CHECK int salvage_pack(struct store *s, const struct store_name *damaged, struct salvaged *ret,
			    struct err *e);
void salvaged_release(struct salvaged *v);

#endif
