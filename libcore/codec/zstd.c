/* For ZSTD_c_useRowMatchFinder alone, which is a number given to a stable function. */
#define ZSTD_STATIC_LINKING_ONLY
#include <stdlib.h>
#include <zstd.h>

#include "codec/encoding.h"

/* What flushing behind each of up to nine pieces may add. */
enum { PLANES_BYTES = 1 << 10 };

static size_t bound(size_t raw_n)
{
	return ZSTD_compressBound(raw_n) + PLANES_BYTES;
}

/*
 * Levels 4 to 7 are our own. Log lines are full of ids and numbers, where short matches cost more
 * than they save: with matches of 7 bytes and more and a small table, lazy2 is smaller and faster
 * than zstd's levels of the same numbers (lokid-chunk(5), "MEASURED"). What a line repeats lies
 * close, or is the last of its kind: so chains that reach 2^9 to 2^14 bytes back, behind a table
 * of what stood last, find nearly what rows of sixteen do, in three quarters of the time.
 */
static const struct {
	enum { CHAINS, ROWS } finder;
	int hash_log, chain_log, search_log;
} tuned[] = {
	{ CHAINS, 15, 9, 2 }, { CHAINS, 15, 12, 2 }, { CHAINS, 15, 14, 3 }, { ROWS, 17, 17, 3 }
};

enum { TUNED_FIRST = 4, TUNED_MIN_MATCH = 7 };

static void set_finder(ZSTD_CCtx *z, bool rows)
{
#if ZSTD_VERSION_NUMBER >= 10502 /* before, the values meant something else */
	ZSTD_CCtx_setParameter(z, ZSTD_c_useRowMatchFinder, rows ? ZSTD_ps_auto : ZSTD_ps_disable);
#else
	(void)z, (void)rows;
#endif
}

/* A context for the level; its parameters stay for all calls. */
static ZSTD_CCtx *make_context(int level)
{
	ZSTD_CCtx *z = ZSTD_createCCtx();
	size_t t = (size_t)(level - TUNED_FIRST);

	if (!z)
		abort();
	ZSTD_CCtx_setParameter(z, ZSTD_c_compressionLevel, level);
	if (level >= TUNED_FIRST && t < sizeof(tuned) / sizeof(*tuned)) {
		ZSTD_CCtx_setParameter(z, ZSTD_c_strategy, ZSTD_lazy2);
		ZSTD_CCtx_setParameter(z, ZSTD_c_hashLog, tuned[t].hash_log);
		ZSTD_CCtx_setParameter(z, ZSTD_c_chainLog, tuned[t].chain_log);
		ZSTD_CCtx_setParameter(z, ZSTD_c_searchLog, tuned[t].search_log);
		ZSTD_CCtx_setParameter(z, ZSTD_c_minMatch, TUNED_MIN_MATCH);
		set_finder(z, tuned[t].finder == ROWS);
	}
	return z;
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
	size_t n;

	if (!c->zstd_c)
		c->zstd_c = make_context(c->level);
	if (c->plane_step)
		return compress_planes(c, in, to, cap);
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
}

const struct encoding encoding_zstd = { "zstd", bound, compress, decompress, decompress_range };
