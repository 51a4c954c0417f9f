/* A block that is read; for the files of shape/ alone. */
#ifndef SHAPE_READ_H
#define SHAPE_READ_H

#include "base/arena.h"
#include "shape/kind.h"

/* Where something lies in what is stored. */
struct read_body {
	uint32_t off, raw_len, stored_len, crc;
};

struct read_column {
	const struct kind *kind;
	struct bytes params;
	struct read_body body;
	size_t n; /* values; known when the numbers of shapes are */
	bool is_inflated, is_read, has_rows;
	size_t first, end; /* values that are read */
	size_t len;	   /* what they have taken of values_left, */
	size_t n_words;	   /* and of words_left */
	struct buf raw, rows;
	struct kind_mem mem;
	struct shape_values values;
};

struct shape_reader {
	struct codec *codec;
	struct shape_stored in;
	bool all_there; /* nothing needs to be fetched */
	struct shape shape[SHAPE_MAX];
	size_t n_shapes;
	struct {
		struct read_body body;
		struct buf raw;
	} numbers;
	bool numbers_read;
	const uint8_t *number;	  /* NULL: all lines have the first shape */
	uint32_t n_of[SHAPE_MAX]; /* lines of each shape */
	uint64_t raw_left;	  /* bytes that bodies that come may have */
	uint64_t decoded;	  /* bytes as stored, of all blocks: shape_take_bytes */
	size_t values_left;	  /* bytes of values that are not read yet, at most */
	size_t words_left;	  /* words of lists that are not read yet, at most */
	struct read_column *column;
	size_t n_columns, cap_columns;
	struct buf entries; /* scratch */
	struct arena mem;   /* of the block: texts of the shapes */
	struct arena work;  /* of one call */
};

/* As shape_column, of values first to end - 1 alone. */
MUST_CHECK int shape_column_part(struct shape_reader *r, uint32_t column, size_t first, size_t end,
				 const int64_t *ts_ns, const struct shape_values **ret,
				 struct err *e);

/* All bodies at once. */
MUST_CHECK int shape_fetch_all(struct shape_reader *r, struct err *e);

#endif
