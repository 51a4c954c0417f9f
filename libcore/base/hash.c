#include "base/hash.h"

#include <stdlib.h>
#include <xxhash.h>

#include "base/mem.h"
#include "base/num.h"

struct hash_state {
	XXH3_state_t *xxh;
};

uint64_t hash64(struct bytes b)
{
	return XXH3_64bits(b.p ? b.p : "", b.n);
}

static struct hash128 canonical(XXH128_hash_t v)
{
	XXH128_canonical_t c;
	struct hash128 h;

	XXH128_canonicalFromHash(&c, v);
	memcpy(h.b, c.digest, sizeof(h.b));
	return h;
}

struct hash128 hash128(struct bytes b)
{
	return canonical(XXH3_128bits(b.p ? b.p : "", b.n));
}

struct hash_state *hash_new(void)
{
	struct hash_state *s = mem_alloc(sizeof(*s));

	s->xxh = XXH3_createState();
	if (!s->xxh)
		abort();
	XXH3_128bits_reset(s->xxh);
	return s;
}

void hash_free(struct hash_state *s)
{
	if (!s)
		return;
	XXH3_freeState(s->xxh);
	free(s);
}

void hash_add(struct hash_state *s, struct bytes b)
{
	if (b.n)
		XXH3_128bits_update(s->xxh, b.p, b.n);
}

struct hash128 hash_end(const struct hash_state *s)
{
	return canonical(XXH3_128bits_digest(s->xxh));
}

static int cmp_hash(const void *a, const void *b)
{
	return hash128_cmp(a, b);
}

size_t hash128_sort(struct hash128 *v, size_t n)
{
	size_t kept = 0;

	if (n)
		qsort(v, n, sizeof(*v), cmp_hash);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || hash128_cmp(&v[kept - 1], &v[i]) != 0)
			v[kept++] = v[i];
	return kept;
}

bool hash128_among(const struct hash128 *v, size_t n, const struct hash128 *h)
{
	return n && bsearch(h, v, n, sizeof(*v), cmp_hash);
}

void hash128_hex(const struct hash128 *h, char ret[HASH128_HEX + 1])
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 0; i < 16; i++) {
		ret[2 * i] = digits[h->b[i] >> 4];
		ret[2 * i + 1] = digits[h->b[i] & 15];
	}
	ret[HASH128_HEX] = '\0';
}

bool hash128_parse(struct bytes hex, struct hash128 *ret)
{
	struct hash128 h;

	if (hex.n != HASH128_HEX)
		return false;
	for (int i = 0; i < 16; i++) {
		int hi = num_hex_digit(hex.p[2 * i]), lo = num_hex_digit(hex.p[2 * i + 1]);

		if (hi < 0 || lo < 0)
			return false;
		h.b[i] = (unsigned char)(hi << 4 | lo);
	}
	*ret = h;
	return true;
}
