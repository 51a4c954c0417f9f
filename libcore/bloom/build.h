/*
 * Making a pack's filter: a column of bits for each block, or for a few small ones that follow one
 * another, and matrices of columns of about one length. For one thread. Format: lokid-chunk(5),
 * "FILTERS".
 *
 * Memory: what the filter takes in the pack, and at most BLOOM_OPEN_BYTES for matrices that are
 * being filled, but for one that is larger by itself. What of it a matrix takes grows with its
 * columns: the more of them are open, the fewer there are in the end, and the fewer pages are
 * asked.
 */
#ifndef BLOOM_BUILD_H
#define BLOOM_BUILD_H

#include "base/buf.h"
#include "bloom/values.h"

struct bloom_build;

enum { BLOOM_OPEN_BYTES = 8 << 20 };

struct bloom_build *bloom_build_new(enum bloom_what what); /* NULL of BLOOM_NONE */
void bloom_build_free(struct bloom_build *b);		   /* NULL is fine */

/* The next chunk of the pack, of len bytes; its blocks are n of v's, from `first` on, in order. */
void bloom_build_chunk(struct bloom_build *b, uint32_t len, const struct bloom_values *v,
		       size_t first, size_t n);

/* Bytes that it has by now, about. */
uint64_t bloom_build_bytes(const struct bloom_build *b);

/* Appends the filter's table and its pages. False: there is nothing that it could serve. Nothing
 * may be added afterwards. */
bool bloom_build_end(struct bloom_build *b, struct buf *table, struct buf *pages);

#endif
