#include "entry/planes.h"

static unsigned width_of(uint64_t all_bits)
{
	return all_bits ? (unsigned)(71 - __builtin_clzll(all_bits)) / 8 : 0;
}

void planes_encode(struct buf *out, const uint64_t *v, size_t n)
{
	uint64_t bits = 0;
	unsigned width;
	char *to;

	for (size_t i = 0; i < n; i++)
		bits |= v[i];
	width = width_of(bits);
	to = buf_reserve(out, 1 + width * n);
	*to++ = (char)width;
	for (unsigned k = 0; k < width; k++, to += n)
		for (size_t i = 0; i < n; i++)
			to[i] = (char)(v[i] >> (8 * k));
	out->n += 1 + width * n;
}

void planes_encode32(struct buf *out, const uint32_t *v, size_t n)
{
	uint32_t bits = 0;
	unsigned width;
	char *to;

	for (size_t i = 0; i < n; i++)
		bits |= v[i];
	width = width_of(bits);
	to = buf_reserve(out, 1 + width * n);
	*to++ = (char)width;
	for (unsigned k = 0; k < width; k++, to += n)
		for (size_t i = 0; i < n; i++)
			to[i] = (char)(v[i] >> (8 * k));
	out->n += 1 + width * n;
}

/* The planes at r, after their width was read and found to be at most max; NULL when r failed. */
static const unsigned char *take_planes(struct rd *r, size_t n, unsigned max, unsigned *ret_width)
{
	const unsigned char *p;

	*ret_width = rd_u8(r);
	if (*ret_width > max)
		r->failed = true;
	return rd_take(r, *ret_width * n, &p) ? p : NULL;
}

void planes_decode(struct rd *r, uint64_t *ret, size_t n)
{
	unsigned width;
	const unsigned char *p = take_planes(r, n, 8, &width);

	memset(ret, 0, n * sizeof(*ret));
	if (!p)
		return;
	for (unsigned k = 0; k < width; k++, p += n)
		for (size_t i = 0; i < n; i++)
			ret[i] |= (uint64_t)p[i] << (8 * k);
}

void planes_decode32(struct rd *r, uint32_t *ret, size_t n)
{
	unsigned width;
	const unsigned char *p = take_planes(r, n, 4, &width);

	memset(ret, 0, n * sizeof(*ret));
	if (!p)
		return;
	for (unsigned k = 0; k < width; k++, p += n)
		for (size_t i = 0; i < n; i++)
			ret[i] |= (uint32_t)p[i] << (8 * k);
}
