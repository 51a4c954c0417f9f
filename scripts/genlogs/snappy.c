/*
 * Snappy's block format, as agents compress pushes with it: literals, and copies of what lies at
 * most 64 KiB back. Matches are looked for through one table of hashes of four bytes, for each 64
 * KiB anew, and where none was found for long the steps grow.
 */
#include "gen.h"

enum { HASH_BITS = 14, BLOCK = 1 << 16, MIN_MATCH = 4, COPY_MAX = 64, SHORT_LITERAL = 60 };

static uint32_t load32(const unsigned char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static uint32_t hash_of(const unsigned char *p)
{
	return load32(p) * 0x9e3779b1U >> (32 - HASH_BITS);
}

static void put_byte(struct out *o, size_t v)
{
	char c = (char)(v & 255);

	out_mem(o, &c, 1);
}

static void put_literal(struct out *o, const unsigned char *p, size_t n)
{
	if (n == 0)
		return;
	if (n <= SHORT_LITERAL) {
		put_byte(o, (n - 1) << 2);
	} else {
		/* The length in one byte, or in two: a block has 64 KiB. */
		put_byte(o, n - 1 < 256 ? 60 << 2 : 61 << 2);
		put_byte(o, n - 1);
		if (n - 1 >= 256)
			put_byte(o, (n - 1) >> 8);
	}
	out_mem(o, (const char *)p, n);
}

static void put_copy(struct out *o, size_t back, size_t n)
{
	while (n > 0) {
		size_t piece = n < COPY_MAX ? n : COPY_MAX;

		put_byte(o, (piece - 1) << 2 | 2); /* the distance in two bytes */
		put_byte(o, back);
		put_byte(o, back >> 8);
		n -= piece;
	}
}

static void put_block(struct out *o, const unsigned char *p, size_t n)
{
	static uint16_t table[1 << HASH_BITS];
	size_t at = 1, from = 0, tried = 0;

	memset(table, 0, sizeof(table));
	while (at + MIN_MATCH <= n) {
		uint32_t h = hash_of(p + at);
		size_t seen = table[h], len = MIN_MATCH;

		table[h] = (uint16_t)at;
		if (load32(p + seen) != load32(p + at)) {
			at += 1 + tried++ / 32;
			continue;
		}
		while (at + len < n && p[seen + len] == p[at + len])
			len++;
		put_literal(o, p + from, at - from);
		put_copy(o, at - seen, len);
		at += len;
		from = at;
		tried = 0;
	}
	put_literal(o, p + from, n - from);
}

void snappy_pack(struct out *o, const char *p, size_t n)
{
	out_varint(o, n);
	for (size_t at = 0; at < n; at += BLOCK)
		put_block(o, (const unsigned char *)p + at, n - at < BLOCK ? n - at : BLOCK);
}
