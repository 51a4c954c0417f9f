/* Heads of chunks in bundles: where the parts lie that are made anew, and how long all others are.
 * Read without an arena and without a look at what labels and times are: that is chunk_parse's. */
#include "chunk/bundle_head.h"

#include "base/mem.h"
#include "base/rd.h"
#include "chunk/format.h"

static void skip_labels(struct rd *rd)
{
	uint64_t n = rd_uvarint_max(rd, rd_left(rd) / 2);

	for (uint64_t i = 0; i < 2 * n && !rd->failed; i++)
		rd_lstr(rd, rd_left(rd));
}

/* Returns whether a column is stored otherwise than raw. */
static bool read_row(struct rd *rd, uint8_t flags, struct head_row *row, uint64_t *body)
{
	uint64_t lines = rd_uvarint(rd);
	bool packed = false;

	lines += rd_uvarint(rd); /* with their newlines */
	for (int i = 0; i < 3; i++)
		rd_uvarint(rd);
	row->crc_at = (uint32_t)rd->off;
	rd_bytes(rd, HEAD_CRCS_LEN);
	for (int c = 0; c < COL_COUNT; c++) {
		uint64_t raw = c != COL_LINES ? rd_uvarint(rd) : lines;

		row->col[c] = (uint32_t)rd_uvarint_max(rd, CHUNK_MAX);
		packed |= row->col[c] != raw;
		*body += row->col[c];
	}
	row->shapes_len = 0;
	if (flags & CHUNK_FLAG_SHAPES)
		row->shapes_len = (uint32_t)rd_uvarint_max(rd, row->col[COL_LINES]);
	return packed;
}

int head_layout_read(struct head_layout *l, struct bytes in, struct err *e)
{
	struct chunk_fixed f;
	uint64_t body = 0;
	size_t labels;
	struct rd rd;

	if (chunk_parse_fixed(in, &f, e) < 0)
		return -1;
	if (f.flags & (CHUNK_FLAG_TRAILER | CHUNK_FLAG_FILTER | CHUNK_FLAG_BUNDLE))
		return err_set(e, ERR_CORRUPT, "it is not that of a chunk");
	rd = rd_init(bytes_sub(in, 0, f.head_len - CHUNK_CRC_LEN));
	if (rd.in.n + CHUNK_CRC_LEN != f.head_len || in.n < f.head_len)
		return err_set(e, ERR_CORRUPT, "cut short: %zu of %u bytes", in.n, f.head_len);
	rd.off = CHUNK_FIXED_LEN;
	l->len = f.len;
	l->head_len = f.head_len;
	l->tenant = rd_lstr(&rd, TENANT_MAX);
	labels = rd.off;
	skip_labels(&rd);
	l->labels = bytes_sub(in, labels, rd.off - labels);
	l->id_at = (uint32_t)rd.off;
	rd_bytes(&rd, HEAD_ID_LEN);
	rd_i64be(&rd);
	rd_uvarint(&rd);
	mem_grow(&l->row, &l->cap, f.n_blocks, sizeof(*l->row));
	l->n_rows = f.n_blocks;
	l->any_packed = false;
	for (uint32_t i = 0; i < f.n_blocks && !rd.failed; i++)
		l->any_packed |= read_row(&rd, f.flags, &l->row[i], &body);
	if (rd.failed || rd_left(&rd) != 0)
		return err_set(e, ERR_CORRUPT, "bad number at byte %zu of it", rd.off);
	if (body != f.len - f.head_len)
		return err_set(e, ERR_CORRUPT, "blocks of %llu bytes, the chunk's length leaves %u",
			       (unsigned long long)body, f.len - f.head_len);
	return 0;
}
