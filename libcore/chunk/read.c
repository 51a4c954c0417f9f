/* Blocks: from stored columns to a run of entries, nothing believed that was not checked. */
#include <stdlib.h>

#include "base/crc32c.h"
#include "base/mem.h"
#include "chunk/chunk.h"
#include "chunk/format.h"

struct chunk_scratch {
	struct codec *codec;
	struct buf raw[COL_COUNT];
	struct run_mem mem;
	uint32_t first, end; /* of the entries whose lines are wanted; end 0: all */
};

static const char *const column_name[COL_COUNT] = { "timestamps", "lengths", "metadata", "lines" };

struct chunk_scratch *chunk_scratch_new(void)
{
	struct chunk_scratch *s = mem_alloc(sizeof(*s));

	s->codec = codec_new(1);
	return s;
}

void chunk_scratch_free(struct chunk_scratch *s)
{
	if (!s)
		return;
	for (int c = 0; c < COL_COUNT; c++)
		buf_release(&s->raw[c]);
	run_mem_release(&s->mem);
	codec_free(s->codec);
	free(s);
}

void chunk_scratch_narrow(struct chunk_scratch *s, uint32_t first, uint32_t end)
{
	s->first = first;
	s->end = end;
}

static int check_crc(struct bytes b, uint32_t stored, const char *what, struct err *e)
{
	uint32_t computed = crc32c(b.p, b.n);

	if (stored == computed)
		return 0;
	return err_set(e, ERR_CORRUPT, "%s: crc32c mismatch: stored %08x, computed %08x", what,
		       stored, computed);
}

static int check_side(const struct chunk_block *b, struct bytes stored, struct err *e)
{
	size_t n = b->stored_len - b->col_stored[COL_LINES];

	return check_crc(bytes_sub(stored, 0, n), b->crc_side, "columns beside the lines", e);
}

static int check_lines(const struct chunk_block *b, struct bytes stored, struct err *e)
{
	size_t n = b->col_stored[COL_LINES];

	return check_crc(bytes_sub(stored, b->stored_len - n, n), b->crc_lines, "lines", e);
}

static int check_length(const struct chunk_block *b, unsigned want, struct bytes stored,
			struct err *e)
{
	uint32_t need = chunk_block_need(b, want);

	if (stored.n >= need)
		return 0;
	return err_set(e, ERR_CORRUPT, "cut short: %zu of %u bytes", stored.n, need);
}

int chunk_check_block(const struct chunk_block *b, struct bytes stored, struct err *e)
{
	if (check_length(b, WANT_ALL, stored, e) < 0 || check_side(b, stored, e) < 0)
		return -1;
	return check_lines(b, stored, e);
}

/* Room for what outside bytes ask for: may fail. */
static int raw_room(struct buf *b, size_t n, struct err *e)
{
	if (b->cap < n) {
		char *p = mem_try(n, e);

		if (!p)
			return -1;
		free(b->p);
		b->p = p;
		b->cap = n;
	}
	b->n = n;
	return 0;
}

/* Where the bytes of the lines that are wanted begin and end. Lengths that do not sum up, or are
 * none, are told by who decodes them: then all are wanted. */
static void find_lines(struct chunk_scratch *s, const struct chunk_block *b, struct bytes *col,
		       size_t *ret_from, size_t *ret_to)
{
	struct run run;
	struct err later;

	*ret_from = 0;
	*ret_to = b->col_raw[COL_LINES];
	if (s->end == 0 || s->end > b->n || s->first >= s->end ||
	    columns_decode(col, b->n, WANT_LENS, &s->mem, &run, &later) < 0 ||
	    run.lines_len != *ret_to)
		return;
	*ret_from = run.line_off[s->first];
	*ret_to = run.line_off[s->end];
}

/* A column into col[i]; those before it are there, as far as they are wanted. */
static int inflate(struct chunk_scratch *s, const struct chunk *c, const struct chunk_block *b,
		   int i, struct bytes stored, struct bytes *col, struct err *e)
{
	size_t from = 0, to = b->col_raw[i];

	if (b->col_stored[i] == b->col_raw[i]) {
		col[i] = stored;
		return 0;
	}
	if (i == COL_LINES)
		find_lines(s, b, col, &from, &to);
	if (raw_room(&s->raw[i], b->col_raw[i], e) < 0 ||
	    codec_decompress_range(s->codec, c->fixed.encoding, stored, s->raw[i].p, b->col_raw[i],
				   from, to, e) < 0)
		return err_wrap(e, "%s", column_name[i]);
	col[i] = buf_bytes(&s->raw[i]);
	return 0;
}

/* What the checksums cannot say: that the row and the columns tell the same. */
static int check_run(const struct chunk_block *b, unsigned want, const struct run *run,
		     struct err *e)
{
	if (want & WANT_TS) {
		bool ascends = true;

		for (size_t i = 1; i < run->n; i++)
			ascends &= run->ts_ns[i - 1] <= run->ts_ns[i];
		if (!ascends)
			return err_set(e, ERR_CORRUPT, "timestamps do not ascend");
		if (run->ts_ns[0] != b->min_ts || run->ts_ns[run->n - 1] != b->max_ts)
			return err_set(e, ERR_CORRUPT,
				       "timestamps are not those of the block table");
	}
	if (want & WANT_LENS && run->line_off[run->n] != b->col_raw[COL_LINES])
		return err_set(e, ERR_CORRUPT,
			       "lengths sum up to %u bytes, the block table says %u",
			       run->line_off[run->n], b->col_raw[COL_LINES]);
	return 0;
}

/* The columns that `want` names, as they were encoded. */
static int read_columns(const struct chunk *c, const struct chunk_block *b, struct bytes stored,
			unsigned want, struct chunk_scratch *s, struct bytes ret[COL_COUNT],
			struct err *e)
{
	size_t off = 0;

	if (check_length(b, want, stored, e) < 0 || check_side(b, stored, e) < 0)
		return -1;
	if (want & WANT_LINES && check_lines(b, stored, e) < 0)
		return -1;
	for (int i = 0; i < COL_COUNT; i++) {
		struct bytes in = bytes_sub(stored, off, b->col_stored[i]);

		off += b->col_stored[i];
		if (want & (1U << i) && inflate(s, c, b, i, in, ret, e) < 0)
			return -1;
	}
	return 0;
}

int chunk_read_block(const struct chunk *c, const struct chunk_block *b, struct bytes stored,
		     unsigned want, struct chunk_scratch *s, struct run *ret, struct err *e)
{
	struct bytes col[COL_COUNT] = { 0 };

	if (want & WANT_LINES)
		want |= WANT_LENS;
	if (read_columns(c, b, stored, want, s, col, e) < 0 ||
	    columns_decode(col, b->n, want, &s->mem, ret, e) < 0)
		return -1;
	return check_run(b, want, ret, e);
}

int chunk_read_texts(const struct chunk *c, const struct chunk_block *b, struct bytes stored,
		     struct chunk_scratch *s, struct bytes *ret_lines, struct bytes *ret_meta,
		     struct err *e)
{
	struct bytes col[COL_COUNT] = { 0 };

	if (read_columns(c, b, stored, WANT_META | WANT_LINES, s, col, e) < 0)
		return -1;
	*ret_lines = col[COL_LINES];
	*ret_meta = col[COL_META];
	return 0;
}

int chunk_read_values(const struct chunk *c, const struct chunk_block *b, struct bytes stored,
		      struct chunk_scratch *s, struct bloom_values *v, struct err *e)
{
	struct bytes lines, meta;

	if (chunk_read_texts(c, b, stored, s, &lines, &meta, e) < 0)
		return -1;
	bloom_values_add(v, lines, meta);
	return 0;
}
