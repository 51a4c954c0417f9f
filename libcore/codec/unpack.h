/*
 * Compressed bytes in memory, taken apart whole: what comes as the body of a request. Who sent them
 * is not trusted: memory grows with what comes out, not with what a header promises, and stops at
 * max. For any thread.
 */
#ifndef CODEC_UNPACK_H
#define CODEC_UNPACK_H

#include "base/buf.h"
#include "base/err.h"

enum codec_unpack {
	CODEC_UNPACK_GZIP,    /* one member or more */
	CODEC_UNPACK_DEFLATE, /* raw, or in zlib's wrapping */
	CODEC_UNPACK_SNAPPY, /* the block format, or (told by its first bytes) the framing format */
	CODEC_UNPACK_ZSTD,   /* one frame or more, with windows of at most 8 MiB (RFC 9659) */
};

/* Puts what `in` holds into out, emptied first, at most max bytes. Errors: ERR_CORRUPT damaged, cut
 * short, or something stands behind it; ERR_LIMIT more than max; ERR_NOMEM. */
MUST_CHECK int codec_unpack(enum codec_unpack how, struct bytes in, size_t max, struct buf *out,
			    struct err *e);

#endif
