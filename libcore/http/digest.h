/* Digests of secrets: a fence round GnuTLS. For any thread. */
#ifndef HTTP_DIGEST_H
#define HTTP_DIGEST_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/err.h"

enum { DIGEST_LEN = 32 };

struct digest {
	unsigned char b[DIGEST_LEN];
};

/* SHA-256. Errors: ERR_BUG, the library refuses. */
MUST_CHECK int digest_sha256(struct bytes text, struct digest *ret, struct err *e);
/* HMAC of SHA-256. */
MUST_CHECK int digest_keyed(const struct digest *key, struct bytes text, struct digest *ret,
			    struct err *e);
/* From the system's source of randomness. Errors: ERR_IO. */
MUST_CHECK int digest_random(struct digest *ret, struct err *e);

/* In a time that does not depend on what is in them. */
bool digest_equal(const struct digest *a, const struct digest *b);

/* 64 hexadecimal digits, in either case. False when they are not. */
bool digest_parse(struct bytes hex, struct digest *ret);

#endif
