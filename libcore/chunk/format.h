/* What the files of chunk/ know of the format together; not for others. lokid-chunk(5). */
#ifndef CHUNK_FORMAT_H
#define CHUNK_FORMAT_H

#include "base/buf.h"
#include "chunk/chunk.h"

enum {
	CHUNK_VERSION = 1,
	CHUNK_FLAGS_REFUSE = 0x80, /* unknown ones here change what the bytes mean */
	CHUNK_OFF_FLAGS = 5,	   /* offsets in the fixed part */
	CHUNK_OFF_LEN = 8,
	CHUNK_OFF_META_LEN = 12,
	CHUNK_OFF_BLOCKS = 16,
	CHUNK_CRC_LEN = 4,
	CHUNK_ROW_MIN = 20 /* bytes of the shortest row of the block table */
};

extern const char chunk_magic[4];

/* Appends the fixed part with lengths of 0; chunk_head_end puts in the lengths and appends the
 * checksum. */
void chunk_head_begin(struct buf *out, uint8_t flags, uint8_t encoding);
/* start: where the head begins in out. body_len: bytes that will follow the head. Returns the
 * head's length. */
uint32_t chunk_head_end(struct buf *out, size_t start, uint32_t n_blocks, uint64_t body_len);

/* Checks the checksum that ends a head of f->head_len bytes. */
MUST_CHECK int chunk_head_check(struct bytes head, const struct chunk_fixed *f, struct err *e);

#endif
