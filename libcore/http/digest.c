#include "http/digest.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

int digest_sha256(struct bytes text, struct digest *ret, struct err *e)
{
	int rc = gnutls_hash_fast(GNUTLS_DIG_SHA256, text.p, text.n, ret->b);

	return rc < 0 ? err_set(e, ERR_BUG, "SHA-256: %s", gnutls_strerror(rc)) : 0;
}

int digest_keyed(const struct digest *key, struct bytes text, struct digest *ret, struct err *e)
{
	int rc =
		gnutls_hmac_fast(GNUTLS_MAC_SHA256, key->b, sizeof(key->b), text.p, text.n, ret->b);

	return rc < 0 ? err_set(e, ERR_BUG, "HMAC: %s", gnutls_strerror(rc)) : 0;
}

int digest_random(struct digest *ret, struct err *e)
{
	int rc = gnutls_rnd(GNUTLS_RND_KEY, ret->b, sizeof(ret->b));

	return rc < 0 ? err_set(e, ERR_IO, "no random numbers: %s", gnutls_strerror(rc)) : 0;
}

bool digest_equal(const struct digest *a, const struct digest *b)
{
	return bytes_eq_secret(bytes_of(a->b, sizeof(a->b)), bytes_of(b->b, sizeof(b->b)));
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool digest_parse(struct bytes hex, struct digest *ret)
{
	struct digest d;

	if (hex.n != 2 * sizeof(d.b))
		return false;
	for (size_t i = 0; i < sizeof(d.b); i++) {
		int high = digit_of(hex.p[2 * i]), low = digit_of(hex.p[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		d.b[i] = (unsigned char)(high << 4 | low);
	}
	*ret = d;
	return true;
}
