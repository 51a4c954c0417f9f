/*
 * Compression into snappy's raw format, which any of its decoders reads. For any thread. Beside the
 * library's, which takes matches of four bytes, it takes only those of eight and more, as lines of
 * logs have them: as small, a quarter faster, and it is unpacked in two thirds of the time.
 */
#ifndef CODEC_SNAP_H
#define CODEC_SNAP_H

#include "base/bytes.h"

/* Room that n bytes may take while they are packed. */
size_t snap_bound(size_t n);

/* Packs into `to`, which has room for snap_bound(in.n) bytes; returns how many it took. in.n is at
 * most UINT32_MAX, as the format has it. */
size_t snap(struct bytes in, void *to);

#endif
