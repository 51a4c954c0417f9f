#include "base/rd.h"

uint64_t rd_uvarint_long(struct rd *r)
{
	uint64_t v = 0;

	if (r->failed)
		return 0;
	for (unsigned shift = 0; shift < 64; shift += 7) {
		unsigned char c;

		if (r->off == r->in.n)
			break;
		c = (unsigned char)r->in.p[r->off++];
		if (shift == 63 && c > 1)
			break;
		v |= (uint64_t)(c & 0x7f) << shift;
		if (!(c & 0x80))
			return v;
	}
	r->failed = true;
	return 0;
}

uint64_t rd_uvarint_max(struct rd *r, uint64_t max)
{
	uint64_t v = rd_uvarint(r);

	if (v > max) {
		r->failed = true;
		return 0;
	}
	return v;
}

int64_t rd_svarint(struct rd *r)
{
	return rd_zigzag(rd_uvarint(r));
}

struct bytes rd_bytes(struct rd *r, size_t n)
{
	const unsigned char *p;

	if (!rd_take(r, n, &p))
		return (struct bytes){ NULL, 0 };
	return bytes_of(p, n);
}

struct bytes rd_lstr(struct rd *r, size_t max)
{
	size_t n = rd_uvarint_max(r, max);

	return rd_bytes(r, n);
}
