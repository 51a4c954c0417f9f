/* Lines of all sorts, taken apart and put together again: what is split, which lines come back when
 * some are picked, and what columns say of lines. */
#include "shape_tools.h"

static size_t n_shapes(void)
{
	size_t n;

	shape_list(reader, &n);
	return n;
}

/* Each line 40 times, by turns, is as many shapes, and comes back. */
static void check_lines(const char *const *line, size_t n, size_t shapes)
{
	struct shape_block b = { 0 };

	for (size_t i = 0; i < 40 * n; i++)
		block_addf(&b, "%s", line[i % n]);
	split_and_back(&b);
	assert_int_equal(n_shapes(), shapes);
	block_release(&b);
}

static void lines_of_json(void **state)
{
	static const char *const line[] = {
		"{\"a\":1}",
		"{\"a\":{\"b\":{\"c\":\"x\"},\"d\":true},\"e\":{}}",
		"{\"a\":[1,2,{\"b\":[\"]\"]}],\"c\":[]}",
		"{\"a\":null,\"b\":false}",
		"{\"a\":1,\"a\":2,\"a\":\"3\"}",
		"{\"a\\\"b\":\"x\\\"y\\\\\",\"\\u0061\":\"\\u00e4\"}",
		"{\"\xc3\xa4\":\"\xe2\x82\xac\",\"b\":\"\xff\"}",
		"{ \"a\" :\t\"x\" , \"b\"  : 2\r}  ",
		"{\"\":\"\"}",
		"{\"a\":1e5,\"b\":-0.0,\"c\":01,\"d\":1x}",
		"{\"a\":\"{\\\"b\\\":1}\"}",
	};

	(void)state;
	check_lines(line, COUNT(line), COUNT(line));
	for (size_t i = 0; i < COUNT(line); i++)
		check_lines(&line[i], 1, 1);
}

static void lines_of_logfmt(void **state)
{
	static const char *const line[] = {
		"a=1 b=2",
		"a= b=",
		"a=\"\" b=\"x y\"",
		"a=\"\\\"\\\\\" b=\\",
		"a=1  b=2\tc=3   ",
		"a=1 a=2 a=3",
		"\xc3\xa4=\xe2\x82\xac b=\xff",
		"{a=1 b=2",
		"a.b/c[0]=x ,=,",
	};
	const char *const good[] = { line[0], line[1], line[2], line[3],
				     line[4], line[5], line[6], line[8] };

	(void)state;
	/* Words may be empty, so the first two are of one shape. */
	check_lines(good, COUNT(good), COUNT(good) - 1);
	/* One in nine is whole. */
	check_lines(line, COUNT(line), COUNT(line) - 1);
}

/* These are of no kind: among others they are whole, alone they are not split. */
static void lines_of_no_kind(void **state)
{
	static const char *const line[] = {
		"plain text",
		"",
		" a=1 b=2",
		"a=1",
		"a=1 b",
		"a=1 b=\"x",
		"a=1 b=x\"y",
		"a=1 b=\"x\"y",
		"a=1 =2",
		"a=1 b=x=y",
		"{",
		"{}",
		"[1,2]",
		"{\"a\":null}",
		"{\"a\":1} behind",
		"{\"a\":1,}x",
		"{\"a\":nul}",
		"{\"a\":tru}",
		"{\"a\":\"x}",
		"{\"a\":[1}",
		"{\"a\":1 \"b\":2}",
		"{a:1}",
		"{\"a\"1}",
		"{\"a\":1\001}",
		"{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{"
		"\"a\":"
		"{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1}}}}}}}}}}}}}}}}}}",
	};

	(void)state;
	for (size_t k = 0; k < COUNT(line); k++) {
		struct shape_block mixed = { 0 }, alone = { 0 };

		for (size_t i = 0; i < 100; i++) {
			block_addf(&alone, "%s", line[k]);
			if (i % 20 == 3)
				block_addf(&mixed, "%s", line[k]);
			else
				block_addf(&mixed,
					   "{\"a\":%zu,\"much more\":\"than in the other ones, "
					   "so that they are few bytes\"}",
					   i);
		}
		assert_false(block_split(&alone, writer));
		split_and_back(&mixed);
		if (n_shapes() != 2)
			fail_msg("%s", line[k]);
		assert_int_equal(shape_list(reader, &(size_t){ 0 })[1].slot[0].class, SHAPE_LINE);
		block_release(&alone);
		block_release(&mixed);
	}
}

static void few_lines_are_not_split(void **state)
{
	(void)state;
	for (size_t n = 0; n < 40; n++) {
		struct shape_block b = { .id = CODEC_ZSTD };

		for (size_t i = 0; i < n; i++)
			block_addf(&b, "{\"a\":%zu}", i);
		assert_int_equal(block_split(&b, writer), n >= 32);
		block_release(&b);
	}
}

static void lines_with_newlines_are_not_split(void **state)
{
	static const char *const line[] = { "{\"a\":\"x\ny\"}", "{\"a\":\n1}", "{\"a\":1}\n", "\n",
					    "a=1\nb=2" };

	(void)state;
	for (size_t k = 0; k < COUNT(line); k++) {
		for (size_t where = 0; where < 200; where += 199) {
			struct shape_block b = { .id = CODEC_ZSTD };

			for (size_t i = 0; i < 200; i++)
				block_addf(&b, "%s", i == where ? line[k] : "{\"a\":1}");
			assert_false(block_split(&b, writer));
			block_release(&b);
		}
	}
}

/* Lines are held against a shape first, with which all values of the others begin. */
static void a_newline_anywhere_in_a_line_of_a_known_shape(void **state)
{
	static const char *const line[] = {
		"{\"a\":\"x\\\"y\",\"b\":[1,\"z\",[]],\"c\":true,\"d\":{\"e\":-1.5}}",
		"a=1 b=\"x \\\\ y\" c=",
		"1.2.3.4 - - [1/Jan/2026:01:02:03 +0000] \"GET /x HTTP/1.1\" 200 12 \"-\" \"a b\"",
	};

	(void)state;
	for (size_t k = 0; k < COUNT(line); k++)
		for (size_t at = 0; at <= 2 * strlen(line[k]); at++) {
			struct shape_block b = { .id = CODEC_ZSTD };
			int n = (int)at / 2;

			for (size_t i = 0; i < 100; i++)
				block_addf(&b, "%s", line[k]);
			/* Between two bytes, or in the place of one. */
			block_addf(&b, "%.*s\n%s", n, line[k], line[k] + n + at % 2);
			if (block_split(&b, writer))
				fail_msg("%s: a newline at %d", line[k], n);
			block_release(&b);
		}
}

static void blocks_of_mostly_text_are_not_split(void **state)
{
	(void)state;
	for (size_t of_4 = 1; of_4 < 4; of_4++) {
		struct shape_block b = { .id = CODEC_ZSTD };

		for (size_t i = 0; i < 400; i++)
			block_addf(&b, "%s", i % 8 < of_4 ? "just a text" : "{\"t\":1234}");
		assert_int_equal(block_split(&b, writer), of_4 < 2);
		block_release(&b);
	}
}

/* Text at the end alone, which is seen late. */
static void text_behind_the_first_lines(void **state)
{
	struct shape_block b = { .id = CODEC_ZSTD };

	(void)state;
	for (size_t i = 0; i < 400; i++)
		block_addf(&b, "%s", i > 200 ? "just a text" : "{\"t\":1234}");
	assert_false(block_split(&b, writer));
	block_release(&b);
}

static void encodings(void **state)
{
	(void)state;
	for (int id = 0; id < CODEC_COUNT; id++) {
		struct shape_block b = { .id = (enum codec_id)id };

		for (size_t i = 0; i < 1000; i++)
			block_addf(&b, "{\"a\":%zu,\"b\":\"text %zu %zu\",\"c\":\"x\"}", i, i,
				   i * i);
		assert_true(block_split(&b, writer));
		block_comes_back(&b, reader);
		block_release(&b);
	}
}

/* ---- as many as there may be ---- */

static void as_many_shapes_as_there_may_be(void **state)
{
	static const size_t most[] = { 254, 255, 256, 300 };

	(void)state;
	for (size_t k = 0; k < COUNT(most); k++) {
		struct shape_block b = { 0 };

		for (size_t i = 0; i < 4000; i++)
			block_addf(
				&b,
				"{\"field %zu\":%zu,\"all\":\"have this text, which is longer\"}",
				i % 10 ? i % 10 : i / 10 % most[k], i);
		split_and_back(&b);
		assert_int_equal(n_shapes(), most[k] < 256 ? most[k] : 256);
		block_release(&b);
	}
}

static void put_fields(struct buf *line, size_t first, size_t n)
{
	buf_reset(line);
	for (size_t i = 0; i < n; i++)
		buf_addf(line, "%c\"f%zu\":%zu", i ? ',' : '{', first + i, i * 3);
	buf_add_char(line, '}');
}

static void as_many_slots_as_there_may_be(void **state)
{
	struct shape_block b = { 0 };
	struct buf line = { 0 };

	(void)state;
	for (size_t i = 0; i < 100; i++) {
		put_fields(&line, 0, i % 10 ? 256 : 257);
		block_addf(&b, "%s", buf_str(&line));
	}
	split_and_back(&b);
	assert_int_equal(n_shapes(), 2);
	assert_int_equal(shape_list(reader, &(size_t){ 0 })[0].n_slots, 1); /* the first is whole */
	assert_int_equal(shape_list(reader, &(size_t){ 0 })[1].n_slots, 256);
	block_release(&b);
	buf_release(&line);
}

/* A line whose fields have no column is whole, if a column is left for whole lines. */
static void as_many_columns_as_there_may_be(void **state)
{
	(void)state;
	for (int with_text = 0; with_text < 2; with_text++) {
		struct shape_block b = { .id = CODEC_ZSTD };
		struct buf line = { 0 };

		for (size_t i = 0; i < 400; i++) {
			put_fields(&line, i % 20 ? 0 : i / 20 * 250, 250);
			block_addf(&b, "%s", i == 5 && with_text ? "text" : buf_str(&line));
		}
		assert_int_equal(block_split(&b, writer), with_text);
		if (with_text)
			block_comes_back(&b, reader);
		buf_release(&line);
		block_release(&b);
	}
}

/* ---- some lines ---- */

static void lines_that_are_picked(void **state)
{
	enum { N = 700 };
	struct shape_block b = { .id = CODEC_ZSTD };
	struct shape_stored in;
	uint32_t sel[N];
	uint64_t seed = 1;
	struct err e;

	(void)state;
	put_mixed(&b, N);
	split_and_back(&b);
	in = block_stored(&b);
	for (int k = 0; k < 400; k++) {
		struct shape_pick pick = { .n = 0 };

		if (k % 3 == 0)
			assert_int_equal(shape_open(reader, &in, &e), 0);
		if (k % 2) {
			pick.first = (uint32_t)rnd_below(&seed, N);
			pick.n = rnd_below(&seed, N - pick.first + 1);
		} else {
			size_t every = 1 + rnd_below(&seed, 50);

			for (uint32_t i = 0; i < N; i++)
				if (rnd_below(&seed, every) == 0)
					sel[pick.n++] = i;
			pick.sel = sel;
		}
		block_same(&b, reader, &pick);
	}
	block_release(&b);
}

/* ---- columns ---- */

static const struct shape_slot *find_slot(const struct shape *s, const char *before)
{
	for (uint32_t i = 0; i < s->n_slots; i++)
		if (bytes_is(s->slot[i].before, before))
			return &s->slot[i];
	return NULL;
}

static void fields_that_some_lines_have(void **state)
{
	enum { N = 500 };
	struct shape_block b = { 0 };
	const struct shape_values *v;
	const struct shape_slot *slot;
	const uint8_t *number;
	const uint32_t *row;
	struct err e;
	size_t n, n_b = 0;
	char text[32];

	(void)state;
	for (size_t i = 0; i < N; i++) {
		if (i % 3 == 1)
			block_addf(&b, "{\"a\":%zu,\"b\":\"<%zu>\"}", i, i * i);
		else if (i % 3 == 2)
			block_addf(&b, "{\"a\":%zu}", i);
		else
			block_addf(&b, "{\"b\":\"<%zu>\",\"a\":%zu}", i * i, i);
		n_b += i % 3 != 2;
	}
	split_and_back(&b);
	assert_int_equal(n_shapes(), 3);
	assert_int_equal(shape_numbers(reader, &number, &e), 0);
	assert_non_null(number);

	slot = find_slot(&shape_list(reader, &n)[0], ",\"a\":");
	assert_null(slot); /* the quote of b's value stands before it */
	slot = find_slot(&shape_list(reader, &n)[0], "\",\"a\":");
	assert_non_null(slot);
	assert_int_equal(slot->class, SHAPE_TOKEN);
	assert_int_equal(shape_rows(reader, slot->column, &row, &e), 0);
	assert_null(row); /* all have it, wherever it stands */
	assert_int_equal(shape_column(reader, slot->column, NULL, &v, &e), 0);
	assert_int_equal(v->n, N);
	for (size_t i = 0; i < N; i++) {
		snprintf(text, sizeof(text), "%zu", i);
		assert_bytes(shape_value(v, i), text);
	}

	slot = find_slot(&shape_list(reader, &n)[number[1]], ",\"b\":\"");
	assert_non_null(slot);
	assert_int_equal(slot->class, SHAPE_QUOTED);
	assert_int_equal(shape_rows(reader, slot->column, &row, &e), 0);
	assert_non_null(row);
	assert_int_equal(shape_column(reader, slot->column, NULL, &v, &e), 0);
	assert_int_equal(v->n, n_b);
	for (size_t i = 0; i < N; i++) {
		if (i % 3 == 2)
			continue;
		snprintf(text, sizeof(text), "<%zu>", i * i);
		assert_bytes(shape_value(v, row[i]), text);
	}
	block_release(&b);
}

/* A field of two classes is two columns; one that is there twice is two. */
static void what_is_a_column_of_its_own(void **state)
{
	struct shape_block b = { 0 };
	const struct shape *sh;
	struct block_head head;
	size_t n;

	(void)state;
	for (size_t i = 0; i < 100; i++)
		block_addf(&b, i % 2 ? "{\"a\":\"%zu\"}" : "{\"a\":%zu}", i);
	split_and_back(&b);
	sh = shape_list(reader, &n);
	assert_int_equal(n, 2);
	assert_int_not_equal(sh[0].slot[0].column, sh[1].slot[0].column);
	block_release(&b);

	for (size_t i = 0; i < 100; i++)
		block_addf(&b, "{\"a\":%zu,\"b\":{\"a\":%zu},\"a\":%zu}", i, i, i);
	split_and_back(&b);
	block_read_head(&b, &head);
	assert_int_equal(head.n_columns, 3);
	block_release(&b);
}

static void which_columns_need_time(void **state)
{
	struct shape_block b = { 0 };
	size_t n;

	(void)state;
	for (size_t i = 0; i < 100; i++)
		block_addf(&b, "{\"n\":%zu}", i);
	split_and_back(&b);
	assert_false(shape_any_time(reader));
	block_release(&b);
	for (size_t i = 0; i < 100; i++)
		block_addf(&b, "n=%zu ts=2026-01-01T00:%02zu:%02zuZ", i, i / 60, i % 60);
	split_and_back(&b);
	assert_true(shape_any_time(reader));
	assert_false(shape_needs_time(reader, shape_list(reader, &n)->slot[0].column));
	assert_true(shape_needs_time(reader, shape_list(reader, &n)->slot[1].column));
	block_release(&b);
}

/* Many columns of which most lines have none would take a note of each line for each column. */
static void columns_that_most_lines_lack(void **state)
{
	(void)state;
	for (size_t n = 1000; n <= 64000; n *= 64) {
		struct shape_block b = { .id = CODEC_ZSTD };
		struct buf line = { 0 };
		bool few = n == 1000;

		for (size_t i = 0; i < n; i++) {
			if (i < 200)
				put_fields(&line, i % 100, 200);
			block_addf(&b, "%s", i < 200 ? buf_str(&line) : "a=1 b=2");
		}
		assert_int_equal(block_split(&b, writer), few);
		if (few)
			block_comes_back(&b, reader);
		block_release(&b);
		buf_release(&line);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_json),
		cmocka_unit_test(lines_of_logfmt),
		cmocka_unit_test(lines_of_no_kind),
		cmocka_unit_test(few_lines_are_not_split),
		cmocka_unit_test(lines_with_newlines_are_not_split),
		cmocka_unit_test(a_newline_anywhere_in_a_line_of_a_known_shape),
		cmocka_unit_test(blocks_of_mostly_text_are_not_split),
		cmocka_unit_test(text_behind_the_first_lines),
		cmocka_unit_test(encodings),
		cmocka_unit_test(as_many_shapes_as_there_may_be),
		cmocka_unit_test(as_many_slots_as_there_may_be),
		cmocka_unit_test(as_many_columns_as_there_may_be),
		cmocka_unit_test(lines_that_are_picked),
		cmocka_unit_test(fields_that_some_lines_have),
		cmocka_unit_test(what_is_a_column_of_its_own),
		cmocka_unit_test(which_columns_need_time),
		cmocka_unit_test(columns_that_most_lines_lack),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, start, stop);
}
