/*
 * A cursor over bytes of a file or a socket. It fails once and stays failed, so that code
 * reads like the specification and checks in one place; after a failure every read gives 0
 * or nothing. `off` is then where it failed, counted from the start of `in`.
 */
#ifndef BASE_RD_H
#define BASE_RD_H

#include <stdint.h>

#include "base/bytes.h"

struct rd {
	struct bytes in;
	size_t off;
	bool failed;
};

static inline struct rd rd_init(struct bytes in)
{
	return (struct rd){ .in = in };
}

static inline size_t rd_left(const struct rd *r)
{
	return r->in.n - r->off;
}

static inline bool rd_take(struct rd *r, size_t n, const unsigned char **ret)
{
	if (r->failed || rd_left(r) < n) {
		r->failed = true;
		return false;
	}
	*ret = (const unsigned char *)r->in.p + r->off;
	r->off += n;
	return true;
}

static inline uint8_t rd_u8(struct rd *r)
{
	const unsigned char *p;

	return rd_take(r, 1, &p) ? p[0] : 0;
}

static inline uint16_t rd_u16be(struct rd *r)
{
	const unsigned char *p;
	uint16_t v = 0;

	if (rd_take(r, 2, &p)) {
		memcpy(&v, p, 2);
		v = __builtin_bswap16(v);
	}
	return v;
}

static inline uint32_t rd_u32be(struct rd *r)
{
	const unsigned char *p;
	uint32_t v = 0;

	if (rd_take(r, 4, &p)) {
		memcpy(&v, p, 4);
		v = __builtin_bswap32(v);
	}
	return v;
}

static inline uint64_t rd_u64be(struct rd *r)
{
	const unsigned char *p;
	uint64_t v = 0;

	if (rd_take(r, 8, &p)) {
		memcpy(&v, p, 8);
		v = __builtin_bswap64(v);
	}
	return v;
}

static inline int64_t rd_i64be(struct rd *r)
{
	return (int64_t)rd_u64be(r);
}

/* LEB128, at most 10 bytes; more, or bits beyond 64, fail. Most are one byte. */
uint64_t rd_uvarint_long(struct rd *r);

static inline uint64_t rd_uvarint(struct rd *r)
{
	if (!r->failed && r->off < r->in.n && !(r->in.p[r->off] & 0x80))
		return (unsigned char)r->in.p[r->off++];
	return rd_uvarint_long(r);
}

/* The same, and fails when the value is above max. */
uint64_t rd_uvarint_max(struct rd *r, uint64_t max);
int64_t rd_svarint(struct rd *r); /* zig-zag */

/* What wr_zigzag() made v of. */
static inline int64_t rd_zigzag(uint64_t v)
{
	return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

/* n bytes, borrowed from in; empty when failed. */
struct bytes rd_bytes(struct rd *r, size_t n);
/* A uvarint length of at most max, then as many bytes. */
struct bytes rd_lstr(struct rd *r, size_t max);

#endif
