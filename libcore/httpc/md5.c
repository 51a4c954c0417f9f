#include "httpc/md5.h"

#include <nettle/md5.h>

#include "base/dynlib.h"
#include "json/json.h"

int md5_add_base64(struct bytes b, struct buf *ret, struct err *e)
{
	static const char *const names[] = { "libnettle.so.8", NULL };
	unsigned char sum[MD5_DIGEST_SIZE];
	__typeof__(nettle_md5_init) *init;
	__typeof__(nettle_md5_update) *update;
	__typeof__(nettle_md5_digest) *digest;
	const struct dynlib_function v[] = {
		{ "nettle_md5_init", &init },
		{ "nettle_md5_update", &update },
		{ "nettle_md5_digest", &digest },
	};
	struct md5_ctx ctx;

	if (dynlib_load(names,
			"nettle, which computes MD5, is not here (libnettle.so.8; in Debian the "
			"package libnettle8)",
			v, sizeof(v) / sizeof(*v), e) < 0)
		return -1;
	init(&ctx);
	update(&ctx, b.n, (const uint8_t *)b.p);
	digest(&ctx, sizeof(sum), sum);
	base64_add(ret, bytes_of(sum, sizeof(sum)));
	return 0;
}
