/* SHA-256, which object stores want of what they are sent: a fence round nettle, which is
 * loaded when it is first needed (GnuTLS stands on it, so it is everywhere; it brings nothing else
 * along). For any thread. */
#ifndef HTTPC_SHA256_H
#define HTTPC_SHA256_H

#include "base/bytes.h"
#include "base/err.h"

enum { SHA256_HEX = 64 };

/* Lower-case hexadecimal digits and a NUL. Errors: ERR_IO, nettle cannot be loaded. */
MUST_CHECK int sha256_hex(struct bytes b, char ret[SHA256_HEX + 1], struct err *e);

#endif
