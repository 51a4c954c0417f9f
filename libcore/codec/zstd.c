/* For ZSTD_compressSequences and its parameters. */
#define ZSTD_STATIC_LINKING_ONLY
#include <stdlib.h>
#include <zstd.h>

#include "codec/encoding.h"
#include "codec/matches.h"

/* What flushing behind each of up to nine pieces may add. */
enum { PLANES_BYTES = 1 << 10 };

static size_t bound(size_t raw_n)
{
	return ZSTD_compressBound(raw_n) + PLANES_BYTES;
}

/*
 * Levels 4 to 7 are our own: we find the matches, and zstd codes them. Log lines are full of ids
 * and numbers, where short matches cost more than they save, and what a line repeats is the last of
 * its kind: so ours are smaller than zstd's levels of the same numbers, in half of the time
 * (lokid-chunk(5), "MEASURED").
 */
enum { OURS_FIRST = 4 };

static const struct match_effort ours[] = {
	{ .enough = 32, .steps = 1, .stride = 8, .log_far = 14, .log_near = 14 },
	{ .enough = 64, .steps = 2, .stride = 6, .log_far = 15, .log_near = 14 },
	{ .enough = 1024, .steps = 4, .stride = 2, .log_far = 15, .log_near = 15 },
	{ .enough = 1024, .steps = 5, .stride = 1, .log_far = 17, .log_near = 17 },
};

/* NULL: the level is zstd's. */
static const struct match_effort *effort_of(int level)
{
	size_t at = (size_t)(level - OURS_FIRST);

	return level >= OURS_FIRST && at < sizeof(ours) / sizeof(*ours) ? &ours[at] : NULL;
}

/* What codes our matches needs no tables of its own, but is to choose its codes with care. */
static void make_coder(ZSTD_CCtx *z)
{
	ZSTD_CCtx_setParameter(z, ZSTD_c_windowLog, MATCHES_WINDOW_LOG);
	ZSTD_CCtx_setParameter(z, ZSTD_c_strategy, ZSTD_lazy2);
	ZSTD_CCtx_setParameter(z, ZSTD_c_hashLog, ZSTD_HASHLOG_MIN);
	ZSTD_CCtx_setParameter(z, ZSTD_c_chainLog, ZSTD_CHAINLOG_MIN);
	ZSTD_CCtx_setParameter(z, ZSTD_c_blockDelimiters, ZSTD_sf_explicitBlockDelimiters);
#ifdef ZSTD_c_searchForExternalRepcodes /* before, they always were */
	ZSTD_CCtx_setParameter(z, ZSTD_c_searchForExternalRepcodes, ZSTD_ps_enable);
#endif
}

/* A context for the level; its parameters stay for all calls. */
static ZSTD_CCtx *make_context(int level)
{
	ZSTD_CCtx *z = ZSTD_createCCtx();

	if (!z)
		abort();
	ZSTD_CCtx_setParameter(z, ZSTD_c_compressionLevel, level);
	if (effort_of(level))
		make_coder(z);
	return z;
}

static size_t compress_matches(struct codec *c, const struct match_effort *how, struct bytes in,
			       void *to, size_t cap)
{
	matches_find(&c->matches, how, in);
	return ZSTD_compressSequences(c->zstd_c, to, cap, c->matches.v, c->matches.n, in.p, in.n);
}

/* Each plane becomes a block of its own, with its own table of codes: random ones are then kept as
 * they are. */
static size_t compress_planes(struct codec *c, struct bytes in, void *to, size_t cap)
{
	ZSTD_outBuffer out = { to, cap, 0 };
	ZSTD_inBuffer feed = { in.p, 0, 0 };

	ZSTD_CCtx_reset(c->zstd_c, ZSTD_reset_session_only);
	ZSTD_CCtx_setPledgedSrcSize(c->zstd_c, in.n);
	for (size_t at = c->plane_first; at < in.n; at += c->plane_step) {
		feed.size = at;
		if (ZSTD_compressStream2(c->zstd_c, &out, &feed, ZSTD_e_flush) != 0)
			abort(); /* the buffer has the bound's size */
	}
	feed.size = in.n;
	if (ZSTD_compressStream2(c->zstd_c, &out, &feed, ZSTD_e_end) != 0)
		abort();
	return out.pos;
}

static size_t compress(struct codec *c, struct bytes in, void *to, size_t cap)
{
	const struct match_effort *how = effort_of(c->level);
	size_t n;

	if (!c->zstd_c)
		c->zstd_c = make_context(c->level);
	if (c->plane_step)
		return compress_planes(c, in, to, cap);
	if (how)
		n = compress_matches(c, how, in, to, cap);
	else
		n = ZSTD_compress2(c->zstd_c, to, cap, in.p, in.n);
	if (ZSTD_isError(n))
		abort(); /* the buffer has the bound's size */
	return n;
}

static int decompress(struct codec *c, struct bytes in, void *to, size_t raw_n, struct err *e)
{
	size_t n;

	if (!c->zstd_d)
		c->zstd_d = ZSTD_createDCtx();
	if (!c->zstd_d)
		return err_set(e, ERR_NOMEM, "zstd: no memory for a context");
	n = ZSTD_decompressDCtx(c->zstd_d, to, raw_n, in.p, in.n);
	if (ZSTD_isError(n))
		return err_set(e, ERR_CORRUPT, "zstd: %s", ZSTD_getErrorName(n));
	if (n != raw_n)
		return err_set(e, ERR_CORRUPT, "zstd: expected %zu bytes, found %zu", raw_n, n);
	return 0;
}

/* Parts are frames, each of which says how long it is. */
static int decompress_range(struct codec *c, struct bytes in, char *to, size_t raw_n, size_t from,
			    size_t end, struct err *e)
{
	struct bytes rest = in;
	size_t at = 0;

	while (rest.n) {
		size_t stored = ZSTD_findFrameCompressedSize(rest.p, rest.n);
		unsigned long long n = ZSTD_getFrameContentSize(rest.p, rest.n);

		/* Of two numbers that are no size both are larger than any. */
		if (ZSTD_isError(stored) || n > raw_n - at)
			return decompress(c, in, to, raw_n, e);
		if (at < end && at + n > from &&
		    decompress(c, bytes_sub(rest, 0, stored), to + at, n, e) < 0)
			return -1;
		at += n;
		rest = bytes_sub(rest, stored, rest.n);
	}
	if (at != raw_n)
		return err_set(e, ERR_CORRUPT, "zstd: expected %zu bytes, found %zu", raw_n, at);
	return 0;
}

void encoding_zstd_release(struct codec *c)
{
	ZSTD_freeCCtx(c->zstd_c);
	ZSTD_freeDCtx(c->zstd_d);
	matches_release(&c->matches);
}

const struct encoding encoding_zstd = { "zstd", bound, compress, decompress, decompress_range };
