#include "codec/encoding.h"
#include "codec/snap.h"
#include "codec/unsnap.h"

static size_t compress(struct codec *c, struct bytes in, void *to, size_t cap)
{
	(void)c;
	(void)cap; /* the bound's */
	return snap(in, to);
}

static int decompress(struct codec *c, struct bytes in, void *to, size_t raw_n, struct err *e)
{
	size_t n;

	(void)c;
	if (!unsnap_size(in, &n) || n != raw_n)
		return err_set(e, ERR_CORRUPT, "snappy: not %zu bytes of data", raw_n);
	return unsnap(in, to, n) ? 0 : err_set(e, ERR_CORRUPT, "snappy: bad data");
}

const struct encoding encoding_snappy = { "snappy", snap_bound, compress, decompress, NULL };
