/*
 * A pack on its way into the store: chunks, which others have encoded, are written in order, then
 * the trailer. For one thread, but that each struct chunks is of its own.
 */
#ifndef COMPACT_PACK_OUT_H
#define COMPACT_PACK_OUT_H

#include "base/buf.h"
#include "chunk/pack.h"
#include "store/store.h"

/* Encoded chunks back to back. {0} is a valid empty one. */
struct chunks {
	struct buf bytes;
	struct pack_chunk *v; /* lengths alone */
	size_t n, cap;
};

void chunks_release(struct chunks *c);
void chunks_reset(struct chunks *c); /* empties, keeps the memory */
/* What was appended to .bytes since its length was `start` is one more chunk. */
void chunks_add(struct chunks *c, size_t start, uint32_t head_len);

struct pack_out {
	struct store_put *put;
	struct pack_chunk *chunk; /* the directory so far */
	size_t n_chunks, cap;
	uint64_t off; /* bytes so far */
};

/* Errors: ERR_IO, ERR_FULL. */
MUST_CHECK int pack_out_begin(struct pack_out *o, struct store *s, struct bytes tenant, int32_t day,
			      struct err *e);
MUST_CHECK int pack_out_write(struct pack_out *o, const struct chunks *c, struct err *e);
/* What came of it. */
struct pack_made {
	struct hash128 hash;
	uint64_t size;
	uint32_t trailer_len;
};

/* Writes the trailer *t, whose directory is set here, and puts the pack into the store. o is empty
 * then in any case. Its name, relative to the store, is appended to ret_name. */
MUST_CHECK int pack_out_end(struct pack_out *o, struct pack_trailer *t, struct pack_made *ret,
			    struct buf *ret_name, struct err *e);
/* Nothing is left behind; of an empty one, too. */
void pack_out_abort(struct pack_out *o);

#endif
