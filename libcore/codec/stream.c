#include "codec/stream.h"

#include <errno.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "base/mem.h"

enum { IN_BYTES = 256 << 10 };

struct codec_stream {
	int fd;
	enum { UNKNOWN, PLAIN, GZIP, ZSTD } kind;
	bool eof;    /* the descriptor has no more */
	bool inside; /* a compressed member or frame was begun and has not ended */
	z_stream z;
	ZSTD_DStream *zstd;
	size_t at, n; /* what is left of in */
	char in[IN_BYTES];
};

struct codec_stream *codec_stream_new(int fd)
{
	struct codec_stream *s = mem_alloc(sizeof(*s));

	s->fd = fd;
	return s;
}

void codec_stream_free(struct codec_stream *s)
{
	if (!s)
		return;
	if (s->kind == GZIP)
		inflateEnd(&s->z);
	ZSTD_freeDStream(s->zstd);
	free(s);
}

static bool is_gzip(struct bytes b)
{
	return bytes_starts(b, BYTES_LIT("\x1f\x8b\x08"));
}

/* A frame, or a skippable one. */
static bool is_zstd(struct bytes b)
{
	return bytes_starts(b, BYTES_LIT("\x28\xb5\x2f\xfd")) ||
	       (b.n >= 4 && (b.p[0] & 0xf0) == 0x50 && memcmp(b.p + 1, "\x2a\x4d\x18", 3) == 0);
}

bool codec_stream_is_packed(struct bytes start)
{
	return is_gzip(start) || is_zstd(start);
}

/* One read: what a pipe has now, so that lines of a slow writer are not held back for more. */
static int fill(struct codec_stream *s, struct err *e)
{
	ssize_t got;

	if (s->at < s->n || s->eof)
		return 0;
	do
		got = read(s->fd, s->in, sizeof(s->in));
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return err_sys(e, "cannot read");
	s->at = 0;
	s->n = (size_t)got;
	s->eof = got == 0;
	return 0;
}

static int find_kind(struct codec_stream *s, struct err *e)
{
	struct bytes start;

	if (fill(s, e) < 0)
		return -1;
	/* A pipe may give less than four bytes at first; then it is not a compressed one. */
	start = bytes_of(s->in, s->n);
	s->kind = is_gzip(start) ? GZIP : is_zstd(start) ? ZSTD : PLAIN;
	if (s->kind == GZIP && inflateInit2(&s->z, 15 + 16) != Z_OK)
		return err_set(e, ERR_NOMEM, "no memory for gzip");
	if (s->kind == ZSTD) {
		s->zstd = ZSTD_createDStream();
		if (!s->zstd)
			return err_set(e, ERR_NOMEM, "no memory for zstd");
	}
	return 0;
}

static int unzip(struct codec_stream *s, char *p, size_t n, size_t *ret_n, struct err *e)
{
	int r;

	s->z.next_in = (Bytef *)s->in + s->at;
	s->z.avail_in = (uInt)(s->n - s->at);
	s->z.next_out = (Bytef *)p;
	s->z.avail_out = n > UINT32_MAX ? UINT32_MAX : (uInt)n;
	*ret_n = s->z.avail_out;
	r = inflate(&s->z, Z_NO_FLUSH);
	s->at = s->n - s->z.avail_in;
	*ret_n -= s->z.avail_out;
	s->inside = r != Z_STREAM_END;
	if (r == Z_STREAM_END) {
		inflateReset(&s->z);
		return 0;
	}
	if (r != Z_OK && r != Z_BUF_ERROR)
		return err_set(e, ERR_CORRUPT, "damaged gzip data: %s",
			       s->z.msg ? s->z.msg : "unknown");
	return 0;
}

static int unzstd(struct codec_stream *s, char *p, size_t n, size_t *ret_n, struct err *e)
{
	ZSTD_inBuffer in = { s->in, s->n, s->at };
	ZSTD_outBuffer out = { p, n, 0 };
	size_t r = ZSTD_decompressStream(s->zstd, &out, &in);

	if (ZSTD_isError(r))
		return err_set(e, ERR_CORRUPT, "damaged zstd data: %s", ZSTD_getErrorName(r));
	s->at = in.pos;
	*ret_n = out.pos;
	s->inside = r != 0;
	return 0;
}

static int more(struct codec_stream *s, char *p, size_t n, size_t *ret_n, struct err *e)
{
	if (s->kind == GZIP)
		return unzip(s, p, n, ret_n, e);
	if (s->kind == ZSTD)
		return unzstd(s, p, n, ret_n, e);
	*ret_n = s->n - s->at < n ? s->n - s->at : n;
	memcpy(p, s->in + s->at, *ret_n);
	s->at += *ret_n;
	return 0;
}

int64_t codec_stream_read(struct codec_stream *s, void *p, size_t n, struct err *e)
{
	size_t done = 0;

	if (s->kind == UNKNOWN && find_kind(s, e) < 0)
		return -1;
	while (done < n) {
		size_t got = 0;

		if (fill(s, e) < 0)
			return -1;
		/* What a decompressor still holds back comes out without further input. */
		if (s->at == s->n && !s->inside)
			break;
		if (more(s, (char *)p + done, n - done, &got, e) < 0)
			return -1;
		done += got;
		if (got == 0 && s->at == s->n && s->eof) {
			if (s->inside)
				return err_set(e, ERR_CORRUPT, "compressed data is cut short");
			break;
		}
	}
	return (int64_t)done;
}
