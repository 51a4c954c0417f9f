/* How much went with packs that can no longer be read, as far as index files tell. Private to
 * index/. */
#ifndef INDEX_LOSS_H
#define INDEX_LOSS_H

#include "base/buf.h"
#include "base/hash.h"
#include "store/names.h"
#include "store/store.h"

/* {0} is nothing. */
struct loss {
	uint64_t entries, line_bytes;
	int64_t min_ts, max_ts; /* of them */
};

void loss_add(struct loss *l, uint64_t entries, uint64_t line_bytes, int64_t min_ts,
	      int64_t max_ts);
/* Appends "3 entries, 56 bytes of lines, from TIME to TIME". */
void loss_add_text(const struct loss *l, struct buf *b);

/* The blocks of a pack that were kept, by their offsets in it. {0} is none. */
struct kept_blocks {
	uint64_t *v; /* ascending */
	size_t n, cap;
};
void kept_blocks_add(struct kept_blocks *k, uint64_t off);
bool kept_blocks_has(const struct kept_blocks *k, uint64_t off);
void kept_blocks_release(struct kept_blocks *k);

/*
 * What index files tell of a pack's blocks but for those that were kept; also such files as are
 * obsolete, or were set aside. 1; 0 none that can be read names it. Errors: ERR_IO, ERR_AGAIN.
 */
MUST_CHECK int loss_of_pack(struct store *s, const struct store_name *pack,
			    const struct kept_blocks *kept, struct loss *ret, struct err *e);

/*
 * When the index files `without` go, ascending by name, and all that name a pack which is not
 * there: how many entries have the packs that they replaced and that count again then. Errors:
 * ERR_IO, ERR_AGAIN.
 */
MUST_CHECK int loss_regained(struct store *s, struct bytes tenant, int32_t day,
			     const struct hash_list *without, uint64_t *ret_entries, struct err *e);

#endif
