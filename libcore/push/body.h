/* A body as it was sent, without its Content-Encoding. */
#ifndef PUSH_BODY_H
#define PUSH_BODY_H

#include "base/buf.h"
#include "base/err.h"

enum push_encoding { PUSH_PLAIN, PUSH_GZIP, PUSH_DEFLATE, PUSH_SNAPPY, PUSH_ZSTD, PUSH_LZ4 };

/* The one that a Content-Encoding names ("" or "identity": plain); deflate is raw or in zlib's
 * wrapping. Errors: ERR_USAGE, in Loki's words. */
MUST_CHECK int push_encoding_of(struct bytes name, enum push_encoding *ret, struct err *e);

/* Puts what body means into out (emptied first), max bytes at most; memory grows with what comes,
 * not with what the body promises. PUSH_SNAPPY is the block format. Errors: ERR_CORRUPT; ERR_LIMIT,
 * more than max; ERR_USAGE, an encoding that is not read. */
MUST_CHECK int push_decompress(enum push_encoding how, struct bytes body, size_t max,
			       struct buf *out, struct err *e);

#endif
