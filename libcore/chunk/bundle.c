/*
 * What a bundle saves is what neighbours have in common: so their heads come first, with zeros for
 * what can be made anew (a random id and three checksums are a third of what is left of a small
 * chunk), then column by column what they hold.
 */
#include "chunk/bundle.h"

#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/mem.h"
#include "base/rd.h"
#include "base/wr.h"
#include "chunk/bundle_head.h"
#include "chunk/format.h"

/* ---- what is made anew ---- */

struct sums {
	struct buf id_of; /* scratch */
};

/* The stream's id, as labels_stream_id has it. */
static struct hash128 make_id(struct sums *s, const struct head_layout *l)
{
	buf_reset(&s->id_of);
	buf_add_bytes(&s->id_of, l->tenant);
	buf_add_char(&s->id_of, '\0');
	buf_add_bytes(&s->id_of, l->labels);
	return hash128(buf_bytes(&s->id_of));
}

static void put_u32be(char *p, uint32_t v)
{
	v = __builtin_bswap32(v);
	memcpy(p, &v, sizeof(v));
}

/* Puts id and checksums into the head of a chunk whose other bytes are there. */
static void make_sums(struct sums *s, const struct head_layout *l, char *chunk)
{
	struct hash128 id = make_id(s, l);
	size_t off = l->head_len;

	memcpy(chunk + l->id_at, id.b, sizeof(id.b));
	for (uint32_t i = 0; i < l->n_rows; i++) {
		const struct head_row *r = &l->row[i];
		uint32_t side = r->col[COL_TS] + r->col[COL_LENS] + r->col[COL_META];
		uint32_t lines = r->shapes_len ? r->shapes_len : r->col[COL_LINES];

		put_u32be(chunk + r->crc_at, crc32c(chunk + off, side));
		put_u32be(chunk + r->crc_at + 4, crc32c(chunk + off + side, lines));
		off += side + r->col[COL_LINES];
	}
	put_u32be(chunk + l->head_len - CHUNK_CRC_LEN, crc32c(chunk, l->head_len - CHUNK_CRC_LEN));
}

/* ---- making them ---- */

struct bundle_writer {
	struct codec *codec;
	enum codec_id encoding;
	struct buf whole; /* its chunks */
	struct buf part[BUNDLE_PARTS];
	struct buf again, body, packed; /* scratch */
	struct head_layout layout;
	struct sums sums;
	uint32_t n;
};

struct bundle_writer *bundle_writer_new(const struct chunk_params *p)
{
	struct bundle_writer *w;

	if (!chunk_params_bundle(p))
		return NULL;
	w = mem_alloc(sizeof(*w));
	w->codec = codec_new(p->level);
	w->encoding = p->encoding;
	return w;
}

void bundle_writer_free(struct bundle_writer *w)
{
	if (!w)
		return;
	codec_free(w->codec);
	buf_release(&w->whole);
	for (int i = 0; i < BUNDLE_PARTS; i++)
		buf_release(&w->part[i]);
	buf_release(&w->again);
	buf_release(&w->body);
	buf_release(&w->packed);
	buf_release(&w->sums.id_of);
	free(w->layout.row);
	free(w);
}

uint32_t bundle_writer_raw(const struct bundle_writer *w)
{
	return (uint32_t)w->whole.n;
}

uint32_t bundle_writer_n(const struct bundle_writer *w)
{
	return w->n;
}

/* Whether the sums in the chunk are those that its bytes have. */
static bool has_right_sums(struct bundle_writer *w, struct bytes chunk)
{
	buf_reset(&w->again);
	buf_add_bytes(&w->again, chunk);
	make_sums(&w->sums, &w->layout, w->again.p);
	return memcmp(w->again.p, chunk.p, w->layout.head_len) == 0;
}

static void add_head(struct bundle_writer *w, struct bytes chunk)
{
	const struct head_layout *l = &w->layout;
	struct buf *heads = &w->part[BUNDLE_HEADS];
	size_t start = heads->n;
	char *p;

	buf_add(heads, chunk.p, l->head_len);
	p = heads->p + start;
	memset(p + l->id_at, 0, HEAD_ID_LEN);
	for (uint32_t i = 0; i < l->n_rows; i++)
		memset(p + l->row[i].crc_at, 0, HEAD_CRCS_LEN);
	memset(p + l->head_len - CHUNK_CRC_LEN, 0, CHUNK_CRC_LEN);
}

bool bundle_writer_add(struct bundle_writer *w, struct bytes chunk)
{
	const struct head_layout *l = &w->layout;
	size_t off;

	if (chunk.n > BUNDLE_CHUNK_MAX || head_layout_read(&w->layout, chunk, NULL) < 0 ||
	    l->len != chunk.n || l->any_packed || !has_right_sums(w, chunk))
		return false;
	add_head(w, chunk);
	off = l->head_len;
	for (uint32_t i = 0; i < l->n_rows; i++)
		for (int c = 0; c < COL_COUNT; c++) {
			buf_add(&w->part[BUNDLE_COLUMNS + c], chunk.p + off, l->row[i].col[c]);
			off += l->row[i].col[c];
		}
	buf_add_bytes(&w->whole, chunk);
	w->n++;
	return true;
}

static void forget(struct bundle_writer *w)
{
	buf_reset(&w->whole);
	for (int i = 0; i < BUNDLE_PARTS; i++)
		buf_reset(&w->part[i]);
	w->n = 0;
}

static void add_bundle(struct bundle_writer *w, struct bytes body, struct buf *out)
{
	size_t start = out->n;

	chunk_head_begin(out, CHUNK_FLAG_BUNDLE, (uint8_t)w->encoding);
	wr_uvarint(out, w->n);
	for (int i = 0; i < BUNDLE_PARTS; i++)
		wr_uvarint(out, w->part[i].n);
	wr_u32be(out, crc32c(body.p, body.n));
	chunk_head_end(out, start, 0, body.n);
	buf_add_bytes(out, body);
}

bool bundle_writer_end(struct bundle_writer *w, struct buf *out)
{
	size_t start = out->n;
	bool made = false;

	if (w->whole.n >= BUNDLE_BYTES_MIN) {
		buf_reset(&w->body);
		for (int i = 0; i < BUNDLE_PARTS; i++)
			buf_add_bytes(&w->body, buf_bytes(&w->part[i]));
		buf_reset(&w->packed);
		codec_compress(w->codec, w->encoding, buf_bytes(&w->body), &w->packed);
		add_bundle(w, buf_bytes(w->packed.n < w->body.n ? &w->packed : &w->body), out);
		made = out->n - start < w->whole.n;
	}
	if (!made) {
		out->n = start;
		buf_add_bytes(out, buf_bytes(&w->whole));
	}
	forget(w);
	return made;
}

/* ---- reading them ---- */

static int parse(struct bytes in, struct bundle *ret, struct err *e)
{
	struct bundle b = { 0 };
	uint64_t raw = 0;
	struct rd rd;

	if (chunk_parse_fixed(in, &b.fixed, e) < 0 || chunk_head_check(in, &b.fixed, e) < 0)
		return -1;
	if (!(b.fixed.flags & CHUNK_FLAG_BUNDLE) || b.fixed.n_blocks != 0 ||
	    b.fixed.flags & (CHUNK_FLAG_TRAILER | CHUNK_FLAG_FILTER))
		return err_set(e, ERR_CORRUPT, "its head is not one of a bundle");
	rd = rd_init(bytes_sub(in, 0, b.fixed.head_len - CHUNK_CRC_LEN));
	rd.off = CHUNK_FIXED_LEN;
	b.n_chunks = (uint32_t)rd_uvarint_max(&rd, BUNDLE_RAW_MAX / CHUNK_FIXED_LEN);
	for (int i = 0; i < BUNDLE_PARTS; i++) {
		b.part[i] = (uint32_t)rd_uvarint_max(&rd, BUNDLE_RAW_MAX);
		raw += b.part[i];
	}
	b.crc_body = rd_u32be(&rd);
	if (rd.failed || raw > BUNDLE_RAW_MAX)
		return err_set(e, ERR_CORRUPT, "bad number at byte %zu of its head", rd.off);
	if (b.n_chunks == 0 || b.part[BUNDLE_HEADS] / CHUNK_FIXED_LEN < b.n_chunks)
		return err_set(e, ERR_CORRUPT, "%u chunks with %u bytes of heads", b.n_chunks,
			       b.part[BUNDLE_HEADS]);
	if (b.fixed.len - b.fixed.head_len > raw)
		return err_set(e, ERR_CORRUPT, "%u bytes are stored for %llu",
			       b.fixed.len - b.fixed.head_len, (unsigned long long)raw);
	b.raw_len = (uint32_t)raw;
	*ret = b;
	return 0;
}

int bundle_parse(struct bytes in, struct bundle *ret, struct err *e)
{
	return parse(in, ret, e) < 0 ? err_wrap(e, "bundle") : 0;
}

struct bundle_reader {
	struct codec *codec;
	struct buf raw;
	struct head_layout layout;
	struct sums sums;
};

struct bundle_reader *bundle_reader_new(void)
{
	struct bundle_reader *r = mem_alloc(sizeof(*r));

	r->codec = codec_new(1);
	return r;
}

void bundle_reader_free(struct bundle_reader *r)
{
	if (!r)
		return;
	codec_free(r->codec);
	buf_release(&r->raw);
	buf_release(&r->sums.id_of);
	free(r->layout.row);
	free(r);
}

/* *ret: its parts, one after another. */
static int open_body(struct bundle_reader *r, const struct bundle *b, struct bytes whole,
		     struct bytes *ret, struct err *e)
{
	struct bytes body = bytes_sub(whole, b->fixed.head_len, b->fixed.len - b->fixed.head_len);
	uint32_t computed;

	if (whole.n < b->fixed.len)
		return err_set(e, ERR_CORRUPT, "cut short: %zu of %u bytes", whole.n, b->fixed.len);
	computed = crc32c(body.p, body.n);
	if (computed != b->crc_body)
		return err_set(e, ERR_CORRUPT, "crc32c mismatch: stored %08x, computed %08x",
			       b->crc_body, computed);
	*ret = body;
	if (body.n == b->raw_len)
		return 0;
	if (buf_try_room(&r->raw, b->raw_len, e) < 0 ||
	    codec_decompress(r->codec, b->fixed.encoding, body, r->raw.p, b->raw_len, e) < 0)
		return -1;
	*ret = buf_bytes(&r->raw);
	return 0;
}

/* Takes n bytes from the front. */
static bool take(struct bytes *part, size_t n, char *to)
{
	if (n > part->n)
		return false;
	if (n)
		memcpy(to, part->p, n);
	*part = bytes_sub(*part, n, part->n);
	return true;
}

/* The next chunk, to `to`, which has room for `left` bytes. */
static int put_together(struct bundle_reader *r, struct bytes part[BUNDLE_PARTS], char *to,
			size_t left, struct err *e)
{
	const struct head_layout *l = &r->layout;
	size_t off;

	if (head_layout_read(&r->layout, part[BUNDLE_HEADS], e) < 0)
		return err_wrap(e, "head");
	if (l->len > left)
		return err_set(e, ERR_CORRUPT, "it has %u bytes, %zu are left", l->len, left);
	take(&part[BUNDLE_HEADS], l->head_len, to);
	off = l->head_len;
	for (uint32_t i = 0; i < l->n_rows; i++)
		for (int c = 0; c < COL_COUNT; c++) {
			if (!take(&part[BUNDLE_COLUMNS + c], l->row[i].col[c], to + off))
				return err_set(e, ERR_CORRUPT,
					       "block %u: no %u bytes are left of column %d", i,
					       l->row[i].col[c], c);
			off += l->row[i].col[c];
		}
	make_sums(&r->sums, l, to);
	return 0;
}

static int unpack(struct bundle_reader *r, const struct bundle *b, struct bytes whole,
		  struct buf *out, struct err *e)
{
	struct bytes body = { 0 }, part[BUNDLE_PARTS];
	size_t off = 0;
	char *to;

	if (open_body(r, b, whole, &body, e) < 0)
		return -1;
	for (int i = 0; i < BUNDLE_PARTS; i++) {
		part[i] = bytes_sub(body, off, b->part[i]);
		off += b->part[i];
	}
	to = buf_reserve(out, b->raw_len);
	off = 0;
	for (uint32_t i = 0; i < b->n_chunks; i++) {
		if (put_together(r, part, to + off, b->raw_len - off, e) < 0)
			return err_wrap(e, "chunk %u", i);
		off += r->layout.len;
	}
	if (off != b->raw_len)
		return err_set(e, ERR_CORRUPT, "its %u chunks have %zu of %u bytes", b->n_chunks,
			       off, b->raw_len);
	out->n += b->raw_len;
	return 0;
}

int bundle_unpack(struct bundle_reader *r, struct bytes whole, struct buf *out, struct err *e)
{
	struct bundle b;

	if (bundle_parse(whole, &b, e) < 0)
		return -1;
	return unpack(r, &b, whole, out, e) < 0 ? err_wrap(e, "bundle") : 0;
}

int bundle_unpack_at(struct bundle_reader *r, const struct pack_bundle *at, struct bytes stored,
		     struct buf *out, struct err *e)
{
	struct bundle b;
	int rc = parse(stored, &b, e);

	if (rc == 0 &&
	    (b.fixed.len != at->len || b.raw_len != at->raw_len || b.n_chunks != at->n_chunks))
		rc = err_set(e, ERR_CORRUPT, "it has %u bytes, %u raw, expected %u and %u",
			     b.fixed.len, b.raw_len, at->len, at->raw_len);
	if (rc == 0)
		rc = unpack(r, &b, stored, out, e);
	return rc < 0 ? err_wrap(e, "bundle at offset %llu", (unsigned long long)at->off) : 0;
}
