/* What can be made anew of a chunk's head, and what bundles therefore leave out. Private to
 * chunk/. */
#ifndef CHUNK_BUNDLE_HEAD_H
#define CHUNK_BUNDLE_HEAD_H

#include "chunk/chunk.h"

/* What a block's row says of its bytes. */
struct head_row {
	uint32_t crc_at; /* in the head: of both checksums, back to back */
	uint32_t col[COL_COUNT];
	uint32_t shapes_len;
};

/* A head, without what is not needed to put a chunk together. */
struct head_layout {
	uint32_t len, head_len;	     /* of the chunk, of the head */
	uint32_t id_at;		     /* in the head */
	struct bytes tenant, labels; /* borrowed; the labels in binary form */
	struct head_row *row;
	uint32_t n_rows;
	bool any_packed; /* some column is compressed apart */
	size_t cap;
};

/* Reads the head that `in` begins with; ids and checksums are not looked at. row and cap are kept
 * from call to call, row is to be freed. Errors: ERR_CORRUPT, ERR_VERSION. */
MUST_CHECK int head_layout_read(struct head_layout *l, struct bytes in, struct err *e);

enum {
	HEAD_ID_LEN = 16,
	HEAD_CRCS_LEN = 8 /* of a row */
};

#endif
