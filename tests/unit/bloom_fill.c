/* How full filters are said to be, and how often wrong: of bits set by hand, and beside what a
 * filter that was built answers. */
#include "unit.h"
#include "bloom_block.h"

#include "base/mem.h"
#include "bloom/build.h"
#include "bloom/fill.h"
#include "bloom/format.h"

static uint64_t state = 1;

static void near(double is, double expected, double within)
{
	if (is < expected - within || is > expected + within)
		fail_msg("%g instead of %g", is, expected);
}

static double power(double x, int n)
{
	double v = 1;

	while (n-- > 0)
		v *= x;
	return v;
}

/* ---- by hand ---- */

static void set_row(struct buf *pages, const struct bloom_matrix *m, uint32_t group, uint32_t row,
		    uint32_t column)
{
	size_t bit = (size_t)row * m->columns + column;

	pages->p[m->off + (size_t)group * bloom_page_len(m->columns) + bit / 8] |=
		(char)(1 << bit % 8);
}

/* Of the first matrix, of letters alone, column 0 is empty, 1 full, 2 half full in one group and
 * full in the other; the second, of hex alone, has a column of which a quarter is set. */
static void bits_that_are_known(void **unused)
{
	struct bloom_matrix matrix[] = {
		{ .kinds = 1 << GRAM_LETTERS, .groups = 2, .columns = 3 },
		{ .kinds = 1 << GRAM_HEX, .groups = 1, .columns = 1 },
	};
	struct bloom_place place[] = {
		{ 0, 0 },
		{ 0, 1 },
		{ BLOOM_NO_MATRIX, 0 },
		{ BLOOM_NO_MATRIX, 0 },
		{ 0, 2 },
		{ 0, 2 },
		{ 0, 2 },
		{ 1, 0 },
	};
	const struct bloom f = { .matrix = matrix, .n_matrices = 2, .place = place, .n_blocks = 8 };
	struct buf pages = { 0 };
	struct arena mem = { 0 };
	struct bloom_fill fill;
	double half = (0.5 * 0.5 * 0.5 + 1) / 2;

	(void)unused;
	matrix[1].off = bloom_matrix_bytes(&matrix[0]);
	memset(buf_reserve(&pages, matrix[1].off + bloom_matrix_bytes(&matrix[1])), 0,
	       matrix[1].off + bloom_matrix_bytes(&matrix[1]));
	pages.n = matrix[1].off + bloom_matrix_bytes(&matrix[1]);
	for (uint32_t row = 0; row < GROUP_ROWS; row++) {
		for (uint32_t g = 0; g < 2; g++)
			set_row(&pages, &matrix[0], g, row, 1);
		if (row % 2)
			set_row(&pages, &matrix[0], 0, row, 2);
		set_row(&pages, &matrix[0], 1, row, 2);
		if (row % 4 == 1)
			set_row(&pages, &matrix[1], 0, row, 0);
	}
	/* What is behind the rows is the checksum, which is no part of them. */
	memset(pages.p + matrix[1].off - PAGE_CRC_LEN, 0xff, PAGE_CRC_LEN);
	bloom_fill(&f, buf_bytes(&pages), &mem, &fill);
	assert_int_equal(fill.own, 3);
	assert_int_equal(fill.shared, 3);
	assert_int_equal(fill.without, 2);
	assert_int_equal(fill.columns, 4);
	assert_int_equal(fill.columns_of[GRAM_LETTERS], 3);
	assert_int_equal(fill.columns_of[GRAM_HEX], 1);
	assert_int_equal(fill.columns_of[GRAM_REST], 0);
	near(fill.set_of[0], (1 + 0.75) / 3, 1e-9);
	near(fill.set_of[1], 0.25, 1e-9);
	near(fill.set, (6 * (1 + 0.75) / 3 + 0.25) / 7, 1e-9);
	near(fill.pass[GRAM_LETTERS], (1 + half) / 3, 1e-9);
	near(fill.pass[GRAM_HEX], power(0.25, gram_rows[GRAM_HEX]), 1e-9);
	near(fill.pass[GRAM_REST], 0, 0);
	near(fill.pass_text, (1 + power(half, BLOOM_FILL_VALUES)) / 3, 1e-9);
	buf_release(&pages);
	arena_release(&mem);
}

static void nothing_at_all(void **unused)
{
	struct bloom_fill fill;
	struct arena mem = { 0 };

	(void)unused;
	bloom_fill(&(struct bloom){ 0 }, (struct bytes){ 0 }, &mem, &fill);
	assert_int_equal(fill.own + fill.shared + fill.without + fill.columns, 0);
	near(fill.set, 0, 0);
	near(fill.pass_text, 0, 0);
	arena_release(&mem);
}

/* ---- beside what is answered ---- */

static int page_of(void *data, uint64_t off, uint32_t n, struct bytes *ret, struct err *e)
{
	(void)e;
	*ret = bytes_sub(buf_bytes(data), off, n);
	return 0;
}

enum { BLOCKS = 150, ASKED = 400, CHUNK_LEN = 1 << 20 };

/* The part of the blocks with the kind that a value passes which they hardly have. */
static double passed(const struct bloom *f, struct buf *pages, enum gram_kind kind)
{
	size_t passed = 0, asked = 0;

	for (int i = 0; i < ASKED; i++) {
		struct bloom_ask ask = { 0 };
		struct bloom_answer answer;
		struct arena mem = { 0 };
		struct gram_list *l;
		struct err e;

		bloom_ask_clause(&ask);
		bloom_ask_anything(&ask);
		l = &ask.v[0].v[0].of[kind];
		mem_grow(&l->v, &l->cap, 1, sizeof(*l->v));
		l->v[l->n++] = rnd(&state);
		assert_int_equal(0, bloom_answer(f, &ask, BLOOM_VALUES_NEAR, page_of, pages, &mem,
						 &answer, &e));
		for (uint32_t b = 0; b < f->n_blocks; b++) {
			if (!(f->matrix[f->place[b].matrix].kinds >> kind & 1))
				continue;
			asked++;
			passed += bloom_may(f, &answer, 0, b);
		}
		bloom_ask_release(&ask);
		arena_release(&mem);
	}
	return (double)passed / (double)asked;
}

static void as_often_as_answers_are_wrong(void **unused)
{
	static const enum gram_kind kind[] = { GRAM_LETTERS, GRAM_SPARSE, GRAM_HEX, GRAM_REST };
	struct bloom_values v = { .what = BLOOM_FULL };
	struct bloom_build *b = bloom_build_new(v.what);
	struct buf table = { 0 }, pages = { 0 };
	struct arena mem = { 0 };
	struct bloom_fill fill;
	struct bloom f;
	struct err e;

	(void)unused;
	for (uint32_t i = 0; i < BLOCKS; i++)
		add_random_block(&v,
				 i % 3 ? 1 << GRAM_LETTERS | 1 << GRAM_HEX
				       : 1 << GRAM_SPARSE | 1 << GRAM_REST,
				 300 + rnd_below(&state, 3000), (uint64_t)1 << 20, &state);
	bloom_build_chunk(b, CHUNK_LEN, &v, 0, v.n);
	assert_true(bloom_build_end(b, &table, &pages));
	assert_int_equal(0, bloom_parse(buf_bytes(&table), CHUNK_LEN, &mem, &f, &e));
	bloom_fill(&f, buf_bytes(&pages), &mem, &fill);
	assert_int_equal(fill.own, BLOCKS);
	near(fill.set, 0.5, 0.05);
	for (size_t i = 0; i < sizeof(kind) / sizeof(kind[0]); i++) {
		double is = passed(&f, &pages, kind[i]);

		assert_true(is > 0);
		near(fill.pass[kind[i]], is, is / 10);
	}
	bloom_build_free(b);
	bloom_values_release(&v);
	buf_release(&table);
	buf_release(&pages);
	arena_release(&mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bits_that_are_known),
		cmocka_unit_test(nothing_at_all),
		cmocka_unit_test(as_often_as_answers_are_wrong),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
