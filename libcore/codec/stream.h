/* Reading a file that may be compressed whole: gzip and zstd are told by their first bytes,
 * anything else is given as it is. Several compressed files one after another are read as one. */
#ifndef CODEC_STREAM_H
#define CODEC_STREAM_H

#include "base/bytes.h"
#include "base/err.h"

struct codec_stream;

/* fd stays the caller's, and is read from where it stands, behind `start` (at most 64 KiB), which
 * was read already. Never NULL. */
struct codec_stream *codec_stream_new(int fd, struct bytes start);
void codec_stream_free(struct codec_stream *s); /* NULL is fine */

/* Up to n bytes of content into p, fewer only at the end or before damage: how many, 0 at the end,
 * or -1, then and from then on. Fewer than n do not say which: only 0 means that all was read and
 * is whole. Errors: ERR_IO; ERR_CORRUPT the compressed data is damaged or cut short, or something
 * else stands behind it, with the offset in it. */
MUST_CHECK int64_t codec_stream_read(struct codec_stream *s, void *p, size_t n, struct err *e);
/* The same, but never waits for more when it has some. */
MUST_CHECK int64_t codec_stream_some(struct codec_stream *s, void *p, size_t n, struct err *e);

/* Whether bytes at the start of a file say that it is compressed. */
bool codec_stream_is_packed(struct bytes start);
/* Whether that, or a byte order mark, is only begun: a pipe may give a byte at a time. */
bool codec_stream_is_undecided(struct bytes start);

/* The start of a text without the byte order mark that some editors put before UTF-8. */
struct bytes codec_skip_bom(struct bytes start);

/* Whether such bytes are no text: they have a NUL, or are compressed in a way that is not unpacked
 * here (xz, bzip2, lz4). What a warning says of it, with the input's name. */
bool codec_is_binary(struct bytes start);
#define CODEC_IS_BINARY "'%s': looks binary; read as lines (--input lines says so)"

#endif
