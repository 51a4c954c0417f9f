/*
 * Bundles: runs of small chunks of a pack, stored together, so that heads and columns that are
 * short each for itself are compressed with those of their neighbours. Where they lie: bundles.h.
 * Bytes in, bytes out. Format: lokid-chunk(5), "BUNDLES".
 */
#ifndef CHUNK_BUNDLE_H
#define CHUNK_BUNDLE_H

#include "chunk/bundles.h"
#include "chunk/chunk.h"

enum {
	BUNDLE_CHUNK_MAX = 8 << 10, /* bytes of a chunk that writers put into one, at most, */
	BUNDLE_BYTES = 256 << 10,   /* of its chunks when a writer ends one, or less, */
	BUNDLE_BYTES_MIN = 512	    /* and at least: fewer are stored as they are */
};

/* ---- making them ---- */

/* For one thread. */
struct bundle_writer;

/* NULL: packs of such chunks get none. */
struct bundle_writer *bundle_writer_new(const struct chunk_params *p);
void bundle_writer_free(struct bundle_writer *w); /* NULL is fine */

/* Adds a whole chunk to the open bundle, a copy of it. False, and nothing is added: it is larger
 * than BUNDLE_CHUNK_MAX, has columns that are compressed, or could not be made again from what
 * would be stored (its id or a checksum is wrong). The caller ends the bundle when it has
 * BUNDLE_BYTES: no reader takes one with more than BUNDLE_RAW_MAX. */
bool bundle_writer_add(struct bundle_writer *w, struct bytes chunk);

/* Bytes of the chunks that were added since the last end, and their number. */
uint32_t bundle_writer_raw(const struct bundle_writer *w);
uint32_t bundle_writer_n(const struct bundle_writer *w);

/* Appends the bundle to out; true. Or the chunks as they are, when it would be no smaller, or they
 * are too few; false. Either way w is empty then, and nothing is appended when it was. */
bool bundle_writer_end(struct bundle_writer *w, struct buf *out);

/* ---- reading them ---- */

enum bundle_part { BUNDLE_HEADS, BUNDLE_COLUMNS, BUNDLE_PARTS = BUNDLE_COLUMNS + COL_COUNT };

/* What the head says. */
struct bundle {
	struct chunk_fixed fixed;
	uint32_t n_chunks, raw_len;
	uint32_t part[BUNDLE_PARTS]; /* bytes of each, raw; raw_len all together */
	uint32_t crc_body;
};

/* Reads a head: `in` begins with it and has at least head_len bytes; *ret borrows nothing. Errors:
 * ERR_CORRUPT, ERR_VERSION. */
MUST_CHECK int bundle_parse(struct bytes in, struct bundle *ret, struct err *e);

/* Scratch for reading, kept between calls; for one thread. Never NULL. */
struct bundle_reader;
struct bundle_reader *bundle_reader_new(void);
void bundle_reader_free(struct bundle_reader *r); /* NULL is fine */

/*
 * Appends to out the chunks of the bundle that `whole` begins with, byte for byte as they were:
 * raw_len bytes. What they say of themselves is not looked at beyond their lengths: chunk_parse
 * does. Errors: ERR_CORRUPT, ERR_VERSION; out is then as before.
 */
MUST_CHECK int bundle_unpack(struct bundle_reader *r, struct bytes whole, struct buf *out,
			     struct err *e);

/* The same of one that a table names: `stored` is what lies at b->off, b->len bytes. Errors:
 * likewise; also when it is not what b says. The message says where it lies. */
MUST_CHECK int bundle_unpack_at(struct bundle_reader *r, const struct pack_bundle *b,
				struct bytes stored, struct buf *out, struct err *e);

#endif
