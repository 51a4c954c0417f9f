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

/* So many at a time: with a known count compilers use vectors, where both are apart. */
enum { AT_ONCE = 16 };

/* AT_ONCE numbers' bytes of one plane. */
INLINED void put_plane(char *restrict to, const void *restrict v, size_t i, unsigned k, size_t size)
{
	for (size_t j = 0; j < AT_ONCE; j++)
		to[j] = (char)(number_at(v, i + j, size) >> (8 * k));
}

INLINED void encode(struct buf *out, const void *v, size_t n, size_t size)
{
	uint64_t bits = 0;
	unsigned width;
	size_t i = 0;
	char *to;

	for (size_t k = 0; k < n; k++)
		bits |= number_at(v, k, size);
	width = width_of(bits);
	to = buf_reserve(out, 1 + width * n);
	*to++ = (char)width;
	for (; i + AT_ONCE <= n; i += AT_ONCE)
		for (unsigned k = 0; k < width; k++)
			put_plane(to + k * n + i, v, i, k, size);
	for (; i < n; i++)
		for (unsigned k = 0; k < width; k++)
			to[k * n + i] = (char)(number_at(v, i, size) >> (8 * k));
	out->n += 1 + width * n;
}

INLINED void set_number(void *v, size_t i, size_t size, uint64_t number)
{
	if (size == 8)
		((uint64_t *)v)[i] = number;
	else
		((uint32_t *)v)[i] = (uint32_t)number;
}

/* AT_ONCE numbers of one plane, the first or a further one. */
INLINED void set_plane(void *restrict to, const unsigned char *restrict p, size_t size)
{
	for (size_t i = 0; i < AT_ONCE; i++)
		set_number(to, i, size, p[i]);
}

INLINED void add_plane(void *restrict to, const unsigned char *restrict p, unsigned k, size_t size)
{
	for (size_t i = 0; i < AT_ONCE; i++)
		set_number(to, i, size, number_at(to, i, size) | (uint64_t)p[i] << (8 * k));
}

INLINED void decode(struct rd *r, void *ret, size_t n, size_t first, size_t end, size_t size)
{
	unsigned width = rd_u8(r);
	const unsigned char *p;
	size_t i = first;

	if (width > size)
		r->failed = true;
	if (!rd_take(r, width * n, &p))
		width = 0;
	if (width == 0)
		memset((char *)ret + first * size, 0, (end - first) * size);
	for (; width && i + AT_ONCE <= end; i += AT_ONCE) {
		char *to = (char *)ret + i * size;

		set_plane(to, p + i, size);
		for (unsigned k = 1; k < width; k++)
			add_plane(to, p + k * n + i, k, size);
	}
	for (; width && i < end; i++) {
		uint64_t number = p[i];

		for (unsigned k = 1; k < width; k++)
			number |= (uint64_t)p[k * n + i] << (8 * k);
		set_number(ret, i, size, number);
	}
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

bool planes_above32(const uint32_t *v, size_t n, uint32_t most)
{
	/* The highest bit of the difference is set where v is above, and below 2^31; else v's is.
	 */
	uint32_t part[AT_ONCE] = { 0 }, all = 0;
	size_t i = 0;

	for (; i + AT_ONCE <= n; i += AT_ONCE)
		for (size_t k = 0; k < AT_ONCE; k++)
			part[k] |= (most - v[i + k]) | v[i + k];
	for (size_t k = 0; k < AT_ONCE; k++)
		all |= part[k];
	for (; i < n; i++)
		all |= (most - v[i]) | v[i];
	return all >> 31;
}
