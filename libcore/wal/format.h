/*
 * The bytes of a WAL segment: its header, and how records lie in pages. Pure: no files.
 * Format: lokid-wal(5).
 */
#ifndef WAL_FORMAT_H
#define WAL_FORMAT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"

#define WAL_MAGIC "\xB7LWAL"

enum {
	WAL_MAGIC_LEN = 5,
	WAL_VERSION = 1,
	WAL_HEADER = 64,
	WAL_PAGE = 32 << 10,
	WAL_FRAG_HEAD = 9, /* crc32c, length, type */
	WAL_RECORD_MAX = 32 << 20,
	WAL_NODE_MAX = 28,
	WAL_SERIES_EVERY = 4 << 20, /* a stream that is used so many bytes behind its description is
				       described again; or, if that is more, behind: */
	WAL_SERIES_FACTOR = 4,	    /* times the bytes of the descriptions of all streams */
	WAL_SECTION_MIN = 32 << 10,
};

enum wal_frag { WAL_FRAG_NONE, WAL_FRAG_FULL, WAL_FRAG_FIRST, WAL_FRAG_MIDDLE, WAL_FRAG_LAST };

/* First byte of a record's data. Unknown ones: bit 7 set, skipped; clear, the segment is refused.
 */
enum { WAL_REC_SERIES = 'S', WAL_REC_BATCH = 'B', WAL_REC_END = 'E', WAL_REC_MAY_SKIP = 0x80 };

struct wal_header {
	struct hash128 id; /* random: the segment's identity */
	int64_t created_ns;
	char node[WAL_NODE_MAX + 1];
};

void wal_header_encode(const struct wal_header *h, unsigned char ret[WAL_HEADER]);
/* Errors: ERR_CORRUPT (no magic, cut short, checksum), ERR_VERSION. */
MUST_CHECK int wal_header_decode(struct bytes b, struct wal_header *ret, struct err *e);
/* True when a WAL segment begins with these bytes (5 suffice): tells frames from JSON lines. */
bool wal_is_magic(struct bytes b);

/* Where a record written at offset off (from the segment's start) has its first fragment: off, or
 * the next page. */
uint64_t wal_frame_start(uint64_t off);
/* Where a record of len bytes of data that starts at `start` ends. */
uint64_t wal_frame_end(uint64_t start, uint64_t len);
/* Appends the padding and the fragments of a record to be written at offset off. data.n is at most
 * WAL_RECORD_MAX. */
void wal_frame(struct buf *out, uint64_t off, struct bytes data);

/*
 * A segment's seal: XXH3-128 of its id, its entries and the checksum of its records, as its end
 * record says them. It names the segment with all that is in it, so what covers a part of it (a
 * copy that was cut, the segment as it was while still open) never passes for the whole.
 */
struct hash128 wal_seal(const struct hash128 *id, uint64_t n_entries, uint32_t crc);

/* The data of an E record. */
void wal_end_encode(struct buf *out, uint64_t n_entries, uint32_t crc);

#endif
