#include "codec/unpack.h"

#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/crc32c.h"
#include "base/rd.h"
#include "codec/unsnap.h"

enum {
	ROOM_MIN = 16 << 10,	  /* what out has at least when a stream is begun */
	ROOM_STEP_MAX = 64 << 20, /* and what it grows by at most */
	ZSTD_WINDOW_LOG_MAX = 23,
	SNAPPY_RATIO_MAX = 22, /* 64 bytes of copy take 3 */
	SNAPPY_FRAME_MAX = 65536,
};

static int too_large(size_t max, struct err *e)
{
	return err_set(e, ERR_LIMIT, "message size too large: it unpacks to more than %zu bytes",
		       max);
}

/* Room behind what out has: as much again, within max and one byte, by which more is noticed. */
static size_t make_room(struct buf *out, size_t in_n, size_t max)
{
	size_t step = out->n ? out->n : in_n * 4, left = max - out->n;

	if (step < ROOM_MIN)
		step = ROOM_MIN;
	if (step > ROOM_STEP_MAX)
		step = ROOM_STEP_MAX;
	if (step > left)
		step = left + 1;
	buf_reserve(out, step);
	return step;
}

/* --- gzip and deflate --- */

static int bad_zlib(const z_stream *z, const char *name, size_t n, struct err *e)
{
	return err_set(e, ERR_CORRUPT, "%s: %s at byte %zu", name,
		       z->avail_in == 0 ? "cut short"
		       : z->msg		? z->msg
					: "bad data",
		       n - z->avail_in);
}

/* A stream that begins where z stands. More than 4 GiB in memory at once do not come here. */
static int inflate_one(z_stream *z, const char *name, size_t in_n, size_t max, struct buf *out,
		       struct err *e)
{
	for (;;) {
		size_t room = make_room(out, in_n, max);
		int r;

		z->next_out = (Bytef *)out->p + out->n;
		z->avail_out = (uInt)room;
		r = inflate(z, Z_NO_FLUSH);
		out->n += room - z->avail_out;
		if (out->n > max)
			return too_large(max, e);
		if (r == Z_STREAM_END)
			return 0;
		if (r != Z_OK || (z->avail_in == 0 && z->avail_out > 0))
			return bad_zlib(z, name, in_n, e);
	}
}

enum { WINDOW_GZIP = 15 + 16, WINDOW_ZLIB = 15, WINDOW_RAW = -15 };

static int inflate_all(int window, const char *name, struct bytes in, size_t max, struct buf *out,
		       struct err *e)
{
	z_stream z = { .next_in = (Bytef *)in.p, .avail_in = (uInt)in.n };
	int rc;

	if (in.n > UINT32_MAX)
		return err_set(e, ERR_LIMIT, "%s: more than 4 GiB", name);
	if (inflateInit2(&z, window) != Z_OK)
		return err_set(e, ERR_NOMEM, "%s: no memory", name);
	do
		rc = inflate_one(&z, name, in.n, max, out, e);
	while (rc == 0 && window == WINDOW_GZIP && z.avail_in > 0 && inflateReset(&z) == Z_OK);
	if (rc == 0 && z.avail_in > 0)
		rc = err_set(e, ERR_CORRUPT, "%s: something stands behind its end at byte %zu",
			     name, in.n - z.avail_in);
	inflateEnd(&z);
	return rc;
}

/* Clients mean either by the name; a raw stream may look like a wrapped one, seldom. */
static int inflate_either(struct bytes in, size_t max, struct buf *out, struct err *e)
{
	const unsigned char *p = (const unsigned char *)in.p;

	if (in.n >= 2 && (p[0] & 0x8f) == 8 && ((p[0] << 8) | p[1]) % 31 == 0) {
		struct err wrapped;

		if (inflate_all(WINDOW_ZLIB, "deflate", in, max, out, &wrapped) == 0)
			return 0;
		if (wrapped.code != ERR_CORRUPT) {
			*e = wrapped;
			return -1;
		}
		buf_reset(out);
		if (inflate_all(WINDOW_RAW, "deflate", in, max, out, e) == 0)
			return 0;
		if (e->code == ERR_CORRUPT)
			*e = wrapped;
		return -1;
	}
	return inflate_all(WINDOW_RAW, "deflate", in, max, out, e);
}

/* --- zstd --- */

static int bad_zstd(size_t error, size_t at, struct err *e)
{
	if (ZSTD_getErrorCode(error) == ZSTD_error_frameParameter_windowTooLarge)
		return err_set(e, ERR_CORRUPT, "zstd: a window of more than %d bytes at byte %zu",
			       1 << ZSTD_WINDOW_LOG_MAX, at);
	return err_set(e, ERR_CORRUPT, "zstd: %s at byte %zu", ZSTD_getErrorName(error), at);
}

static int unzstd_all(ZSTD_DStream *z, struct bytes in, size_t max, struct buf *out, struct err *e)
{
	ZSTD_inBuffer from = { in.p, in.n, 0 };
	size_t left = 1; /* of the frame; 0 at its end */

	while (left || from.pos < from.size) {
		size_t room = make_room(out, in.n, max), was = from.pos;
		ZSTD_outBuffer to = { out->p + out->n, room, 0 };

		left = ZSTD_decompressStream(z, &to, &from);
		if (ZSTD_isError(left))
			return bad_zstd(left, from.pos, e);
		out->n += to.pos;
		if (out->n > max)
			return too_large(max, e);
		if (left && from.pos == was && to.pos < room)
			return err_set(e, ERR_CORRUPT, "zstd: cut short at byte %zu", in.n);
	}
	return 0;
}

static int unzstd(struct bytes in, size_t max, struct buf *out, struct err *e)
{
	unsigned long long content = ZSTD_getFrameContentSize(in.p, in.n);
	ZSTD_DStream *z;
	int rc;

	if (content != ZSTD_CONTENTSIZE_UNKNOWN && content != ZSTD_CONTENTSIZE_ERROR &&
	    content > max)
		return too_large(max, e);
	z = ZSTD_createDStream();
	if (!z)
		return err_set(e, ERR_NOMEM, "zstd: no memory");
	ZSTD_DCtx_setParameter(z, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG_MAX);
	rc = unzstd_all(z, in, max, out, e);
	ZSTD_freeDStream(z);
	return rc;
}

/* --- snappy --- */

static int snappy_corrupt(struct err *e)
{
	return err_set(e, ERR_CORRUPT, "snappy: corrupt input");
}

/* A block, behind what out has. */
static int unsnap_block(struct bytes in, size_t max, struct buf *out, struct err *e)
{
	size_t n;

	if (!unsnap_size(in, &n))
		return snappy_corrupt(e);
	if (n > max - out->n)
		return too_large(max, e);
	if (n / SNAPPY_RATIO_MAX > in.n)
		return snappy_corrupt(e);
	if (!unsnap(in, buf_reserve(out, n), n))
		return snappy_corrupt(e);
	out->n += n;
	return 0;
}

/* The framing format, as Go's snappy.Writer has it: chunks of a type, three bytes of length, data.
 */
static const struct bytes SNAPPY_STREAM = { "\xff\x06\x00\x00sNaPpY", 10 };

enum { CHUNK_SNAPPY = 0, CHUNK_PLAIN = 1, CHUNK_SKIPPABLE = 0x80 };

static bool is_checked(struct bytes data, const unsigned char *stored)
{
	uint32_t crc = crc32c(data.p, data.n);

	crc = (crc >> 15 | crc << 17) + 0xa282ead8;
	return (uint32_t)(stored[0] | stored[1] << 8 | stored[2] << 16) == (crc & 0xffffff) &&
	       stored[3] == crc >> 24;
}

static int unsnap_chunk(unsigned type, struct bytes chunk, size_t max, struct buf *out,
			struct err *e)
{
	struct bytes data = bytes_sub(chunk, 4, chunk.n);
	size_t was = out->n;

	if (type >= CHUNK_SKIPPABLE)
		return 0;
	if (type > CHUNK_PLAIN || chunk.n < 4)
		return snappy_corrupt(e);
	if (type == CHUNK_SNAPPY) {
		if (unsnap_block(data, max, out, e) < 0)
			return -1;
	} else {
		if (data.n > max - out->n)
			return too_large(max, e);
		buf_add_bytes(out, data);
	}
	if (out->n - was > SNAPPY_FRAME_MAX ||
	    !is_checked(bytes_of(out->p + was, out->n - was), (const unsigned char *)chunk.p))
		return snappy_corrupt(e);
	return 0;
}

static int unsnap_frames(struct bytes in, size_t max, struct buf *out, struct err *e)
{
	struct rd r = rd_init(in);

	buf_reserve(out, 0); /* which chunks of nothing leave as it is */
	while (rd_left(&r) > 0) {
		unsigned type = rd_u8(&r);
		size_t n = rd_u8(&r);

		n |= (size_t)rd_u8(&r) << 8;
		n |= (size_t)rd_u8(&r) << 16;
		if (r.failed || n > rd_left(&r))
			return snappy_corrupt(e);
		if (unsnap_chunk(type, rd_bytes(&r, n), max, out, e) < 0)
			return -1;
	}
	return 0;
}

int codec_unpack(enum codec_unpack how, struct bytes in, size_t max, struct buf *out, struct err *e)
{
	buf_reset(out);
	switch (how) {
	case CODEC_UNPACK_GZIP:
		return inflate_all(WINDOW_GZIP, "gzip", in, max, out, e);
	case CODEC_UNPACK_DEFLATE:
		return inflate_either(in, max, out, e);
	case CODEC_UNPACK_ZSTD:
		return unzstd(in, max, out, e);
	case CODEC_UNPACK_SNAPPY:
		break;
	}
	return bytes_starts(in, SNAPPY_STREAM) ? unsnap_frames(in, max, out, e)
					       : unsnap_block(in, max, out, e);
}
