/*
 * A pack as if it had no bundles: ranges of its raw image, whatever of it is stored in bundles. For
 * one thread.
 */
#ifndef CHUNK_IMAGE_H
#define CHUNK_IMAGE_H

#include "chunk/bundle.h"
#include "chunk/pack.h"

/* {0} with .read, .data and .bundles set is ready. */
struct pack_image {
	pack_read_fn *read; /* of the pack itself */
	void *data;
	struct pack_bundles bundles; /* borrowed */
	/* private */
	struct bundle_reader *reader;
	struct buf stored, raw;
	const struct pack_bundle *is; /* raw is that of this one; NULL: of none */
};

/* Exactly n bytes of the raw image, from off on, into p. The bundle that was unpacked last is kept,
 * so neighbours cost one unpacking. Errors: those of .read, of bundle_unpack_at. */
MUST_CHECK int pack_image_read(struct pack_image *im, uint64_t off, void *p, size_t n,
			       struct err *e);

/* Frees what it holds; .read, .data and .bundles stay. */
void pack_image_release(struct pack_image *im);

#endif
