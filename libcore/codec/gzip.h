/* Bytes as gzip has them, for answers of HTTP. */
#ifndef CODEC_GZIP_H
#define CODEC_GZIP_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

/* Writes `in` to fd, compressed fast rather than well, and sets *ret_n to how many bytes that made.
 * Memory does not grow with in. For any thread. Errors: ERR_IO, ERR_FULL. */
MUST_CHECK int codec_gzip(struct bytes in, int fd, uint64_t *ret_n, struct err *e);

#endif
