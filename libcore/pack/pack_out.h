/*
 * A pack on its way into the store: chunks, which others have encoded, are written in order, then
 * the trailer. For one thread, but that each struct chunks is of its own.
 */
#ifndef PACK_PACK_OUT_H
#define PACK_PACK_OUT_H

#include "base/buf.h"
#include "chunk/bundle.h"
#include "chunk/pack.h"
#include "bloom/build.h"
#include "store/store.h"

/* Encoded chunks back to back. {0} is a valid empty one. */
struct chunks {
	struct buf bytes;
	struct pack_chunk *v; /* lengths alone */
	size_t n, cap;
	struct bloom_values values; /* of their blocks; nothing when .what is BLOOM_NONE */
	size_t *first_block;	    /* of each chunk, in values */
	size_t cap_first;
};

void chunks_release(struct chunks *c);
void chunks_reset(struct chunks *c); /* empties, keeps the memory */
/* What was appended to .bytes since its length was `start` is one more chunk, and what came to
 * .values since the chunk before are its blocks. */
void chunks_add(struct chunks *c, size_t start, uint32_t head_len);

struct pack_out {
	struct store_put *put;
	struct pack_chunk *chunk; /* the directory so far */
	size_t n_chunks, cap;
	uint64_t off;		      /* bytes so far, of the raw image; */
	uint64_t stored;	      /* that were written */
	struct bundle_writer *bundle; /* of small ones that come last; NULL: there are none */
	struct pack_bundle *bundles;
	size_t n_bundles, cap_bundles;
	struct buf packed;	    /* a bundle */
	struct bloom_build *filter; /* NULL: it gets none */
};

/* A pack of that tenant and day; s has to live as long as o. Errors: ERR_IO,
 * ERR_FULL; o is empty then. */
MUST_CHECK int pack_out_begin(struct pack_out *o, struct store *s, struct bytes tenant, int32_t day,
			      const struct chunk_params *params, struct err *e);
/* Appends the chunks, of which it takes copies; small ones may wait to be written. Errors: ERR_IO,
 * ERR_FULL; o can only be aborted then. */
MUST_CHECK int pack_out_write(struct pack_out *o, const struct chunks *c, struct err *e);
/* Whether its filter has become so large that another pack should begin. */
bool pack_out_is_full(const struct pack_out *o);
enum { PACK_FILTER_MAX = 16 << 20 };

/* Bytes of memory that it takes to make a filter, but for the filter itself. */
uint64_t pack_filter_memory(const struct chunk_params *p, unsigned jobs, uint64_t slots);

/* What came of it. */
struct pack_made {
	struct hash128 hash;
	uint64_t size;
	uint32_t trailer_len; /* with the filter before it */
};

/* Writes what waits, the filter and the trailer, *t with directory, bundles and filter, and puts
 * the pack into the store. o is empty then in any case. Its name, relative to the store, is
 * appended to ret_name. */
MUST_CHECK int pack_out_end(struct pack_out *o, const struct pack_trailer *t, struct pack_made *ret,
			    struct buf *ret_name, struct err *e);
/* Nothing is left behind; of an empty one, too. */
void pack_out_abort(struct pack_out *o);

#endif
