/*
 * Chunks, bundles and packs. Bit 0 of byte 0: as they lie, else the first head's checksum and those
 * of its blocks are mended first, so that what is behind them is reached.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/rd.h"
#include "base/wr.h"
#include "chunk/bundle.h"
#include "chunk/filters.h"
#include "chunk/verify.h"
#include "mend_shapes.h"

static void ignore(void *data, const struct err *fault)
{
	(void)data;
	(void)fault;
}

static int64_t fill(void *data, void *p, size_t n, struct err *e)
{
	struct bytes *left = data;
	struct bytes b = bytes_sub(*left, 0, n < 100 ? n : 100);

	(void)e;
	if (b.n > 0)
		memcpy(p, b.p, b.n);
	*left = bytes_sub(*left, b.n, left->n);
	return (int64_t)b.n;
}

static void look_at(const struct chunk_piece *piece, struct pack_check *check, struct buf *out)
{
	struct chunk_scratch *s = chunk_scratch_new();
	struct chunk_stats stats = { 0 };
	struct pack_filters filters = { 0 };
	struct err e;

	if (piece->kind == PIECE_CHUNK) {
		chunk_verify(piece, s, ignore, NULL);
		pack_check_filter(check, piece, s, ignore, NULL);
		pack_check_add(check, piece);
		chunk_add_blocks(out, piece);
	}
	if (piece->kind == PIECE_DAMAGE)
		pack_check_damage(check, piece);
	if (piece->kind == PIECE_TRAILER || piece->kind == PIECE_FILTER)
		pack_check_end(check, piece, ignore, NULL);
	if (piece->kind != PIECE_DAMAGE) {
		chunk_add_header(out, piece);
		chunk_stats_add(&stats, piece);
		chunk_stats_print(&stats, out);
		if (pack_filters_add(&filters, piece, "", out, &e) == 0)
			pack_filters_end(&filters, "", out);
	}
	pack_filters_release(&filters);
	chunk_scratch_free(s);
}

/* whole: all bytes of what is scanned, where they are known. */
static void scan_all(struct chunk_scan *scan, struct bytes whole)
{
	struct pack_check check = { 0 };
	struct chunk_piece piece;
	struct buf out = { 0 };
	struct err e;

	pack_check_begin(&check, whole);
	while (chunk_scan_next(scan, &piece, &e) > 0)
		look_at(&piece, &check, &out);
	chunk_scan_free(scan);
	pack_check_release(&check);
	buf_release(&out);
}

/* As an index file may say where bundles lie, of another pack or of this one before it was damaged:
 * the last bytes are distances and lengths. */
static void scan_believing(struct bytes whole)
{
	struct chunk_scan *scan = chunk_scan_new_bytes(whole);
	struct rd rd = rd_init(bytes_sub(whole, whole.n < 24 ? 0 : whole.n - 24, whole.n));
	struct pack_bundle b[4];
	struct pack_bundles told = { .v = b };
	uint64_t raw = 0, at = 0;

	for (; told.n < 4 && rd_left(&rd) >= 6; told.n++) {
		uint32_t apart = rd_u16be(&rd);

		raw += apart;
		at += apart;
		b[told.n] = (struct pack_bundle){ .raw_off = raw,
						  .off = at,
						  .raw_len = 1U + rd_u16be(&rd),
						  .len = 1U + rd_u16be(&rd),
						  .n_chunks = 1 };
		raw += b[told.n].raw_len;
		at += b[told.n].len;
	}
	chunk_scan_believe(scan, &told);
	scan_all(scan, whole);
}

static void mend(struct buf *b, const struct chunk_fixed *f)
{
	if (f->head_len <= b->n)
		wr_patch_u32be(b, f->head_len - 4, crc32c(b->p, f->head_len - 4));
}

/* A block whose checksums are right: its columns must be refused or be consistent. */
static void read_mended(const struct chunk *c, struct chunk_block *b, struct buf *in,
			struct chunk_scratch *s)
{
	uint64_t off = chunk_block_off(c, (size_t)(b - c->block));
	struct bytes stored = bytes_sub(buf_bytes(in), off, b->stored_len);
	size_t side = b->stored_len - b->col_stored[COL_LINES], sum = 0;
	struct run run;

	if (stored.n < b->stored_len)
		return;
	if (b->shapes_len)
		mend_shapes(in, off + side, b->shapes_len);
	b->crc_side = crc32c(stored.p, side);
	b->crc_lines = crc32c(stored.p + side, b->shapes_len ? b->shapes_len : stored.n - side);
	if (chunk_read_block(c, b, stored, WANT_ALL, s, &run, NULL) < 0)
		return;
	for (size_t i = 0; i < run.n; i++)
		sum += run_line(&run, i).n + 1;
	if (run.n != b->n || sum != run.lines_len || run.ts_ns[0] != b->min_ts)
		abort();
}

/* One whose checksums are right: what comes out of it is as long as it says. */
static void unpack_mended(struct buf *b, const struct chunk_fixed *f)
{
	struct bundle_reader *r = bundle_reader_new();
	struct buf out = { 0 };
	struct bundle head;

	if (f->head_len >= CHUNK_FIXED_LEN + 8 && f->len <= b->n) {
		wr_patch_u32be(b, f->head_len - 8,
			       crc32c(b->p + f->head_len, f->len - f->head_len));
		mend(b, f);
		if (bundle_parse(buf_bytes(b), &head, NULL) == 0 &&
		    bundle_unpack(r, buf_bytes(b), &out, NULL) == 0 && out.n != head.raw_len)
			abort();
	}
	buf_release(&out);
	bundle_reader_free(r);
}

static void mended(struct bytes in)
{
	struct chunk_scratch *s = chunk_scratch_new();
	struct arena a = { 0 };
	struct pack_trailer t;
	struct buf b = { 0 };
	struct chunk_fixed f;
	struct chunk c;

	buf_add_bytes(&b, in);
	if (chunk_parse_fixed(in, &f, NULL) == 0) {
		mend(&b, &f);
		if (chunk_parse(buf_bytes(&b), &a, &c, NULL) == 0)
			for (uint32_t i = 0; i < c.fixed.n_blocks; i++)
				read_mended(&c, &c.block[i], &b, s);
		if (pack_parse_trailer_at(buf_bytes(&b), PACK_OFF_ANY, &a, &t, NULL) == 0 &&
		    t.n_chunks > b.n)
			abort();
		if (f.flags & CHUNK_FLAG_BUNDLE)
			unpack_mended(&b, &f);
	}
	chunk_scratch_free(s);
	arena_release(&a);
	buf_release(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size);

	if (size == 0)
		return 0;
	in = bytes_sub(in, 1, size);
	if (data[0] & 1) {
		scan_all(chunk_scan_new_bytes(in), in);
		scan_believing(in);
		scan_all(chunk_scan_new(fill, &in), (struct bytes){ 0 });
	} else {
		mended(in);
	}
	return 0;
}
