/*
 * What a record's data says: decoding of series, batch heads and ends. Pure: bytes in, structs out.
 * Nothing here trusts the bytes: a checksum can be right and the content still not.
 */
#ifndef WAL_RECORD_H
#define WAL_RECORD_H

#include "wal/reader.h"

enum {
	WAL_BATCH_FIXED = 5,		/* kind and head length: enough to know how much to read */
	WAL_SECTION_RAW_MAX = 64 << 20, /* decompressed */
	WAL_RUN_HEAD_MAX = 40,
};

struct wal_section {
	size_t off, stored_n, raw_n; /* off: from the record's first byte */
	size_t first_part, n_parts;
	unsigned codec;
};

/* Scratch for a batch's head. {0} is a valid empty one. */
struct wal_head {
	size_t head_n, total_n; /* bytes of the head, of the whole record's data */
	struct wal_part *part;
	struct wal_section *section;
	size_t n_parts, cap_parts, n_sections, cap_sections;
};

void wal_head_release(struct wal_head *h);

/* The length of a batch's head, from its first WAL_BATCH_FIXED bytes. Errors: ERR_CORRUPT. */
MUST_CHECK int wal_head_length(struct bytes data, size_t *ret, struct err *e);

/* Decodes a batch's head (data holds at least all of it), and finds its streams' numbers. Errors:
 * ERR_CORRUPT. */
MUST_CHECK int wal_head_decode(struct bytes data, const struct streams *streams, struct wal_head *h,
			       struct wal_batch *ret, struct err *e);

/* Adds the streams of a series record. Errors: ERR_CORRUPT, ERR_LIMIT. */
MUST_CHECK int wal_series_decode(struct bytes data, struct streams *streams, uint32_t *ret_n,
				 struct err *e);

MUST_CHECK int wal_end_decode(struct bytes data, uint64_t *ret_entries, uint32_t *ret_crc,
			      struct err *e);

/* The columns of the run that comes `skip` runs behind offset *off of a section's decompressed
 * bytes; *off moves behind it. Errors: ERR_CORRUPT. */
MUST_CHECK int wal_run_find(struct bytes section, size_t *off, size_t skip,
			    struct bytes ret[COL_COUNT], struct err *e);

#endif
