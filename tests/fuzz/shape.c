/*
 * Lines taken apart. Byte 0: 0 as they lie, else the checksums of the bodies are mended first. Then
 * u16be n, n times the length of a line with its newline as u16be, u16be length of the head, u8
 * encoding, and what is stored.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/near.h"
#include "base/rd.h"
#include "mend_shapes.h"
#include "shape/shape.h"

enum { LINES_MAX = 4096, STEP = 7 };

struct input {
	struct shape_stored in;
	struct buf stored;
	uint32_t off[LINES_MAX + 1];
	int64_t ts_ns[LINES_MAX];
};

static bool read_input(struct rd *rd, struct input *ret)
{
	size_t n = rd_u16be(rd);

	if (n > LINES_MAX)
		return false;
	ret->off[0] = 0;
	for (size_t i = 0; i < n; i++) {
		uint16_t len = rd_u16be(rd);

		if (len == 0)
			return false;
		ret->off[i + 1] = ret->off[i] + len;
		ret->ts_ns[i] = INT64_C(1767225600000000000) + 1000000007 * (int64_t)i;
	}
	ret->in = (struct shape_stored){ .n = n, .lines_len = ret->off[n] };
	ret->in.head_len = rd_u16be(rd);
	ret->in.encoding = rd_u8(rd);
	if (rd->failed)
		return false;
	buf_add_bytes(&ret->stored, rd_bytes(rd, rd_left(rd)));
	ret->in.in = buf_bytes(&ret->stored);
	return true;
}

/* Values of a slot must lie where they can be read, and be one for each line of the shape. */
static size_t look_at(struct shape_reader *r, const struct input *x, uint32_t shape,
		      uint32_t column)
{
	const struct shape_values *v;
	const uint8_t *number;
	const uint32_t *row;
	size_t sum = 0;

	if (shape_column(r, column, x->ts_ns, &v, NULL) < 0 ||
	    shape_rows(r, column, &row, NULL) < 0 || shape_numbers(r, &number, NULL) < 0)
		return 0;
	for (size_t i = 0; i < x->in.n; i++) {
		size_t k = row ? row[i] : i;
		struct bytes b;

		if ((number ? number[i] : 0) != shape)
			continue;
		if (k >= v->n)
			abort();
		b = shape_value(v, k);
		sum += b.n ? (unsigned char)b.p[0] + (unsigned char)b.p[b.n - 1] : 1;
	}
	return sum;
}

static bool may_hold(const struct shape_reader *r, uint32_t column, struct bytes v)
{
	char *lower = mem_alloc(v.n + 1);
	bool ret;

	for (size_t i = 0; i < v.n; i++)
		lower[i] = (char)(v.p[i] >= 'A' && v.p[i] <= 'Z' ? v.p[i] - 'A' + 'a' : v.p[i]);
	ret = shape_may_hold(r, column, v, false) &&
	      shape_may_hold(r, column, bytes_of(lower, v.n), true);
	free(lower);
	return ret;
}

/* Numbers must lie where they can be read, and be as small as was asked for. */
static void sum_of_decimals(struct shape_reader *r, uint32_t column)
{
	const uint64_t most = UINT64_C(1) << 53;
	struct shape_decimals d;
	const uint8_t *number;

	if (shape_numbers(r, &number, NULL) < 0 || shape_decimals(r, column, most, &d, NULL) < 0)
		return;
	for (size_t i = 0; i < d.n && d.number; i++)
		if (d.least + d.number[i] > most || d.places > 18)
			abort();
}

/* Each value is of one line, in their order, is what the column may hold, and has no newline; also
 * of columns that no shape has. */
static void look_at_column(struct shape_reader *r, const struct input *x, uint32_t column)
{
	const struct shape_values *v;
	const uint32_t *entry, *row;
	struct shape_values words;
	bool told = shape_words(r, column, &words, NULL) == 0;

	sum_of_decimals(r, column);
	if (shape_column(r, column, x->ts_ns, &v, NULL) < 0)
		return;
	/* Of a column that no line has nothing is read but its words. */
	if (v->n && (!told || words.n_words != v->n_words || !words.word != !v->word))
		abort();
	if (shape_entries(r, column, &entry, NULL) < 0 || shape_rows(r, column, &row, NULL) < 0 ||
	    !entry != !row)
		abort();
	for (size_t k = 0; k < v->n; k++) {
		struct bytes b = shape_value(v, k);

		if (entry && (entry[k] >= x->in.n || (k > 0 && entry[k] <= entry[k - 1]) ||
			      row[entry[k]] != k))
			abort();
		if (!may_hold(r, column, b) || (b.n && memchr(b.p, '\n', b.n)))
			abort();
	}
}

/* The lines a step apart, to `to`; whether they could be put together. */
static bool restore_few(struct shape_reader *r, const struct input *x, char *to)
{
	static uint32_t sel[LINES_MAX];
	struct shape_pick pick = { .sel = sel };

	for (uint32_t i = 0; i < x->in.n; i += STEP)
		sel[pick.n++] = i;
	return shape_restore(r, x->ts_ns, x->off, &pick, to, NULL) == 0;
}

/* A line that is put together alone is as among all; `few` as restore_few had them, if it did. */
static void restore(struct shape_reader *r, const struct input *x, bool had_few, const char *few)
{
	struct shape_pick all = { .n = x->in.n }, one = { .n = 1 };
	size_t len = x->in.lines_len + NEAR_PAD;
	char *a = mem_alloc(len), *b = mem_alloc(len);

	if (shape_restore(r, x->ts_ns, x->off, &all, a, NULL) == 0) {
		if (!had_few)
			abort();
		for (size_t i = 0; i < x->in.n; i += STEP)
			if (memcmp(a + x->off[i], few + x->off[i], x->off[i + 1] - x->off[i]) != 0)
				abort();
		for (size_t i = 0; i < x->in.n; i++) {
			size_t at = x->off[i], n = x->off[i + 1] - at;

			one.first = (uint32_t)i;
			if (shape_restore(r, x->ts_ns, x->off, &one, b, NULL) < 0 ||
			    a[at + n - 1] != '\n' || memcmp(a + at, b + at, n) != 0)
				abort();
		}
	}
	free(a);
	free(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd rd = rd_init(bytes_of(data, size));
	struct shape_reader *r = shape_reader_new();
	struct input *x = mem_alloc(sizeof(*x));
	bool mends = rd_u8(&rd) != 0;
	const struct shape *sh;
	size_t n, sum = 0;
	bool had_few;
	char *few;

	if (read_input(&rd, x)) {
		few = mem_alloc(x->in.lines_len + NEAR_PAD);
		if (mends)
			mend_shapes(&x->stored, 0, x->in.head_len);
		if (shape_open(r, &x->in, NULL) == 0) {
			had_few = restore_few(r, x, few); /* of columns that are not read yet */
			sum += shape_check(&x->in, NULL) == 0;
			sh = shape_list(r, &n);
			for (uint32_t k = 0; k < n; k++)
				for (uint32_t i = 0; i < sh[k].n_slots; i++)
					sum += look_at(r, x, k, sh[k].slot[i].column);
			for (uint32_t c = 0; c < shape_n_columns(r); c++)
				look_at_column(r, x, c);
			restore(r, x, had_few, few);
		}
		free(few);
	}
	shape_reader_free(r);
	buf_release(&x->stored);
	free(x);
	return sum == SIZE_MAX; /* never: the sum is there so that values are looked at */
}
