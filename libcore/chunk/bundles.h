/*
 * Where the bundles of a pack lie (bundle.h). All offsets and lengths that a pack, its filter and
 * an index file say count in the raw image of the pack: what it would be if each bundle were
 * replaced by its chunks.
 */
#ifndef CHUNK_BUNDLES_H
#define CHUNK_BUNDLES_H

#include <stddef.h>
#include <stdint.h>

enum { BUNDLE_RAW_MAX = 1 << 22 }; /* bytes of the chunks in one, that readers take */

struct pack_bundle {
	uint64_t raw_off; /* of its first chunk, in the raw image */
	uint64_t off;	  /* in the pack */
	uint32_t raw_len, len;
	uint32_t n_chunks;
};

/* Of one pack, ascending and apart. {0}: it has none. */
struct pack_bundles {
	struct pack_bundle *v;
	size_t n;
};

/* The bundle in which the byte at raw_off of the raw image lies, or NULL. */
const struct pack_bundle *pack_bundles_at(const struct pack_bundles *b, uint64_t raw_off);

/* Where a byte of the raw image that lies in no bundle is in the pack; of one in a bundle, where
 * that begins. */
uint64_t pack_bundles_stored(const struct pack_bundles *b, uint64_t raw_off);

/* Where a byte of the pack that lies in no bundle is in the raw image; of one in a bundle, where
 * that begins. */
uint64_t pack_bundles_raw(const struct pack_bundles *b, uint64_t off);

/* What `raw` bytes of a bundle's chunks take in the pack, of those of all as much as it has:
 * rounded down, so that all shares together are no more than that. raw: of a bundle's own, raw_len
 * > 0. */
uint64_t pack_bundle_share(const struct pack_bundle *b, uint64_t raw);

/* By how much the pack is smaller than its raw image. */
uint64_t pack_bundles_saved(const struct pack_bundles *b);

#endif
