#include <snappy-c.h>
#include <stdlib.h>

#include "codec/encoding.h"

static size_t bound(size_t raw_n)
{
	return snappy_max_compressed_length(raw_n);
}

static size_t compress(struct codec *c, struct bytes in, void *to, size_t cap)
{
	size_t n = cap;

	(void)c;
	if (snappy_compress(in.p ? in.p : "", in.n, to, &n) != SNAPPY_OK)
		abort(); /* only a too small buffer can fail, and it has the bound's size */
	return n;
}

static int decompress(struct codec *c, struct bytes in, void *to, size_t raw_n, struct err *e)
{
	size_t n;

	(void)c;
	if (snappy_uncompressed_length(in.p ? in.p : "", in.n, &n) != SNAPPY_OK || n != raw_n)
		return err_set(e, ERR_CORRUPT, "snappy: not %zu bytes of data", raw_n);
	if (snappy_uncompress(in.p, in.n, to, &n) != SNAPPY_OK)
		return err_set(e, ERR_CORRUPT, "snappy: bad data");
	return 0;
}

const struct encoding encoding_snappy = { "snappy", bound, compress, decompress };
