#include <stdlib.h>
#include <zstd.h>

#include "codec/encoding.h"

static size_t bound(size_t raw_n)
{
	return ZSTD_compressBound(raw_n);
}

static size_t compress(struct codec *c, struct bytes in, void *to, size_t cap)
{
	size_t n;

	if (!c->zstd_c)
		c->zstd_c = ZSTD_createCCtx();
	if (!c->zstd_c)
		abort();
	n = ZSTD_compressCCtx(c->zstd_c, to, cap, in.p, in.n, c->level);
	if (ZSTD_isError(n))
		abort(); /* the buffer has the bound's size */
	return n;
}

static int decompress(struct codec *c, struct bytes in, void *to, size_t raw_n, struct err *e)
{
	size_t n;

	if (!c->zstd_d)
		c->zstd_d = ZSTD_createDCtx();
	if (!c->zstd_d)
		return err_set(e, ERR_NOMEM, "zstd: no memory for a context");
	n = ZSTD_decompressDCtx(c->zstd_d, to, raw_n, in.p, in.n);
	if (ZSTD_isError(n))
		return err_set(e, ERR_CORRUPT, "zstd: %s", ZSTD_getErrorName(n));
	if (n != raw_n)
		return err_set(e, ERR_CORRUPT, "zstd: expected %zu bytes, found %zu", raw_n, n);
	return 0;
}

void encoding_zstd_release(struct codec *c)
{
	ZSTD_freeCCtx(c->zstd_c);
	ZSTD_freeDCtx(c->zstd_d);
}

const struct encoding encoding_zstd = { "zstd", bound, compress, decompress };
