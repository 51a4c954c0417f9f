/* XXH3, fenced: 64 bits for tables in memory, 128 for identities in files (not against an enemy
 * who may choose both inputs; nothing relies on that). */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stdint.h>

#include "base/bytes.h"

/* 128 bits in the order in which files hold them: canonical big-endian XXH3. */
struct hash128 {
	unsigned char b[16];
};

enum { HASH128_HEX = 32 };

uint64_t hash64(struct bytes b);
struct hash128 hash128(struct bytes b);

/* Over bytes that come in pieces. {0} is not valid: init first. */
struct hash_state;
struct hash_state *hash_new(void);
void hash_free(struct hash_state *s);
void hash_add(struct hash_state *s, struct bytes b);
struct hash128 hash_end(const struct hash_state *s);

static inline int hash128_cmp(const struct hash128 *a, const struct hash128 *b)
{
	return memcmp(a->b, b->b, sizeof(a->b));
}

/* Makes them ascending, each once; returns how many are left. */
size_t hash128_sort(struct hash128 *v, size_t n);
/* Whether h is among v, which is ascending. */
bool hash128_among(const struct hash128 *v, size_t n, const struct hash128 *h);

/* Several; who owns v says so. */
struct hash_list {
	struct hash128 *v;
	size_t n;
};

/* 32 lower-case hexadecimal digits and a NUL. */
void hash128_hex(const struct hash128 *h, char ret[HASH128_HEX + 1]);
/* False unless hex is exactly 32 hexadecimal digits. */
bool hash128_parse(struct bytes hex, struct hash128 *ret);

#endif
