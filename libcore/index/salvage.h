/*
 * What can still be read of a damaged pack as a new pack. Private to index/.
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
	bool has_trailer;	 /* that can be read */
};

struct salvage_how {
	bool dry_run; /* nothing is written, and ret->name stays zero */
	/* The chunks that are to be kept, by their offsets; others count for nothing. NULL: all. */
	const struct kept_blocks *only;
	/* Not NULL: the new pack says that it replaces the damaged one, as is needed of one for
	 * index_merge. Of its parts these, ascending, are there. */
	const struct hash_list *there;
};

/*
 * Chunks that are whole go into the new pack as they are, of others the blocks that can be read.
 *
 * What the trailer, if it can be read, says of where the entries come from is taken over when all
 * of them were kept, or when lines were rewritten. When some are lost, the new pack does not say
 * that it has segments of the log, or packs that the damaged one had replaced: so what of that is
 * there, or turns up in a backup, counts, and so does the damaged pack when it comes back whole.
 *
 * In the same store the same damaged bytes give the same pack, so who does it again writes over
 * himself. ret is to be released, on failure too. Errors: ERR_IO, ERR_FULL, ERR_AGAIN; ERR_NO the
 * damaged one is gone.
 */
MUST_CHECK int salvage_pack(struct store *s, const struct store_name *damaged,
			    const struct salvage_how *how, struct salvaged *ret, struct err *e);
void salvaged_release(struct salvaged *v);

#endif
