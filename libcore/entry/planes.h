/*
 * Numbers as byte planes: u8 width w (0 to 8), then w planes of n bytes, plane 0 with the least
 * significant byte of each. A compressor sees bytes of one kind together, and a reader of fixed
 * width needs no branch per number. Format: lokid-entry(5), "PLANES".
 */
#ifndef ENTRY_PLANES_H
#define ENTRY_PLANES_H

#include "base/buf.h"
#include "base/rd.h"

void planes_encode(struct buf *out, const uint64_t *v, size_t n);
void planes_encode32(struct buf *out, const uint32_t *v, size_t n);

/* n numbers at r. Too few bytes, or a width above the type's, fail r. */
void planes_decode(struct rd *r, uint64_t *ret, size_t n);
void planes_decode32(struct rd *r, uint32_t *ret, size_t n);
/* Of them ret[first] to ret[end - 1] alone: first <= end <= n. */
void planes_decode_part(struct rd *r, uint64_t *ret, size_t n, size_t first, size_t end);
void planes_decode32_part(struct rd *r, uint32_t *ret, size_t n, size_t first, size_t end);

/* Whether one of n numbers is above `most`, which is below 2^31. */
bool planes_above32(const uint32_t *v, size_t n, uint32_t most);

#endif
