/* Heads: the fixed part, the metadata, the block table. */
#include <string.h>

#include "base/crc32c.h"
#include "base/rd.h"
#include "base/wr.h"
#include "chunk/chunk.h"
#include "chunk/format.h"

const char chunk_magic[4] = { 'L', 'O', 'K', 'I' };

bool chunk_is_magic(struct bytes start)
{
	return bytes_starts(start, bytes_of(chunk_magic, sizeof(chunk_magic)));
}

void chunk_head_begin(struct buf *out, uint8_t flags, uint8_t encoding)
{
	buf_add(out, chunk_magic, sizeof(chunk_magic));
	wr_u8(out, CHUNK_VERSION);
	wr_u8(out, flags);
	wr_u8(out, encoding);
	wr_u8(out, 0);
	wr_u32be(out, 0); /* chunk length */
	wr_u32be(out, 0); /* metadata length */
	wr_u32be(out, 0); /* blocks */
	wr_u32be(out, 0); /* dictionary: none */
}

uint32_t chunk_head_end(struct buf *out, size_t start, uint32_t n_blocks, uint64_t body_len)
{
	uint32_t head_len = (uint32_t)(out->n - start + CHUNK_CRC_LEN);

	wr_patch_u32be(out, start + CHUNK_OFF_LEN, (uint32_t)(head_len + body_len));
	wr_patch_u32be(out, start + CHUNK_OFF_META_LEN, head_len - CHUNK_FIXED_LEN);
	wr_patch_u32be(out, start + CHUNK_OFF_BLOCKS, n_blocks);
	wr_u32be(out, crc32c(out->p + start, out->n - start));
	return head_len;
}

int chunk_head_check(struct bytes head, const struct chunk_fixed *f, struct err *e)
{
	struct rd rd;
	uint32_t stored, computed;

	if (head.n < f->head_len)
		return err_set(e, ERR_CORRUPT, "head cut short: %zu of %u bytes", head.n,
			       f->head_len);
	rd = rd_init(bytes_sub(head, f->head_len - CHUNK_CRC_LEN, CHUNK_CRC_LEN));
	stored = rd_u32be(&rd);
	computed = crc32c(head.p, f->head_len - CHUNK_CRC_LEN);
	if (stored != computed)
		return err_set(e, ERR_CORRUPT, "head: crc32c mismatch: stored %08x, computed %08x",
			       stored, computed);
	return 0;
}

uint32_t chunk_head_len(struct bytes in)
{
	struct rd rd = rd_init(in);
	uint32_t len, meta_len;

	if (in.n < CHUNK_FIXED_LEN)
		return 0;
	rd.off = CHUNK_OFF_LEN;
	len = rd_u32be(&rd);
	meta_len = rd_u32be(&rd);
	if (meta_len < CHUNK_CRC_LEN || meta_len > CHUNK_HEAD_MAX - CHUNK_FIXED_LEN ||
	    len < CHUNK_FIXED_LEN + meta_len)
		return 0;
	return CHUNK_FIXED_LEN + meta_len;
}

/* What seems to be of a newer version is damage, when the checksum of the head can be looked at
 * and is wrong. */
static int tell_newer(struct bytes in, const struct err *newer, struct err *e)
{
	struct chunk_fixed f = { .head_len = chunk_head_len(in) };

	if (f.head_len && in.n >= f.head_len && chunk_head_check(in, &f, e) < 0)
		return -1;
	return err_set(e, newer->code, "%s", newer->msg);
}

int chunk_parse_fixed(struct bytes in, struct chunk_fixed *ret, struct err *e)
{
	struct rd rd = rd_init(in);
	struct bytes magic = rd_bytes(&rd, sizeof(chunk_magic));
	uint8_t version = rd_u8(&rd);
	struct chunk_fixed f = { .flags = rd_u8(&rd) };
	struct err newer = { 0 };
	uint32_t meta_len;
	uint8_t zero;

	f.encoding = rd_u8(&rd);
	zero = rd_u8(&rd);
	f.len = rd_u32be(&rd);
	meta_len = rd_u32be(&rd);
	f.n_blocks = rd_u32be(&rd);
	f.dictionary = rd_u32be(&rd);
	if (rd.failed)
		return err_set(e, ERR_CORRUPT, "head cut short: %zu of %d bytes", in.n,
			       CHUNK_FIXED_LEN);
	if (memcmp(magic.p, chunk_magic, sizeof(chunk_magic)) != 0)
		return err_set(e, ERR_CORRUPT, "not a chunk: no magic");
	if (version != CHUNK_VERSION)
		err_set(&newer, ERR_VERSION, "chunk of version %u, this program reads version %d",
			version, CHUNK_VERSION);
	else if (f.flags & CHUNK_FLAGS_REFUSE)
		err_set(&newer, ERR_VERSION, "chunk with unknown flags %02x", f.flags);
	else if (f.dictionary != 0)
		err_set(&newer, ERR_VERSION, "chunk needs dictionary %u, which this program lacks",
			f.dictionary);
	if (newer.code != ERR_NONE)
		return tell_newer(in, &newer, e);
	if (zero != 0)
		return err_set(e, ERR_CORRUPT, "head: byte 7 is %02x, not 0", zero);
	if (meta_len < CHUNK_CRC_LEN || meta_len > CHUNK_HEAD_MAX - CHUNK_FIXED_LEN)
		return err_set(e, ERR_CORRUPT, "head: metadata length %u", meta_len);
	f.head_len = CHUNK_FIXED_LEN + meta_len;
	if (f.len < f.head_len || f.len > CHUNK_MAX)
		return err_set(e, ERR_CORRUPT, "head: chunk length %u with a head of %u", f.len,
			       f.head_len);
	if (f.n_blocks > meta_len / CHUNK_ROW_MIN)
		return err_set(e, ERR_CORRUPT, "head: %u blocks in %u bytes of metadata",
			       f.n_blocks, meta_len);
	*ret = f;
	return 0;
}

/* One row; *off and *ts_ns are where the block before it ended. */
static int parse_row(struct rd *rd, uint8_t flags, uint32_t *off, int64_t *ts_ns,
		     struct chunk_block *b, struct err *e)
{
	uint64_t gap, span, stored = 0;

	b->n = (uint32_t)rd_uvarint_max(rd, CHUNK_BLOCK_ENTRIES_MAX);
	b->line_bytes = (uint32_t)rd_uvarint_max(rd, RUN_LINES_MAX);
	b->meta_bytes = (uint32_t)rd_uvarint_max(rd, UINT32_MAX);
	gap = rd_uvarint(rd);
	span = rd_uvarint(rd);
	b->crc_side = rd_u32be(rd);
	b->crc_lines = rd_u32be(rd);
	for (int c = 0; c < COL_COUNT; c++) {
		if (c == COL_LINES)
			b->col_raw[c] = b->line_bytes + b->n;
		else
			b->col_raw[c] = (uint32_t)rd_uvarint_max(rd, RUN_LINES_MAX);
		b->col_stored[c] = (uint32_t)rd_uvarint_max(rd, b->col_raw[c]);
		stored += b->col_stored[c];
	}
	b->shapes_len = 0;
	if (flags & CHUNK_FLAG_SHAPES)
		b->shapes_len = (uint32_t)rd_uvarint_max(rd, b->col_stored[COL_LINES]);
	if (rd->failed)
		return err_set(e, ERR_CORRUPT,
			       "bad number in the block table, at byte %zu of the head", rd->off);
	if (b->n == 0 || b->col_raw[COL_LINES] > RUN_LINES_MAX)
		return err_set(e, ERR_CORRUPT, "%u entries with %u bytes of lines", b->n,
			       b->line_bytes);
	if (__builtin_add_overflow(*ts_ns, gap, &b->min_ts) ||
	    __builtin_add_overflow(b->min_ts, span, &b->max_ts))
		return err_set(e, ERR_CORRUPT, "time range beyond 64 bits");
	if (stored > CHUNK_MAX - *off)
		return err_set(e, ERR_CORRUPT, "block longer than a chunk may be");
	b->off = *off;
	b->stored_len = (uint32_t)stored;
	*off += b->stored_len;
	*ts_ns = b->max_ts;
	return 0;
}

static int parse_table(struct rd *rd, struct arena *a, struct chunk *c, struct err *e)
{
	const struct chunk_fixed *f = &c->fixed;
	uint32_t off = 0;
	int64_t ts_ns = c->from;

	if (f->n_blocks == 0)
		return err_set(e, ERR_CORRUPT, "a chunk without blocks");
	c->block = arena_alloc(a, f->n_blocks * sizeof(*c->block));
	c->n = 0;
	for (uint32_t i = 0; i < f->n_blocks; i++) {
		if (parse_row(rd, f->flags, &off, &ts_ns, &c->block[i], e) < 0)
			return err_wrap(e, "block %u", i);
		c->n += c->block[i].n;
	}
	if (off != f->len - f->head_len)
		return err_set(e, ERR_CORRUPT, "blocks are %u bytes, the chunk's length leaves %u",
			       off, f->len - f->head_len);
	if (c->block[0].min_ts != c->from || ts_ns != c->through)
		return err_set(e, ERR_CORRUPT, "time range of the blocks is not the chunk's");
	if (rd_left(rd) != 0)
		return err_set(e, ERR_CORRUPT, "%zu bytes behind the block table", rd_left(rd));
	return 0;
}

int chunk_parse(struct bytes in, struct arena *a, struct chunk *ret, struct err *e)
{
	struct chunk c = { 0 };
	const unsigned char *id;
	uint64_t span;
	struct rd rd;

	if (chunk_parse_fixed(in, &c.fixed, e) < 0 || chunk_head_check(in, &c.fixed, e) < 0)
		return -1;
	if (c.fixed.flags & CHUNK_FLAG_TRAILER)
		return err_set(e, ERR_VERSION, "a pack's trailer stands where a chunk should");
	if (c.fixed.flags & CHUNK_FLAG_FILTER)
		return err_set(e, ERR_VERSION, "a pack's filter stands where a chunk should");
	if (c.fixed.flags & CHUNK_FLAG_BUNDLE)
		return err_set(e, ERR_VERSION, "a bundle stands where a chunk should");
	rd = rd_init(bytes_sub(in, 0, c.fixed.head_len - CHUNK_CRC_LEN));
	rd.off = CHUNK_FIXED_LEN;
	c.tenant = rd_lstr(&rd, TENANT_MAX);
	if (rd.failed)
		return err_set(e, ERR_CORRUPT, "head: bad tenant");
	if (labels_decode(&rd, a, &c.labels, e) < 0)
		return err_wrap(e, "head");
	if (rd_take(&rd, sizeof(c.stream_id.b), &id))
		memcpy(c.stream_id.b, id, sizeof(c.stream_id.b));
	c.from = rd_i64be(&rd);
	span = rd_uvarint(&rd);
	if (rd.failed || __builtin_add_overflow(c.from, span, &c.through))
		return err_set(e, ERR_CORRUPT, "head: bad time range, at byte %zu", rd.off);
	if (parse_table(&rd, a, &c, e) < 0)
		return err_wrap(e, "head");
	*ret = c;
	return 0;
}
