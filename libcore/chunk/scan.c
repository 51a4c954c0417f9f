/*
 * The input is seen through a window: the whole of it when it is in memory, else what was read and
 * not yet left behind. Behind damage reading goes on at the next chunk that the trailer names;
 * without one, at the next place where a head with a good checksum stands. Where that is in the raw
 * image only who knows all bundles before it can say.
 */
#include "chunk/scan.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "chunk/bundle.h"
#include "chunk/format.h"

enum { FILL = 256 << 10 };

struct chunk_scan {
	chunk_fill_fn *fill; /* NULL: the window is all there is */
	void *data;
	struct bytes win;
	struct buf own;	  /* what win shows when there is a fill */
	uint64_t win_off; /* of the window's first byte in the input */
	size_t at;	  /* in the window: the next piece */
	bool eof;
	struct arena arena, dir_arena;
	struct pack_trailer dir; /* of the input's end, when it has one */
	bool has_dir;
	struct pack_bundles told; /* where they lie, by the directory or by who else knows it, */
	bool has_told;		  /* if any does */
	bool adrift;		  /* `saved` may lack what bundles that could not be read saved */
	bool after_chunk;	  /* last is the chunk that ends at `at` */
	struct chunk last;
	size_t last_at;
	uint64_t saved; /* by how much the input before `at` is smaller than its raw image, modulo
			   2^64: it may be larger */
	struct bundle_reader *reader;
	struct buf raw; /* of the bundle `in`; the next chunk of it is at raw_at */
	size_t raw_at;
	struct pack_bundle in;
};

uint64_t chunk_piece_before_max(const struct chunk_piece *p)
{
	enum { RAW_PER_STORED = 64 };

	return p->adrift ? p->at * RAW_PER_STORED + BUNDLE_RAW_MAX : p->off;
}

const char *chunk_piece_name(enum chunk_piece_kind kind)
{
	static const char *const name[] = { [PIECE_CHUNK] = "chunk",
					    [PIECE_TRAILER] = "trailer",
					    [PIECE_FILTER] = "filter",
					    [PIECE_BUNDLE] = "bundle",
					    [PIECE_DAMAGE] = "bytes that cannot be read" };

	return name[kind];
}

struct chunk_scan *chunk_scan_new(chunk_fill_fn *fill, void *data)
{
	struct chunk_scan *s = mem_alloc(sizeof(*s));

	s->fill = fill;
	s->data = data;
	return s;
}

struct chunk_scan *chunk_scan_new_bytes(struct bytes whole)
{
	struct chunk_scan *s = mem_alloc(sizeof(*s));
	struct pack_trailer *t = &s->dir;

	s->win = whole;
	s->eof = true;
	if (pack_parse_trailer(whole, whole.n, &s->dir_arena, t, NULL) == 0) {
		s->has_dir = s->has_told = true;
		s->told = t->bundles;
	}
	return s;
}

void chunk_scan_believe(struct chunk_scan *s, const struct pack_bundles *told)
{
	if (s->has_dir)
		return;
	s->told = *told;
	s->has_told = true;
}

void chunk_scan_free(struct chunk_scan *s)
{
	if (!s)
		return;
	buf_release(&s->own);
	buf_release(&s->raw);
	bundle_reader_free(s->reader);
	arena_release(&s->arena);
	arena_release(&s->dir_arena);
	free(s);
}

/* Tries to have n bytes from `at` in the window; returns how many there are, or -1. */
static int64_t need(struct chunk_scan *s, size_t n, struct err *e)
{
	while (!s->eof && s->win.n - s->at < n) {
		int64_t got = s->fill(s->data, buf_reserve(&s->own, FILL), FILL, e);

		if (got < 0)
			return -1;
		if (got == 0)
			s->eof = true;
		s->own.n += (size_t)got;
		s->win = buf_bytes(&s->own);
	}
	return (int64_t)(s->win.n - s->at);
}

static void leave_behind(struct chunk_scan *s)
{
	if (!s->fill || s->at < FILL)
		return;
	buf_drop(&s->own, s->at);
	s->win = buf_bytes(&s->own);
	s->win_off += s->at;
	s->at = 0;
}

/* 1 when a head with a good checksum stands at `at`, else 0 with the reason in why. */
static int good_head(struct chunk_scan *s, struct chunk_fixed *f, struct err *why, struct err *e)
{
	struct bytes head;

	if (need(s, CHUNK_FIXED_LEN, e) < 0)
		return -1;
	/* All of it, where there is a magic: one of a newer version, or damaged? */
	head = bytes_sub(s->win, s->at, s->win.n);
	if (chunk_is_magic(head) && need(s, chunk_head_len(head), e) < 0)
		return -1;
	if (chunk_parse_fixed(bytes_sub(s->win, s->at, s->win.n), f, why) < 0)
		return 0;
	return chunk_head_check(bytes_sub(s->win, s->at, s->win.n), f, why) == 0;
}

/* Where `at` is in the raw image. */
static uint64_t raw_at(const struct chunk_scan *s)
{
	return s->win_off + s->at + s->saved;
}

/* The first chunk that the directory names behind `at`, or how many there are. */
static size_t next_named(const struct chunk_scan *s)
{
	const struct pack_trailer *t = &s->dir;
	size_t lo = 0, hi = t->n_chunks;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (pack_bundles_stored(&t->bundles, t->chunk[mid].off) <= s->at)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Moves to the next chunk or bundle that the directory names, behind `at`; true when there is one.
 */
static bool skip_by_directory(struct chunk_scan *s)
{
	const struct pack_trailer *t = &s->dir;
	size_t i;

	if (!s->has_dir || s->at >= pack_chunks_len(t))
		return false;
	i = next_named(s);
	if (i < t->n_chunks) {
		s->at = pack_bundles_stored(&t->bundles, t->chunk[i].off);
		s->saved = t->chunk[i].off - s->at;
	} else {
		s->at = pack_chunks_len(t);
		s->saved = pack_bundles_saved(&t->bundles);
	}
	return true;
}

/* Moves behind the bundle that was told to lie here, if another head, or nothing, follows: 1, 0,
 * -1. */
static int skip_by_told(struct chunk_scan *s, struct err *e)
{
	const size_t start = s->at;
	const struct pack_bundle *b = pack_bundles_at(&s->told, pack_bundles_raw(&s->told, s->at));
	struct chunk_fixed f;
	int rc;

	if (!b || b->off > s->at || s->at - b->off >= b->len || b->off + b->len > s->win.n)
		return 0;
	s->at = (size_t)b->off + b->len;
	rc = s->at == s->win.n ? 1 : good_head(s, &f, NULL, e);
	if (rc <= 0)
		s->at = start;
	return rc;
}

/* Behind damage that the directory did not lead out of. */
static void find_bearings(struct chunk_scan *s)
{
	if (s->has_told)
		s->saved = pack_bundles_raw(&s->told, s->at) - s->at;
	else
		s->adrift = true;
}

/* Moves to the next magic, or to the end: 1, 0, -1. */
static int next_magic(struct chunk_scan *s, struct err *e)
{
	while (true) {
		int64_t left = need(s, sizeof(chunk_magic), e);
		const char *p;

		if (left < 0)
			return -1;
		if (left < (int64_t)sizeof(chunk_magic)) {
			s->at = s->win.n;
			return 0;
		}
		p = memmem(s->win.p + s->at, (size_t)left, chunk_magic, sizeof(chunk_magic));
		if (p) {
			s->at = (size_t)(p - s->win.p);
			return 1;
		}
		s->at = s->win.n - sizeof(chunk_magic) + 1;
		leave_behind(s);
	}
}

/*
 * Moves to the next good head, or to the end. Every magic may claim a head of megabytes, whose
 * checksum has to be computed: what is spent on that is bounded by what was searched, so that a
 * file made of magics costs no more than any other.
 */
static int skip_by_magic(struct chunk_scan *s, struct err *e)
{
	uint64_t start = s->win_off + s->at, spent = 0;
	int rc;

	s->at++;
	while ((rc = next_magic(s, e)) > 0) {
		uint64_t allowed = CHUNK_HEAD_MAX + 16 * (s->win_off + s->at - start);
		struct chunk_fixed f;

		if (need(s, CHUNK_FIXED_LEN, e) < 0)
			return -1;
		if (chunk_parse_fixed(bytes_sub(s->win, s->at, CHUNK_FIXED_LEN), &f, NULL) == 0 &&
		    spent + f.head_len <= allowed) {
			spent += f.head_len;
			rc = good_head(s, &f, NULL, e);
			if (rc != 0)
				return rc < 0 ? -1 : 0;
		}
		s->at++;
	}
	return rc;
}

/*
 * A chunk whose length was right ends where another begins, or at the end. When it does not, bytes
 * of it may be missing or too many: then the search begins at its first bad block.
 */
static void step_back(struct chunk_scan *s)
{
	const struct chunk *c = &s->last;

	for (uint32_t i = 0; i < c->fixed.n_blocks; i++) {
		size_t off = s->last_at + chunk_block_off(c, i);

		if (chunk_check_block(&c->block[i], bytes_sub(s->win, off, s->win.n), NULL) < 0) {
			s->at = off - 1; /* skipping moves on by one at least */
			return;
		}
	}
}

static int damage(struct chunk_scan *s, struct chunk_piece *ret, struct err *e)
{
	uint64_t from = raw_at(s);
	int rc;

	ret->at = s->win_off + s->at;
	if (!skip_by_directory(s)) {
		rc = skip_by_told(s, e);
		if (rc == 0 && s->after_chunk)
			step_back(s);
		if (rc < 0 || (rc == 0 && skip_by_magic(s, e) < 0))
			return -1;
		find_bearings(s);
	}
	s->after_chunk = false;
	ret->kind = PIECE_DAMAGE;
	ret->off = from;
	ret->len = raw_at(s) > from ? raw_at(s) - from : 0;
	ret->adrift = s->adrift;
	return 1;
}

static int take_piece(struct chunk_scan *s, const struct chunk_fixed *f, struct chunk_piece *ret)
{
	ret->bytes = bytes_sub(s->win, s->at, f->len);
	ret->off = raw_at(s);
	ret->at = s->win_off + s->at;
	ret->len = f->len;
	s->last_at = s->at;
	s->at += ret->bytes.n;
	s->after_chunk = false;
	if (f->flags & CHUNK_FLAG_TRAILER) {
		ret->kind = PIECE_TRAILER;
		if (pack_parse_trailer_at(ret->bytes, PACK_OFF_ANY, &s->arena, &ret->trailer,
					  &ret->why) < 0)
			ret->kind = PIECE_DAMAGE;
		return 1;
	}
	if (f->flags & CHUNK_FLAG_FILTER) {
		ret->kind = PIECE_FILTER;
		return 1;
	}
	ret->kind = PIECE_CHUNK;
	if (chunk_parse(ret->bytes, &s->arena, &ret->chunk, &ret->why) < 0) {
		ret->kind = PIECE_DAMAGE;
		return 1;
	}
	s->last = ret->chunk;
	s->after_chunk = true;
	return 1;
}

/* ---- bundles ---- */

/* Behind a bundle whose head can be read: 1 when another head, or nothing, follows. */
static int step_over(struct chunk_scan *s, const struct chunk_fixed *f, struct err *e)
{
	size_t start = s->at;
	struct chunk_fixed next;
	int64_t left = need(s, f->len + (size_t)1, e);
	struct bundle b;
	int rc;

	if (left < 0)
		return -1;
	if (left < (int64_t)f->len)
		return 0;
	s->at += f->len;
	rc = left == (int64_t)f->len ? 1 : good_head(s, &next, NULL, e);
	if (rc <= 0)
		s->at = start;
	else if (bundle_parse(bytes_sub(s->win, start, f->len), &b, NULL) == 0)
		s->saved += (uint64_t)b.raw_len - f->len;
	else
		find_bearings(s);
	return rc;
}

static int bad_bundle(struct chunk_scan *s, const struct chunk_fixed *f, struct chunk_piece *ret,
		      struct err *e)
{
	uint64_t from = raw_at(s);
	int rc = skip_by_directory(s) ? 1 : step_over(s, f, e);

	if (rc < 0 || (rc == 0 && skip_by_magic(s, e) < 0))
		return -1;
	if (rc == 0)
		find_bearings(s);
	ret->kind = PIECE_DAMAGE;
	ret->off = from;
	ret->len = raw_at(s) > from ? raw_at(s) - from : 0;
	ret->adrift = s->adrift;
	return 1;
}

static int take_bundle(struct chunk_scan *s, const struct chunk_fixed *f, struct chunk_piece *ret,
		       struct err *e)
{
	struct bytes whole = bytes_sub(s->win, s->at, f->len);
	struct bundle b;

	s->after_chunk = false;
	ret->at = s->win_off + s->at;
	if (!s->reader)
		s->reader = bundle_reader_new();
	if (bundle_parse(whole, &b, &ret->why) < 0 ||
	    bundle_unpack(s->reader, whole, &s->raw, &ret->why) < 0)
		return bad_bundle(s, f, ret, e);
	s->in = (struct pack_bundle){ raw_at(s), ret->at, b.raw_len, f->len, b.n_chunks };
	ret->kind = PIECE_BUNDLE;
	ret->off = s->in.raw_off;
	ret->len = f->len;
	ret->bytes = whole;
	ret->bundle = s->in;
	s->at += f->len;
	s->saved += (uint64_t)b.raw_len - f->len;
	return 1;
}

/* The next chunk of the bundle. */
static int take_bundled(struct chunk_scan *s, struct chunk_piece *ret)
{
	struct bytes left = bytes_sub(buf_bytes(&s->raw), s->raw_at, s->raw.n);
	struct chunk_fixed f = { .len = (uint32_t)left.n };

	arena_reset(&s->arena);
	ret->kind = PIECE_CHUNK;
	if (chunk_parse_fixed(left, &f, &ret->why) < 0)
		ret->kind = PIECE_DAMAGE;
	ret->bytes = bytes_sub(left, 0, f.len);
	ret->off = s->in.raw_off + s->raw_at;
	ret->len = ret->bytes.n;
	ret->at = s->in.off;
	ret->bundle = s->in;
	if (ret->kind == PIECE_CHUNK &&
	    chunk_parse(ret->bytes, &s->arena, &ret->chunk, &ret->why) < 0)
		ret->kind = PIECE_DAMAGE;
	s->raw_at += ret->bytes.n;
	return 1;
}

int chunk_scan_next(struct chunk_scan *s, struct chunk_piece *ret, struct err *e)
{
	struct chunk_fixed f;
	int64_t left;
	int rc;

	if (s->raw_at < s->raw.n) {
		*ret = (struct chunk_piece){ .adrift = s->adrift };
		return take_bundled(s, ret);
	}
	s->raw_at = 0;
	buf_reset(&s->raw);
	left = need(s, 1, e);
	if (left <= 0)
		return (int)left;
	*ret = (struct chunk_piece){ .adrift = s->adrift };
	rc = good_head(s, &f, &ret->why, e);
	if (rc < 0)
		return -1;
	if (rc == 0)
		return damage(s, ret, e);
	arena_reset(&s->arena);
	leave_behind(s);
	if (need(s, f.len, e) < 0)
		return -1;
	if (f.flags & CHUNK_FLAG_BUNDLE)
		return take_bundle(s, &f, ret, e);
	return take_piece(s, &f, ret);
}
