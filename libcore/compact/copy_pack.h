/* One object on its way from one store to another. Private to compact/. For any thread. */
#ifndef COMPACT_COPY_PACK_H
#define COMPACT_COPY_PACK_H

#include "chunk/pack.h"
#include "index/index.h"
#include "store/names.h"
#include "store/store.h"

/* The whole object, byte for byte; what it says of itself by its name is checked. Errors:
 * ERR_CORRUPT its bytes are not those of its name; ERR_NO it is gone; ERR_IO, ERR_FULL. */
MUST_CHECK int copy_object(struct store *from, struct store *to, const struct store_name *name,
			   struct err *e);

/* A chunk that is taken over, as the index file has it. */
struct copy_chunk {
	uint32_t pack; /* number in the index file */
	uint32_t length, head_len, entries;
	uint64_t off;
	uint64_t stored; /* index_chunk_stored */
};

/* What is made of a pack; its tenant is that of .pack. */
struct copy_part {
	struct store *from, *to;
	struct store_name pack;
	const struct copy_chunk *chunk; /* ascending by offset; at least one */
	size_t n;
	struct pack_bundles bundles; /* of .pack */
	struct bytes to_tenant;
	struct pack_trailer *trailer; /* of the new pack: tenant and all but the directory */
};

/* What it has, and how it is called. */
struct copy_made {
	struct hash128 name;
	uint64_t size, entries;
	struct hash128 checksum; /* of all its blocks */
};

/*
 * Makes a pack of these chunks, for its tenant, with the blocks as they are. Then reads it back:
 * it has the same entries and blocks, by count and checksum. Errors: as above; ERR_IO what was read
 * back is not what was written.
 */
MUST_CHECK int copy_chunks(const struct copy_part *p, struct copy_made *ret, struct err *e);

/* *sum += *h, as numbers of 128 bits: the order of what is summed does not matter. */
void copy_checksum_add(struct hash128 *sum, const struct hash128 *h);

MUST_CHECK int copy_read_trailer(struct store *s, const struct store_name *pack, struct arena *a,
				 struct pack_trailer *ret, struct err *e);

#endif
