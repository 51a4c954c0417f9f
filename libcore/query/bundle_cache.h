/*
 * Bundles of packs (chunk/bundle.h) that were unpacked, kept for who reads other chunks of them: of
 * each query so many bytes at most, the ones used last. For any thread.
 */
#ifndef QUERY_BUNDLE_CACHE_H
#define QUERY_BUNDLE_CACHE_H

#include "base/buf.h"
#include "chunk/bundles.h"

enum { BUNDLE_CACHE_BYTES = 8 << 20 }; /* pieces of one follow one another: plan_together */

struct bundle_cache;
struct bundle_held;

/* A source's bundles, and where each is held. */
struct bundle_shelf {
	struct bundle_cache *cache;
	struct pack_bundles bundles;
	struct bundle_held **held; /* private: of each, NULL for one that is not */
};

/* max: bytes that are kept while nobody uses them; those in use count, and are kept in any case. */
struct bundle_cache *bundle_cache_new(uint64_t max);
/* After all that was taken was given back. NULL is fine. */
void bundle_cache_free(struct bundle_cache *c);

/* The chunks of bundle b of the shelf, if they are there: bundle_held_bytes of it are valid until
 * bundle_give_back. NULL: they are not. */
struct bundle_held *bundle_take(struct bundle_shelf *s, const struct pack_bundle *b);
/* Puts them there, and takes them; *raw is taken over: what it is then is empty, but may have
 * room. */
struct bundle_held *bundle_put(struct bundle_shelf *s, const struct pack_bundle *b,
			       struct buf *raw);
struct bytes bundle_held_bytes(const struct bundle_held *h);
void bundle_give_back(struct bundle_held *h); /* NULL is fine */

#endif
