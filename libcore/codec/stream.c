#include "codec/stream.h"

#include <assert.h>
#include <errno.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "base/mem.h"

enum { IN_BYTES = 256 << 10, START_MAX = 64 << 10 };

struct codec_stream {
	int fd;
	enum { UNKNOWN, PLAIN, GZIP, ZSTD } kind;
	bool eof;    /* the descriptor has no more */
	bool inside; /* a compressed member or frame was begun and has not ended */
	bool ended;  /* a gzip member has */
	z_stream z;
	ZSTD_DStream *zstd;
	uint64_t off;	   /* of in's end in the whole input */
	struct err failed; /* met behind what was given; from then on every call gives it */
	size_t at, n;	   /* what is left of in */
	char in[IN_BYTES];
};

struct codec_stream *codec_stream_new(int fd, struct bytes start)
{
	struct codec_stream *s = mem_alloc(sizeof(*s));

	assert(start.n <= START_MAX);
	s->fd = fd;
	if (start.n)
		memcpy(s->in, start.p, start.n);
	s->n = s->off = start.n;
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

static const struct bytes BOM = { "\xef\xbb\xbf", 3 };

bool codec_stream_is_undecided(struct bytes start)
{
	static const struct bytes magics[] = {
		{ "\x1f\x8b\x08", 3 },
		{ "\x28\xb5\x2f\xfd", 4 },
		{ "\xef\xbb\xbf", 3 },
	};
	struct bytes skippable = { "\x2a\x4d\x18", 3 };

	if (start.n == 0)
		return false;
	for (size_t i = 0; i < sizeof(magics) / sizeof(*magics); i++)
		if (start.n < magics[i].n && bytes_starts(magics[i], start))
			return true;
	return start.n < 4 && (start.p[0] & 0xf0) == 0x50 &&
	       bytes_starts(skippable, bytes_sub(start, 1, start.n));
}

struct bytes codec_skip_bom(struct bytes start)
{
	return bytes_starts(start, BOM) ? bytes_sub(start, BOM.n, start.n) : start;
}

bool codec_is_binary(struct bytes start)
{
	static const struct bytes others[] = {
		{ "\3757zXZ", 5 },
		{ "BZh", 3 },
		{ "\4\"M\30", 4 },
	};
	bool hit = start.n && memchr(start.p, 0, start.n);

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		hit = hit || bytes_starts(start, others[i]);
	return hit;
}

/* One read behind what is there: what a pipe has now, so that lines of a slow writer are not held
 * back for more. */
static int add(struct codec_stream *s, struct err *e)
{
	ssize_t got;

	do
		got = read(s->fd, s->in + s->n, sizeof(s->in) - s->n);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return err_sys(e, "cannot read");
	s->n += (size_t)got;
	s->off += (uint64_t)got;
	s->eof = got == 0;
	return 0;
}

static int fill(struct codec_stream *s, struct err *e)
{
	if (s->at < s->n || s->eof)
		return 0;
	s->at = s->n = 0;
	return add(s, e);
}

static int damaged(const struct codec_stream *s, const char *what, const char *why, struct err *e)
{
	return err_set(e, ERR_CORRUPT, "offset %llu: %s%s",
		       (unsigned long long)(s->off - (s->n - s->at)), what, why);
}

static int find_kind(struct codec_stream *s, struct err *e)
{
	struct bytes start;

	/* A pipe may give a byte at a time. No magic has a newline, so a short line is not kept
	 * waiting for the next one. */
	while (s->n < 4 && !s->eof && !memchr(s->in, '\n', s->n))
		if (add(s, e) < 0)
			return -1;
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

/* What stands behind a member and is none is told from damage in one, and by where it begins. */
static int bad_gzip(struct codec_stream *s, struct err *e)
{
	enum { MAGIC = 2 };

	if (!s->ended || s->z.total_in > MAGIC)
		return damaged(s, "damaged gzip data: ", s->z.msg ? s->z.msg : "unknown", e);
	s->at -= s->at < s->z.total_in ? s->at : s->z.total_in;
	return damaged(s, "something that is no gzip stands behind the gzip data", "", e);
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
		s->ended = true;
		inflateReset(&s->z);
		return 0;
	}
	return r != Z_OK && r != Z_BUF_ERROR ? bad_gzip(s, e) : 0;
}

static int unzstd(struct codec_stream *s, char *p, size_t n, size_t *ret_n, struct err *e)
{
	ZSTD_inBuffer in = { s->in, s->n, s->at };
	ZSTD_outBuffer out = { p, n, 0 };
	size_t r = ZSTD_decompressStream(s->zstd, &out, &in);

	if (ZSTD_isError(r))
		return damaged(s, "damaged zstd data: ", ZSTD_getErrorName(r), e);
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

enum how_much { ALL, SOME };

static int read_content(struct codec_stream *s, char *p, size_t n, enum how_much how, size_t *done,
			struct err *e)
{
	if (s->kind == UNKNOWN && find_kind(s, e) < 0)
		return -1;
	while (*done < n) {
		size_t got = 0;

		if (how == SOME && *done && s->at == s->n)
			break;
		if (fill(s, e) < 0)
			return -1;
		/* What a decompressor still holds back comes out without further input. */
		if (s->at == s->n && !s->inside)
			break;
		if (more(s, p + *done, n - *done, &got, e) < 0)
			return -1;
		*done += got;
		if (got == 0 && s->at == s->n && s->eof) {
			if (s->inside)
				return damaged(s, "compressed data is cut short", "", e);
			break;
		}
	}
	return 0;
}

static int64_t read_or_fail(struct codec_stream *s, void *p, size_t n, enum how_much how,
			    struct err *e)
{
	size_t done = 0;

	if (s->failed.code == ERR_NONE && read_content(s, p, n, how, &done, &s->failed) == 0)
		return (int64_t)done;
	/* What could be read is given first. */
	if (done)
		return (int64_t)done;
	*e = s->failed;
	return -1;
}

int64_t codec_stream_read(struct codec_stream *s, void *p, size_t n, struct err *e)
{
	return read_or_fail(s, p, n, ALL, e);
}

int64_t codec_stream_some(struct codec_stream *s, void *p, size_t n, struct err *e)
{
	return read_or_fail(s, p, n, SOME, e);
}
