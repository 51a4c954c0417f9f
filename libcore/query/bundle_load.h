/* Chunks in bundles, for sources of packs: query/bundle_cache.h has those that were unpacked. For
 * any thread, each with a load_mem of its own, but for bundle_shelf_init. */
#ifndef QUERY_BUNDLE_LOAD_H
#define QUERY_BUNDLE_LOAD_H

#include "query/bundle_cache.h"
#include "query/load.h"

struct plan;

/* Makes a shelf for these bundles in the cache of the plan. Their rows are borrowed, and what it
 * has of each lies in a: both outlive the last read. For the thread that makes the plan. */
void bundle_shelf_init(struct bundle_shelf *ret, struct plan *p, const struct pack_bundles *b,
		       struct arena *a);

/* The bundle's chunks, if they are at hand: then m holds them, and *ret is valid, until m is used
 * for another bundle, or released. */
bool bundle_at_hand(struct bundle_shelf *s, const struct pack_bundle *b, struct load_mem *m,
		    struct bytes *ret);
/* Likewise, when another thread that unpacks them has ended. False: the caller is to call
 * bundle_open or bundle_fail (query/bundle_cache.h) next, and to wait for no other thread before.
 */
MUST_CHECK bool bundle_begin(struct bundle_shelf *s, const struct pack_bundle *b,
			     struct load_mem *m, struct bytes *ret);
/* After that: unpacks them from what is stored, else as above. Errors: as bundle_unpack_at. */
MUST_CHECK int bundle_open(struct bundle_shelf *s, const struct pack_bundle *b, struct bytes stored,
			   struct load_mem *m, struct bytes *ret, struct err *e);

/* What t has counted of a bundle's chunk beyond `before` stored bytes becomes what that takes in
 * the pack. b NULL: it lies in none, nothing changes. */
void bundle_count_share(const struct pack_bundle *b, uint64_t before, struct load_stats *t);

/* Of bytes of a bundle's chunks, those of the chunk of len bytes at off of the raw image: less,
 * when it does not lie in there. */
static inline struct bytes bundle_chunk(const struct pack_bundle *b, struct bytes raw, uint64_t off,
					uint32_t len)
{
	return bytes_sub(raw, off - b->raw_off, len);
}

#endif
