/*
 * Compression, fenced. One row per encoding in codec.c's table: its number on disk (never
 * reused), its name, and three functions in a file named after it.
 *
 * To add an encoding: codec/NAME.c with bound, compress, decompress into a capped buffer; a row in
 * the table; a row in lokid-chunk(5); a frozen sample; it is then in the fuzz round trip and the
 * bench.
 */
#ifndef CODEC_CODEC_H
#define CODEC_CODEC_H

#include "base/buf.h"
#include "base/err.h"

enum codec_id { CODEC_NONE = 0, CODEC_SNAPPY = 1, CODEC_ZSTD = 2, CODEC_COUNT };

/* Contexts and tables that are dear to make, kept between calls; for one thread. */
struct codec;

/* level: zstd's (1 to 19), of which 4 to 7 are tuned for logs; others ignore it. Never NULL. */
struct codec *codec_new(int level);
void codec_free(struct codec *c);

/* "zstd" and so on; NULL for a number that is none. */
const char *codec_name(unsigned id);

/* Appends the compressed form of in to out. Cannot fail: in is at most 1 GiB, memory is our own. */
void codec_compress(struct codec *c, enum codec_id id, struct bytes in, struct buf *out);

/*
 * The same, of bytes that change their nature at offset first and then every step bytes, at most
 * eight times: an encoding may code these pieces apart. It makes no difference to readers. step is
 * not 0.
 */
void codec_compress_planes(struct codec *c, enum codec_id id, struct bytes in, size_t first,
			   size_t step, struct buf *out);

/*
 * As codec_compress, cut into even parts of at most part_bytes (not 0) that can be decompressed
 * apart, where the encoding has such: zstd alone.
 */
void codec_compress_parts(struct codec *c, enum codec_id id, struct bytes in, size_t part_bytes,
			  struct buf *out);

/*
 * Fills ret[0..raw_n) with what in holds; anything but exactly raw_n bytes is an error. The caller
 * has checked raw_n against a limit. Errors: ERR_CORRUPT, ERR_VERSION (unknown id).
 */
MUST_CHECK int codec_decompress(struct codec *c, unsigned id, struct bytes in, void *ret,
				size_t raw_n, struct err *e);

/*
 * The same, but only ret[from..to) is wanted: what else is filled depends on how it was compressed,
 * and damage outside may go unseen. from <= to <= raw_n. Errors: the same.
 */
MUST_CHECK int codec_decompress_range(struct codec *c, unsigned id, struct bytes in, void *ret,
				      size_t raw_n, size_t from, size_t to, struct err *e);

#endif
