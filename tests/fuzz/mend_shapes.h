/* Lines taken apart, whose bodies get the checksums that they should have: these stand in the head.
 */
#ifndef FUZZ_MEND_SHAPES_H
#define FUZZ_MEND_SHAPES_H

#include "base/crc32c.h"
#include "base/rd.h"
#include "base/wr.h"

/* The lengths and the checksum of a body at rd, which lies at *at of stored. */
static inline void mend_body(struct buf *stored, size_t start, struct rd *rd, uint64_t *at)
{
	uint64_t len;

	rd_uvarint(rd);
	len = rd_uvarint_max(rd, stored->n);
	rd_u32be(rd);
	if (rd->failed || *at + len > stored->n)
		return;
	wr_patch_u32be(stored, start + rd->off - 4, crc32c(stored->p + *at, len));
	*at += len;
}

/* Of the lines at `start`, with a head of head_len bytes; as far as it can be read. */
static inline void mend_shapes(struct buf *stored, size_t start, uint32_t head_len)
{
	struct rd rd = rd_init(bytes_sub(buf_bytes(stored), start, head_len));
	uint64_t at = start + head_len;

	for (uint64_t n = rd_uvarint(&rd); n > 0 && !rd.failed; n--) {
		for (uint64_t k = rd_uvarint(&rd); k > 0 && !rd.failed; k--) {
			rd_lstr(&rd, rd_left(&rd));
			rd_u8(&rd);
			rd_uvarint(&rd);
		}
		rd_lstr(&rd, rd_left(&rd));
	}
	mend_body(stored, start, &rd, &at);
	for (uint64_t n = rd_uvarint(&rd); n > 0 && !rd.failed; n--) {
		rd_u8(&rd);
		rd_lstr(&rd, rd_left(&rd));
		mend_body(stored, start, &rd, &at);
	}
}

#endif
