/* Blocks: from stored columns to a run of entries, nothing believed that was not checked. */
#include <stdlib.h>

#include "base/crc32c.h"
#include "base/mem.h"
#include "base/near.h"
#include "chunk/chunk.h"
#include "chunk/format.h"

struct chunk_scratch {
	struct codec *codec;
	struct buf raw[COL_COUNT];
	struct run_mem mem;
	struct shape_reader *shapes; /* NULL: not needed yet */
	struct run_mem time;	     /* of timestamps that lines are made of */
	struct shape_pick pick;	     /* of the entries whose lines are wanted; n 0: all */
	const char *open_at;	     /* where the lines lie that shapes has open; NULL: none are */
	struct chunk_block open;
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
	run_mem_release(&s->time);
	shape_reader_free(s->shapes);
	codec_free(s->codec);
	free(s);
}

void chunk_scratch_narrow(struct chunk_scratch *s, const struct shape_pick *pick)
{
	s->pick = *pick;
}

/* The entries whose lines are wanted, of n: false: all. */
static bool is_narrow(const struct chunk_scratch *s, size_t n, uint32_t *ret_first,
		      uint32_t *ret_end)
{
	const struct shape_pick *p = &s->pick;

	if (p->n == 0)
		return false;
	*ret_first = p->sel ? p->sel[0] : p->first;
	*ret_end = p->sel ? p->sel[p->n - 1] + 1 : p->first + (uint32_t)p->n;
	return *ret_first < *ret_end && *ret_end <= n;
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

	return check_crc(bytes_sub(stored, b->stored_len - n, b->shapes_len ? b->shapes_len : n),
			 b->crc_lines, "lines", e);
}

static const struct shape_fetch nothing = { 0 };

/* Lines as shapes, whose head has been checked. */
static struct shape_stored shapes_of(const struct chunk_block *b, unsigned encoding,
				     struct bytes lines, const struct shape_fetch *fetch)
{
	return (struct shape_stored){ lines,	b->shapes_len, b->n, b->col_raw[COL_LINES],
				      encoding, *fetch };
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
	struct shape_stored shapes =
		shapes_of(b, CODEC_NONE,
			  bytes_sub(stored, b->stored_len - b->col_stored[COL_LINES],
				    b->col_stored[COL_LINES]),
			  &nothing);

	if (check_length(b, WANT_ALL, stored, e) < 0 || check_side(b, stored, e) < 0 ||
	    check_lines(b, stored, e) < 0)
		return -1;
	if (b->shapes_len && shape_check(&shapes, e) < 0)
		return err_wrap(e, "lines");
	return 0;
}

/* Where the bytes of the lines that are wanted begin and end. Lengths that do not sum up, or are
 * none, are told by who decodes them: then all are wanted. */
static void find_lines(struct chunk_scratch *s, const struct chunk_block *b, struct bytes *col,
		       size_t *ret_from, size_t *ret_to)
{
	uint32_t first, end;
	struct run run;
	struct err later;

	*ret_from = 0;
	*ret_to = b->col_raw[COL_LINES];
	if (!is_narrow(s, b->n, &first, &end) ||
	    columns_decode(col, b->n, WANT_LENS, &s->mem, &run, &later) < 0 ||
	    run.lines_len != *ret_to)
		return;
	*ret_from = run.line_off[first];
	*ret_to = run.line_off[end];
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
	if (buf_try_room(&s->raw[i], b->col_raw[i], e) < 0 ||
	    codec_decompress_range(s->codec, c->fixed.encoding, stored, s->raw[i].p, b->col_raw[i],
				   from, to, e) < 0)
		return err_wrap(e, "%s", column_name[i]);
	col[i] = buf_bytes(&s->raw[i]);
	return 0;
}

static bool same_block(const struct chunk_block *a, const struct chunk_block *b)
{
	return a->n == b->n && a->min_ts == b->min_ts && a->max_ts == b->max_ts &&
	       a->crc_side == b->crc_side && a->crc_lines == b->crc_lines &&
	       a->stored_len == b->stored_len && a->shapes_len == b->shapes_len;
}

/* The block's shapes, unless they are open. */
static int open_shapes(struct chunk_scratch *s, const struct chunk *c, const struct chunk_block *b,
		       struct bytes lines, const struct shape_fetch *fetch, struct err *e)
{
	struct shape_stored shapes = shapes_of(b, c->fixed.encoding, lines, fetch);

	if (s->open_at == lines.p && same_block(&s->open, b)) {
		if (!fetch->get)
			shape_is_all_there(s->shapes);
		return 0;
	}
	if (!s->shapes)
		s->shapes = shape_reader_new();
	s->open_at = NULL;
	if (shape_open(s->shapes, &shapes, e) < 0)
		return -1;
	s->open_at = lines.p;
	s->open = *b;
	return 0;
}

/* Timestamps, of which lines are made. */
static int read_times(struct chunk_scratch *s, const struct chunk *c, const struct chunk_block *b,
		      struct bytes stored, const int64_t **ret, struct err *e)
{
	struct bytes col[COL_COUNT] = { 0 };
	struct run run;

	if (inflate(s, c, b, COL_TS, stored, col, e) < 0 ||
	    columns_decode(col, b->n, WANT_TS, &s->time, &run, e) < 0)
		return -1;
	*ret = run.ts_ns;
	return 0;
}

/* Lines that are taken apart, of those that are wanted; the lengths are there. */
static int put_together(struct chunk_scratch *s, const struct chunk *c, const struct chunk_block *b,
			const struct bytes stored[COL_COUNT], struct bytes *col, struct err *e)
{
	struct shape_pick all = { .n = b->n };
	uint32_t first, end;
	bool narrow = is_narrow(s, b->n, &first, &end);
	struct buf *to = &s->raw[COL_LINES];
	const int64_t *ts_ns = NULL;
	struct run run;

	if (columns_decode(col, b->n, WANT_LENS, &s->mem, &run, e) < 0 ||
	    check_run(b, WANT_LENS, &run, e) < 0)
		return -1;
	if (open_shapes(s, c, b, stored[COL_LINES], &nothing, e) < 0 ||
	    (shape_any_time(s->shapes) && read_times(s, c, b, stored[COL_TS], &ts_ns, e) < 0) ||
	    buf_try_room(to, (size_t)b->col_raw[COL_LINES] + NEAR_PAD, e) < 0 ||
	    shape_restore(s->shapes, ts_ns, run.line_off, narrow ? &s->pick : &all, to->p, e) < 0)
		return err_wrap(e, "lines");
	to->n = b->col_raw[COL_LINES];
	col[COL_LINES] = buf_bytes(to);
	return 0;
}

/* The columns that `want` names, as they were encoded. */
static int read_columns(const struct chunk *c, const struct chunk_block *b, struct bytes stored,
			unsigned want, struct chunk_scratch *s, struct bytes ret[COL_COUNT],
			struct err *e)
{
	struct bytes in[COL_COUNT];
	size_t off = 0;

	if (check_length(b, want, stored, e) < 0 || check_side(b, stored, e) < 0)
		return -1;
	if (want & WANT_LINES && check_lines(b, stored, e) < 0)
		return -1;
	if (want & WANT_LINES && b->shapes_len)
		want |= WANT_LENS;
	for (int i = 0; i < COL_COUNT; i++) {
		in[i] = bytes_sub(stored, off, b->col_stored[i]);
		off += b->col_stored[i];
		if (!(want & (1U << i)))
			continue;
		if (i == COL_LINES && b->shapes_len) {
			if (put_together(s, c, b, in, ret, e) < 0)
				return -1;
		} else if (inflate(s, c, b, i, in[i], ret, e) < 0) {
			return -1;
		}
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

int chunk_open_shapes(const struct chunk *c, const struct chunk_block *b, struct bytes stored,
		      const struct shape_fetch *fetch, struct chunk_scratch *s,
		      struct shape_reader **ret, struct err *e)
{
	size_t n = b->col_stored[COL_LINES];
	struct bytes lines = bytes_of(stored.p + b->stored_len - n, n);

	if (check_length(b, fetch->get ? WANT_SHAPES : WANT_ALL, stored, e) < 0 ||
	    check_crc(bytes_sub(lines, 0, b->shapes_len), b->crc_lines, "lines", e) < 0 ||
	    open_shapes(s, c, b, lines, stored.n < b->stored_len ? fetch : &nothing, e) < 0)
		return -1;
	*ret = s->shapes;
	return 0;
}

uint64_t chunk_scratch_take_apart_bytes(struct chunk_scratch *s)
{
	return s->shapes ? shape_take_bytes(s->shapes) : 0;
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
