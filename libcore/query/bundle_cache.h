/*
 * Bundles of packs (chunk/bundle.h) that were unpacked, kept for who reads other chunks of them: of
 * each query so many bytes at most, the ones used last. For any thread.
 */
#ifndef QUERY_BUNDLE_CACHE_H
#define QUERY_BUNDLE_CACHE_H

#include <stdbool.h>

#include "base/buf.h"
#include "chunk/bundles.h"

enum { BUNDLE_CACHE_BYTES = 8 << 20 }; /* pieces of one follow one another: plan_together */

struct bundle_cache;
struct bundle_held;
struct bundle_place;

/* A source's bundles, and where each is held. */
struct bundle_shelf {
	struct bundle_cache *cache;
	struct pack_bundles bundles;
	struct bundle_place *place; /* private: of each; zeros at first */
};

/* Private. */
struct bundle_place {
	struct bundle_held *held; /* NULL: it is not */
	bool under_way;		  /* somebody unpacks it */
};

/* max: bytes that are kept while nobody uses them, as soon as another one is put; those in use
 * count, and are kept in any case: BUNDLE_RAW_MAX at most for each thread. */
struct bundle_cache *bundle_cache_new(uint64_t max);
/* After all that was taken was given back. NULL is fine. */
void bundle_cache_free(struct bundle_cache *c);

/* The chunks of bundle b of the shelf, if they are there: bundle_held_bytes of it are valid until
 * bundle_give_back. NULL: they are not. Who else unpacks them is not waited for. */
struct bundle_held *bundle_take(struct bundle_shelf *s, const struct pack_bundle *b);
/* As bundle_take, but waits while another thread unpacks them. NULL: the caller is to unpack them,
 * and to call bundle_put or bundle_fail, waiting for nothing that others do meanwhile. */
struct bundle_held *bundle_take_or_begin(struct bundle_shelf *s, const struct pack_bundle *b);
/* Puts them there, and takes them; *raw is taken over: what it is then is empty, but may have
 * room. */
struct bundle_held *bundle_put(struct bundle_shelf *s, const struct pack_bundle *b,
			       struct buf *raw);
/* They cannot be unpacked: one of those who wait tries it anew. */
void bundle_fail(struct bundle_shelf *s, const struct pack_bundle *b);
struct bytes bundle_held_bytes(const struct bundle_held *h);
void bundle_give_back(struct bundle_held *h); /* NULL is fine */

#endif
