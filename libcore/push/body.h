/* A body as it was sent, without its Content-Encoding. */
#ifndef PUSH_BODY_H
#define PUSH_BODY_H

#include "base/buf.h"
#include "base/err.h"

enum push_encoding { PUSH_PLAIN, PUSH_GZIP, PUSH_DEFLATE, PUSH_SNAPPY, PUSH_ZSTD };

/* The one that a Content-Encoding names, in any case ("" and "identity": plain; "zlib" is deflate,
 * which is raw or in zlib's wrapping). Errors: ERR_USAGE, in Loki's words. */
MUST_CHECK int push_encoding_of(struct bytes name, enum push_encoding *ret, struct err *e);

/* Puts what body means into out (emptied first), max bytes at most; memory grows with what comes,
 * not with what the body promises. PUSH_SNAPPY is the block format, or the framing format. Errors:
 * ERR_CORRUPT ("snappy: corrupt input" in Loki's words); ERR_LIMIT, more than max; ERR_NOMEM. */
MUST_CHECK int push_decompress(enum push_encoding how, struct bytes body, size_t max,
			       struct buf *out, struct err *e);

#endif
