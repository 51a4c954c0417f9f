#include "codec/encoding.h"

static size_t bound(size_t raw_n)
{
	return raw_n;
}

static size_t compress(struct codec *c, struct bytes in, void *to, size_t cap)
{
	(void)c;
	(void)cap;
	if (in.n)
		memcpy(to, in.p, in.n);
	return in.n;
}

static int decompress(struct codec *c, struct bytes in, void *to, size_t raw_n, struct err *e)
{
	(void)c;
	if (in.n != raw_n)
		return err_set(e, ERR_CORRUPT, "stored as is: expected %zu bytes, found %zu", raw_n,
			       in.n);
	if (raw_n)
		memcpy(to, in.p, raw_n);
	return 0;
}

const struct encoding encoding_none = { "none", bound, compress, decompress, NULL };
