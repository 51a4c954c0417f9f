#include "entry/planes.h"

/* Both types share their code, which is inlined with `size` (4 or 8, of one number) known, so that
 * each is as fast as if it were written out. */
#define INLINED static inline __attribute__((always_inline))

static unsigned width_of(uint64_t all_bits)
{
	return all_bits ? (unsigned)(71 - __builtin_clzll(all_bits)) / 8 : 0;
}

INLINED uint64_t number_at(const void *v, size_t i, size_t size)
{
	return size == 8 ? ((const uint64_t *)v)[i] : ((const uint32_t *)v)[i];
}

INLINED void encode(struct buf *out, const void *v, size_t n, size_t size)
{
	uint64_t bits = 0;
	unsigned width;
	char *to;

	for (size_t i = 0; i < n; i++)
		bits |= number_at(v, i, size);
	width = width_of(bits);
	to = buf_reserve(out, 1 + width * n);
	*to++ = (char)width;
	for (unsigned k = 0; k < width; k++, to += n)
		for (size_t i = 0; i < n; i++)
			to[i] = (char)(number_at(v, i, size) >> (8 * k));
	out->n += 1 + width * n;
}

INLINED void set_number(void *v, size_t i, size_t size, uint64_t number)
{
	if (size == 8)
		((uint64_t *)v)[i] = number;
	else
		((uint32_t *)v)[i] = (uint32_t)number;
}

INLINED void decode(struct rd *r, void *ret, size_t n, size_t first, size_t end, size_t size)
{
	unsigned width = rd_u8(r);
	const unsigned char *p;

	if (width > size)
		r->failed = true;
	if (!rd_take(r, width * n, &p))
		width = 0;
	if (width == 0)
		memset((char *)ret + first * size, 0, (end - first) * size);
	for (size_t i = first; i < end && width; i++)
		set_number(ret, i, size, p[i]);
	for (unsigned k = 1; k < width; k++)
		for (size_t i = first; i < end; i++)
			set_number(ret, i, size,
				   number_at(ret, i, size) | (uint64_t)p[k * n + i] << (8 * k));
}

void planes_encode(struct buf *out, const uint64_t *v, size_t n)
{
	encode(out, v, n, sizeof(*v));
}

void planes_encode32(struct buf *out, const uint32_t *v, size_t n)
{
	encode(out, v, n, sizeof(*v));
}

void planes_decode(struct rd *r, uint64_t *ret, size_t n)
{
	decode(r, ret, n, 0, n, sizeof(*ret));
}

void planes_decode32(struct rd *r, uint32_t *ret, size_t n)
{
	decode(r, ret, n, 0, n, sizeof(*ret));
}

void planes_decode_part(struct rd *r, uint64_t *ret, size_t n, size_t first, size_t end)
{
	decode(r, ret, n, first, end, sizeof(*ret));
}

void planes_decode32_part(struct rd *r, uint32_t *ret, size_t n, size_t first, size_t end)
{
	decode(r, ret, n, first, end, sizeof(*ret));
}
