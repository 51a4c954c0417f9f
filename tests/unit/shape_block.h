/* Blocks of lines for the tests of libcore/shape: made, taken apart, put together again. */
#ifndef TESTS_SHAPE_BLOCK_H
#define TESTS_SHAPE_BLOCK_H

#include "unit.h"

#include "base/mem.h"
#include "base/near.h"
#include "base/rd.h"
#include "shape/kind.h"
#include "shape/shape.h"

struct shape_block {
	struct buf lines, off, ts; /* a uint32_t, an int64_t for each line */
	struct buf out;		   /* as it is stored */
	uint32_t head_len;
	size_t n;
	enum codec_id id;
};

static inline void block_release(struct shape_block *b)
{
	buf_release(&b->lines);
	buf_release(&b->off);
	buf_release(&b->ts);
	buf_release(&b->out);
	*b = (struct shape_block){ 0 };
}

static inline void block_add(struct shape_block *b, int64_t ts_ns, struct bytes line)
{
	uint32_t at = (uint32_t)b->lines.n;

	buf_add(&b->off, &at, sizeof(at));
	buf_add(&b->ts, &ts_ns, sizeof(ts_ns));
	buf_add_bytes(&b->lines, line);
	buf_add_char(&b->lines, '\n');
	b->n++;
}

/* A second later than the line before. */
static inline void block_addf(struct shape_block *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
static inline void block_addf(struct shape_block *b, const char *fmt, ...)
{
	const int64_t start = 1767225600000000000, step = 1000000007;
	struct buf line = { 0 };
	va_list va;

	va_start(va, fmt);
	buf_addv(&line, fmt, va);
	va_end(va);
	block_add(b, start + step * (int64_t)b->n, buf_bytes(&line));
	buf_release(&line);
}

static inline const uint32_t *block_off(const struct shape_block *b)
{
	return (const uint32_t *)(const void *)b->off.p;
}

static inline const int64_t *block_ts(const struct shape_block *b)
{
	return (const int64_t *)(const void *)b->ts.p;
}

static inline struct bytes block_line(const struct shape_block *b, size_t i)
{
	const uint32_t *off = block_off(b);

	return bytes_of(b->lines.p + off[i], off[i + 1] - off[i] - 1);
}

/* Takes the lines apart, to b->out; false: they are not. No more lines may be added. */
static inline bool block_split(struct shape_block *b, struct shape_writer *w)
{
	struct shape_codecs c = { codec_new(3), codec_new(3), b->id, 32 };
	struct shape_lines in = { .n = b->n };
	uint32_t end = (uint32_t)b->lines.n;
	bool split;

	buf_add(&b->off, &end, sizeof(end));
	memset(buf_reserve(&b->lines, NEAR_PAD), '"', NEAR_PAD);
	in.lines = b->lines.p;
	in.off = block_off(b);
	in.ts_ns = block_ts(b);
	split = shape_split(w, &in);
	if (split)
		b->head_len = shape_encode(w, &in, &c, &b->out);
	codec_free(c.text);
	codec_free(c.planes);
	return split;
}

static inline struct shape_stored block_stored(const struct shape_block *b)
{
	return (struct shape_stored){ buf_bytes(&b->out), b->head_len, b->n,
				      b->lines.n,	  b->id,       { 0 } };
}

/* The lines that are picked must be those that went in. */
static inline void block_same(const struct shape_block *b, struct shape_reader *r,
			      const struct shape_pick *pick)
{
	char *to = mem_alloc(b->lines.n + NEAR_PAD);
	struct err e = { 0 };

	memset(to, 0x5a, b->lines.n + NEAR_PAD);
	if (shape_restore(r, block_ts(b), block_off(b), pick, to, &e) < 0)
		fail_msg("%s", e.msg);
	for (size_t k = 0; k < pick->n; k++) {
		size_t i = pick->sel ? pick->sel[k] : pick->first + k;
		struct bytes line = block_line(b, i);

		if (memcmp(to + block_off(b)[i], line.p, line.n + 1) != 0)
			fail_msg("line %zu is '%.*s', not '%.*s'", i, (int)line.n,
				 to + block_off(b)[i], (int)line.n, line.p);
	}
	free(to);
}

/* Few of the lines, of which columns are decoded for them alone: a step apart, and in a row. */
static inline void block_few_same(const struct shape_block *b, struct shape_reader *r)
{
	struct shape_pick run = { .first = (uint32_t)(b->n / 3), .n = b->n / 5 };
	uint32_t *sel = mem_alloc((b->n + 1) * sizeof(*sel));

	for (size_t step = 5; step < 100; step = step * 2 + 1) {
		struct shape_pick some = { .sel = sel };

		for (size_t i = step / 2; i < b->n; i += step)
			sel[some.n++] = (uint32_t)i;
		block_same(b, r, &some);
	}
	block_same(b, r, &run);
	free(sel);
}

/* All of it comes back, from a reader that may have had another block before; some of it first, and
 * also when all has been read. */
static inline void block_comes_back(const struct shape_block *b, struct shape_reader *r)
{
	struct shape_stored in = block_stored(b);
	struct shape_pick all = { .n = b->n };
	struct err e = { 0 };

	if (shape_check(&in, &e) < 0 || shape_open(r, &in, &e) < 0)
		fail_msg("%s", e.msg);
	block_few_same(b, r);
	block_same(b, r, &all);
	block_few_same(b, r);
}

/* Where bytes of interest stand in the head. */
struct block_head {
	size_t n_shapes, n_columns;
	size_t class_at[64], kind_at[64]; /* of the first slots and columns */
	uint8_t kind[SHAPE_COLUMNS_MAX];
};

static inline void head_body(struct rd *rd)
{
	rd_uvarint(rd);
	rd_uvarint(rd);
	rd_u32be(rd);
}

static inline void block_read_head(const struct shape_block *b, struct block_head *ret)
{
	struct rd rd = rd_init(bytes_sub(buf_bytes(&b->out), 0, b->head_len));
	size_t slots = 0;

	ret->n_shapes = rd_uvarint(&rd);
	for (size_t k = 0; k < ret->n_shapes; k++) {
		for (size_t n = rd_uvarint(&rd); n > 0; n--) {
			rd_lstr(&rd, rd_left(&rd));
			if (slots < 64)
				ret->class_at[slots++] = rd.off;
			rd_u8(&rd);
			rd_uvarint(&rd);
		}
		rd_lstr(&rd, rd_left(&rd));
	}
	head_body(&rd);
	ret->n_columns = rd_uvarint(&rd);
	assert_true(ret->n_columns <= SHAPE_COLUMNS_MAX);
	for (size_t c = 0; c < ret->n_columns; c++) {
		if (c < 64)
			ret->kind_at[c] = rd.off;
		ret->kind[c] = rd_u8(&rd);
		rd_lstr(&rd, rd_left(&rd));
		head_body(&rd);
	}
	assert_false(rd.failed);
	assert_int_equal(rd_left(&rd), 0);
}

#endif
