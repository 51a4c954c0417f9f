/* MD5, which object stores want of the rules of a bucket: a check that they came whole, no more.
 * The same fence as sha256.h. For any thread. */
#ifndef HTTPC_MD5_H
#define HTTPC_MD5_H

#include "base/buf.h"
#include "base/err.h"

/* Appends it in base64. Errors: ERR_IO, nettle cannot be loaded. */
MUST_CHECK int md5_add_base64(struct bytes b, struct buf *ret, struct err *e);

#endif
