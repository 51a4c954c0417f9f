/* Appends numbers to a buf as the formats have them: big-endian, LEB128. */
#ifndef BASE_WR_H
#define BASE_WR_H

#include "base/buf.h"

enum { UVARINT_MAX_BYTES = 10 };

static inline void wr_u8(struct buf *b, uint8_t v)
{
	buf_add_char(b, (char)v);
}

static inline void wr_u16be(struct buf *b, uint16_t v)
{
	v = __builtin_bswap16(v);
	buf_add(b, &v, 2);
}

static inline void wr_u32be(struct buf *b, uint32_t v)
{
	v = __builtin_bswap32(v);
	buf_add(b, &v, 4);
}

static inline void wr_u64be(struct buf *b, uint64_t v)
{
	v = __builtin_bswap64(v);
	buf_add(b, &v, 8);
}

/* To p, which has room for UVARINT_MAX_BYTES; returns the end. */
static inline char *wr_uvarint_to(char *p, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		*p++ = (char)(v | 0x80);
	*p++ = (char)v;
	return p;
}

static inline uint64_t wr_zigzag(int64_t v)
{
	return ((uint64_t)v << 1) ^ (uint64_t)(v >> 63);
}

static inline void wr_uvarint(struct buf *b, uint64_t v)
{
	char *p = buf_reserve(b, UVARINT_MAX_BYTES);

	b->n += (size_t)(wr_uvarint_to(p, v) - p);
}

static inline void wr_svarint(struct buf *b, int64_t v)
{
	wr_uvarint(b, wr_zigzag(v));
}

static inline void wr_lstr(struct buf *b, struct bytes s)
{
	wr_uvarint(b, s.n);
	buf_add_bytes(b, s);
}

/* Overwrites four bytes at offset off, which exist. */
static inline void wr_patch_u32be(struct buf *b, size_t off, uint32_t v)
{
	v = __builtin_bswap32(v);
	memcpy(b->p + off, &v, 4);
}

#endif
