#include "httpc/sha256.h"

#include <nettle/sha2.h>

#include "base/dynlib.h"

struct nettle_lib {
	__typeof__(nettle_sha256_init) *init;
	__typeof__(nettle_sha256_update) *update;
	__typeof__(nettle_sha256_digest) *digest;
};

static int load(struct nettle_lib *lib, struct err *e)
{
	static const char *const names[] = { "libnettle.so.8", NULL };
	const struct dynlib_function v[] = {
		{ "nettle_sha256_init", &lib->init },
		{ "nettle_sha256_update", &lib->update },
		{ "nettle_sha256_digest", &lib->digest },
	};

	return dynlib_load(names,
			   "nettle, which computes SHA-256, is not here (libnettle.so.8; in "
			   "Debian the package libnettle8)",
			   v, sizeof(v) / sizeof(*v), e);
}

int sha256_hex(struct bytes b, char ret[SHA256_HEX + 1], struct err *e)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char sum[SHA256_DIGEST_SIZE];
	struct nettle_lib lib;
	struct sha256_ctx ctx;

	if (load(&lib, e) < 0)
		return -1;
	lib.init(&ctx);
	lib.update(&ctx, b.n, (const uint8_t *)b.p);
	lib.digest(&ctx, sizeof(sum), sum);
	for (size_t i = 0; i < sizeof(sum); i++) {
		ret[2 * i] = digits[sum[i] >> 4];
		ret[2 * i + 1] = digits[sum[i] & 15];
	}
	ret[SHA256_HEX] = '\0';
	return 0;
}
