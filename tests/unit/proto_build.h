/* Messages of protobuf, written field by field. */
#ifndef TESTS_PROTO_BUILD_H
#define TESTS_PROTO_BUILD_H

#include "base/wr.h"

static inline void add_bytes(struct buf *b, unsigned field, struct bytes v)
{
	wr_uvarint(b, field << 3 | 2);
	wr_lstr(b, v);
}

static inline void add_number(struct buf *b, unsigned field, uint64_t v)
{
	wr_uvarint(b, field << 3);
	wr_uvarint(b, v);
}

/* Adds what inner holds as a field, and empties it. */
static inline void add_message(struct buf *b, unsigned field, struct buf *inner)
{
	add_bytes(b, field, buf_bytes(inner));
	buf_reset(inner);
}

#endif
