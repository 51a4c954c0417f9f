/* Lines taken apart that are damaged, or say what cannot be: it is found, and asks for no more
 * memory than the lines could need. */
#include "shape_tools.h"

#include <sys/resource.h>

#include "base/crc32c.h"
#include "base/sanitized.h"
#include "base/wr.h"

/* ---- damage ---- */

/* All that a reader can be asked; -1: it said that something is wrong. */
static int read_all(const struct shape_block *b, const struct shape_stored *in)
{
	struct shape_pick all = { .n = b->n };
	const struct shape_values *v;
	const uint32_t *row;
	char *to = mem_alloc(b->lines.n + NEAR_PAD);
	const struct shape *sh;
	struct err e = { 0 };
	size_t n;
	int ret = shape_open(reader, in, &e);

	sh = shape_list(reader, &n);
	for (size_t k = 0; ret == 0 && k < n; k++)
		for (uint32_t i = 0; ret == 0 && i < sh[k].n_slots; i++)
			if (shape_column(reader, sh[k].slot[i].column, block_ts(b), &v, &e) < 0 ||
			    shape_rows(reader, sh[k].slot[i].column, &row, &e) < 0)
				ret = -1;
	if (ret == 0)
		ret = shape_restore(reader, block_ts(b), block_off(b), &all, to, &e);
	free(to);
	if (ret < 0 && e.code != ERR_CORRUPT && e.code != ERR_VERSION)
		fail_msg("%s", e.msg);
	return ret;
}

/* Its checksum is another's business: every byte may be anything. */
static void damage_in_the_head(void **state)
{
	static const uint8_t flip[] = { 0x01, 0x80, 0xff, 0x10 };
	struct shape_block b = { 0 };
	size_t refused = 0;

	(void)state;
	put_mixed(&b, 100);
	split_and_back(&b);
	for (uint32_t at = 0; at < b.head_len; at++) {
		for (size_t k = 0; k < COUNT(flip); k++) {
			struct shape_stored in = block_stored(&b);

			b.out.p[at] = (char)((uint8_t)b.out.p[at] ^ flip[k]);
			refused += read_all(&b, &in) < 0;
			b.out.p[at] = (char)((uint8_t)b.out.p[at] ^ flip[k]);
		}
	}
	/* What is let pass is a letter of a text or of a form, which has no rule. */
	assert_true(refused > b.head_len);
	block_comes_back(&b, reader);
	block_release(&b);
}

static void damage_behind_the_head(void **state)
{
	struct shape_block b = { 0 };

	(void)state;
	put_mixed(&b, 100);
	split_and_back(&b);
	for (size_t at = b.head_len; at < b.out.n; at++) {
		struct shape_stored in = block_stored(&b);
		struct err e = { 0 };

		b.out.p[at] ^= 1;
		assert_int_equal(shape_check(&in, &e), -1);
		assert_int_equal(e.code, ERR_CORRUPT);
		assert_non_null(strstr(e.msg, "crc32c mismatch"));
		assert_int_equal(read_all(&b, &in), -1);
		b.out.p[at] ^= 1;
	}
	block_comes_back(&b, reader);
	block_release(&b);
}

static void cut_short(void **state)
{
	struct shape_block b = { 0 };

	(void)state;
	put_mixed(&b, 100);
	split_and_back(&b);
	for (size_t n = 0; n < b.out.n; n++) {
		struct shape_stored in = block_stored(&b);
		struct err e = { 0 };

		in.in.n = n;
		if (n < in.head_len && n % 2)
			in.head_len = (uint32_t)n;
		assert_int_equal(shape_open(reader, &in, &e), -1);
		assert_int_equal(e.code, ERR_CORRUPT);
		assert_int_equal(shape_check(&in, &e), -1);
	}
	block_release(&b);
}

/* What the block says of itself must fit what the lines are. */
static void another_number_of_lines(void **state)
{
	struct shape_block b = { 0 };

	(void)state;
	put_mixed(&b, 100);
	split_and_back(&b);
	for (size_t n = 0; n < 100; n++) {
		struct shape_stored in = block_stored(&b);

		in.n = n;
		assert_int_equal(read_all(&b, &in), -1);
	}
	block_release(&b);
}

static void lines_of_other_lengths(void **state)
{
	struct shape_pick all = { .n = 100 };
	struct shape_block b = { 0 };
	struct err e = { 0 };
	char *to;

	(void)state;
	put_mixed(&b, 100);
	split_and_back(&b);
	to = mem_alloc(b.lines.n + NEAR_PAD);
	for (size_t i = 1; i < 100; i++) {
		uint32_t *off = (uint32_t *)(void *)b.off.p;

		off[i]--;
		assert_int_equal(shape_restore(reader, block_ts(&b), off, &all, to, &e), -1);
		assert_int_equal(e.code, ERR_CORRUPT);
		off[i]++;
	}
	free(to);
	block_release(&b);
}

static void classes_and_kinds_of_later_versions(void **state)
{
	struct shape_stored in;
	struct shape_block b = { 0 };
	struct block_head head;
	struct err e = { 0 };

	(void)state;
	put_mixed(&b, 100);
	split_and_back(&b);
	block_read_head(&b, &head);
	in = block_stored(&b);
	for (int later = 0; later < 3; later++) {
		size_t class_at = head.class_at[later], kind_at = head.kind_at[later];
		char was = b.out.p[class_at];

		b.out.p[class_at] = (char)(SHAPE_CLASSES + 50 * later);
		assert_int_equal(shape_open(reader, &in, &e), -1);
		assert_int_equal(e.code, ERR_VERSION);
		assert_non_null(strstr(e.msg, "which this program lacks"));
		b.out.p[class_at] = was;
		was = b.out.p[kind_at];
		b.out.p[kind_at] = (char)(KIND_COUNT + 50 * later);
		assert_int_equal(shape_open(reader, &in, &e), -1);
		assert_int_equal(e.code, ERR_VERSION);
		assert_int_equal(shape_check(&in, &e), -1);
		assert_int_equal(e.code, ERR_VERSION);
		b.out.p[kind_at] = was;
	}
	block_comes_back(&b, reader);
	block_release(&b);
}

/* ---- memory ---- */

/* What stands between numbers, and round all of them. */
struct bare {
	const char *between, *end, *before_each, *behind_each;
};

static const struct bare with_commas = { ",", "", "", "" };

/* A block of lines of one shape, n_slots times the number 7, in bodies of one byte. */
static void put_bare_numbers(struct shape_block *b, size_t n_slots, const struct bare *how)
{
	uint8_t no_planes = 0;
	struct buf params = { 0 };

	wr_u8(&params, 0);
	wr_u8(&params, 0);
	wr_uvarint(&params, 7);
	wr_lstr(&params, bytes_str(how->before_each));
	buf_add_str(&params, how->behind_each);

	wr_uvarint(&b->out, 1);
	wr_uvarint(&b->out, n_slots);
	for (size_t i = 0; i < n_slots; i++) {
		wr_lstr(&b->out, bytes_str(i ? how->between : ""));
		wr_u8(&b->out, SHAPE_QUOTED);
		wr_uvarint(&b->out, i);
	}
	wr_lstr(&b->out, bytes_str(how->end));
	wr_uvarint(&b->out, 0);
	wr_uvarint(&b->out, 0);
	wr_u32be(&b->out, 0);
	wr_uvarint(&b->out, n_slots);
	for (size_t i = 0; i < n_slots; i++) {
		wr_u8(&b->out, KIND_NUMBER);
		wr_lstr(&b->out, buf_bytes(&params));
		wr_uvarint(&b->out, 1);
		wr_uvarint(&b->out, 1);
		wr_u32be(&b->out, crc32c(&no_planes, 1));
	}
	b->head_len = (uint32_t)b->out.n;
	for (size_t i = 0; i < n_slots; i++)
		buf_add_char(&b->out, 0);
	buf_release(&params);
}

/* Lines have no newlines, and two values have something between them. */
static void texts_that_cannot_be(void **state)
{
	static const struct {
		struct bare how;
		const char *open, *column; /* what is said by then; NULL: all is well */
	} v[] = {
		{ { ",", "", "", "" }, NULL, NULL },
		{ { ",", ".", "<", ">" }, NULL, NULL },
		{ { "", "", "", "" }, "no text between two slots", NULL },
		{ { ",\n", "", "", "" }, "a newline in a text", NULL },
		{ { ",", "\n", "", "" }, "a newline in a text", NULL },
		{ { ",", "", "<\n", "" }, NULL, "no form of a number" },
		{ { ",", "", "", "\n" }, NULL, "no form of a number" },
	};

	(void)state;
	for (size_t k = 0; k < COUNT(v); k++) {
		struct shape_block b = { 0 };
		const struct shape_values *values;
		struct shape_stored in;
		struct err e = { 0 };

		put_bare_numbers(&b, 3, &v[k].how);
		in = block_stored(&b);
		in.n = 100;
		in.lines_len = in.n * 20;
		assert_int_equal(shape_open(reader, &in, &e), v[k].open ? -1 : 0);
		if (!v[k].open)
			assert_int_equal(shape_column(reader, 1, NULL, &values, &e),
					 v[k].column ? -1 : 0);
		if (v[k].open || v[k].column) {
			assert_int_equal(e.code, ERR_CORRUPT);
			assert_non_null(strstr(e.msg, v[k].open ? v[k].open : v[k].column));
		}
		block_release(&b);
	}
}

/* A few bytes of head may not ask for more than the lines that they are of. */
static void values_that_the_lines_have_no_room_for(void **state)
{
	struct shape_stored in;
	const uint8_t *number;
	const struct shape_values *v;
	struct err e = { 0 };

	(void)state;
	for (size_t n_slots = 1; n_slots <= 256; n_slots *= 4) {
		struct shape_block b = { 0 };
		size_t each = 2 * n_slots; /* a digit and a comma, or the newline, for each */

		put_bare_numbers(&b, n_slots, &with_commas);
		in = block_stored(&b);
		in.n = 1000000;
		in.lines_len = in.n * each;
		assert_int_equal(shape_open(reader, &in, &e), 0);
		assert_int_equal(shape_numbers(reader, &number, &e), 0);
		in.lines_len = in.n * n_slots - 1;
		assert_int_equal(shape_open(reader, &in, &e), 0);
		assert_int_equal(shape_numbers(reader, &number, &e), -1);
		assert_int_equal(e.code, ERR_CORRUPT);
		assert_non_null(strstr(e.msg, "longer than the lines"));
		block_release(&b);
	}

	/* Two columns of which each alone would fit. */
	for (size_t extra = 0; extra < 2; extra++) {
		struct shape_block b = { 0 };

		put_bare_numbers(&b, 2, &with_commas);
		in = block_stored(&b);
		in.n = 1000;
		in.lines_len = in.n * 3 + extra * in.n;
		assert_int_equal(shape_open(reader, &in, &e), 0);
		assert_int_equal(shape_column(reader, 0, NULL, &v, &e), 0);
		assert_int_equal(shape_column(reader, 1, NULL, &v, &e), extra ? 0 : -1);
		block_release(&b);
	}
}

/* A block of n lines, each of one of 256 shapes, which have a column each. */
static void put_many_shapes(struct shape_block *b, size_t n)
{
	const uint32_t crc_of_nothing = crc32c("", 0);
	char *number;

	wr_uvarint(&b->out, SHAPE_MAX);
	for (size_t k = 0; k < SHAPE_MAX; k++) {
		wr_uvarint(&b->out, 1);
		wr_lstr(&b->out, bytes_str(""));
		wr_u8(&b->out, SHAPE_LINE);
		wr_uvarint(&b->out, k);
		wr_lstr(&b->out, bytes_str(""));
	}
	number = mem_alloc(n);
	for (size_t i = 0; i < n; i++)
		number[i] = (char)(i % SHAPE_MAX);
	wr_uvarint(&b->out, n);
	wr_uvarint(&b->out, n);
	wr_u32be(&b->out, crc32c(number, n));
	wr_uvarint(&b->out, SHAPE_MAX);
	for (size_t k = 0; k < SHAPE_MAX; k++) {
		wr_u8(&b->out, KIND_SAME);
		wr_lstr(&b->out, bytes_str("x"));
		wr_uvarint(&b->out, 0);
		wr_uvarint(&b->out, 0);
		wr_u32be(&b->out, crc_of_nothing);
	}
	b->head_len = (uint32_t)b->out.n;
	buf_add(&b->out, number, n);
	free(number);
}

/* For each column that some lines lack, and each line, four bytes: so many times the bytes of the
 * lines, and so many in all. */
static void columns_that_most_lines_lack(void **state)
{
	static const struct {
		size_t n, each; /* lines, and bytes of each */
		bool fits;
	} v[] = {
		{ 1000, SHAPE_MAX / SHAPE_ROWS_PER_BYTE, true },
		{ 1000, SHAPE_MAX / SHAPE_ROWS_PER_BYTE - 1, false },
		{ SHAPE_ROWS_MAX / SHAPE_MAX, 60, true },
		{ SHAPE_ROWS_MAX / SHAPE_MAX + 1, 60, false },
	};

	(void)state;
	for (size_t k = 0; k < COUNT(v); k++) {
		struct shape_block b = { 0 };
		const uint32_t *row;
		struct shape_stored in;
		struct err e = { 0 };

		put_many_shapes(&b, v[k].n);
		in = block_stored(&b);
		in.n = v[k].n;
		in.lines_len = v[k].n * v[k].each;
		assert_int_equal(shape_open(reader, &in, &e), 0);
		assert_int_equal(shape_rows(reader, 7, &row, &e), v[k].fits ? 0 : -1);
		if (v[k].fits)
			assert_int_equal(row[SHAPE_MAX + 8], 2);
		else
			assert_non_null(strstr(e.msg, "too many columns that some lines lack"));
		block_release(&b);
	}
}

/* The head up to the columns, of a block of one shape with n_slots slots. */
static void put_one_shape(struct shape_block *b, size_t n_slots)
{
	wr_uvarint(&b->out, 1);
	wr_uvarint(&b->out, n_slots);
	for (size_t i = 0; i < n_slots; i++) {
		wr_lstr(&b->out, bytes_str(i ? "," : ""));
		wr_u8(&b->out, SHAPE_QUOTED);
		wr_uvarint(&b->out, i);
	}
	wr_lstr(&b->out, bytes_str(""));
	wr_uvarint(&b->out, 0);
	wr_uvarint(&b->out, 0);
	wr_u32be(&b->out, 0);
	wr_uvarint(&b->out, n_slots);
}

static void put_column(struct shape_block *b, enum kind_id kind, struct bytes params,
		       struct bytes body)
{
	wr_u8(&b->out, (uint8_t)kind);
	wr_lstr(&b->out, params);
	wr_uvarint(&b->out, body.n);
	wr_uvarint(&b->out, body.n);
	wr_u32be(&b->out, crc32c(body.p, body.n));
}

/* A word takes sixteen bytes, and as few as one in a body. */
static void more_words_than_values(void **state)
{
	enum { WORDS = 4000 };
	struct shape_block b = { 0 };
	struct buf params = { 0 }, list = { 0 };
	struct shape_stored in;
	struct shape_values v;
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < WORDS; i++)
		buf_add_char(&list, '\n');
	wr_uvarint(&params, WORDS);
	wr_uvarint(&params, WORDS);
	put_one_shape(&b, 2);
	put_column(&b, KIND_WORDS, buf_bytes(&params), buf_bytes(&list));
	put_column(&b, KIND_WORDS, buf_bytes(&params), buf_bytes(&list));
	b.head_len = (uint32_t)b.out.n;
	buf_add_bytes(&b.out, buf_bytes(&list));
	buf_add_bytes(&b.out, buf_bytes(&list));
	in = block_stored(&b);
	in.n = 1000;
	for (size_t more = 0; more < 2; more++) {
		in.lines_len = 2 * WORDS - 1 + more;
		assert_int_equal(shape_open(reader, &in, &e), 0);
		assert_int_equal(shape_words(reader, 0, &v, &e), 0);
		assert_int_equal(shape_words(reader, 0, &v, &e), 0); /* it counts once */
		assert_int_equal(v.n_words, WORDS);
		assert_int_equal(shape_words(reader, 1, &v, &e), more ? 0 : -1);
	}
	in.lines_len--;
	assert_int_equal(shape_open(reader, &in, &e), 0);
	assert_int_equal(shape_words(reader, 0, &v, &e), 0);
	assert_int_equal(shape_words(reader, 1, &v, &e), -1);
	assert_non_null(strstr(e.msg, "more words than the lines have values"));
	buf_release(&params);
	buf_release(&list);
	block_release(&b);
}

static size_t peak_bytes(void)
{
	struct rusage used;

	assert_int_equal(getrusage(RUSAGE_SELF, &used), 0);
	return (size_t)used.ru_maxrss * 1024;
}

/* Blocks of which each has another column that is large. */
static void what_is_kept_of_many_blocks(void **state)
{
	enum { SLOTS = 64, LARGE = 4 << 20 };
	struct shape_reader *r;
	struct buf body = { 0 };
	size_t before;

	(void)state;
	if (SANITIZED) /* what is freed stays */
		skip();
	r = shape_reader_new();
	memset(buf_reserve(&body, LARGE), 'x', LARGE);
	body.n = LARGE;
	body.p[LARGE - 1] = '\n';
	before = peak_bytes();
	for (size_t k = 0; k < SLOTS; k++) {
		struct shape_block b = { 0 };
		const struct shape_values *v;
		struct shape_stored in;
		struct err e = { 0 };

		put_one_shape(&b, SLOTS);
		for (size_t c = 0; c < SLOTS; c++)
			put_column(&b, c == k ? KIND_TEXT : KIND_SAME, bytes_of(NULL, 0),
				   c == k ? buf_bytes(&body) : bytes_of(NULL, 0));
		b.head_len = (uint32_t)b.out.n;
		buf_add_bytes(&b.out, buf_bytes(&body));
		in = block_stored(&b);
		in.n = 1;
		in.lines_len = LARGE + SLOTS;
		if (shape_open(r, &in, &e) < 0 || shape_column(r, (uint32_t)k, NULL, &v, &e) < 0)
			fail_msg("%s", e.msg);
		block_release(&b);
	}
	assert_true(peak_bytes() - before < 2 * (size_t)SHAPE_KEPT_MAX);
	buf_release(&body);
	shape_reader_free(r);
}

/* Bodies that say they are far larger than any lines could make them. */
static void bodies_larger_than_the_lines(void **state)
{
	struct shape_block b = { .id = CODEC_ZSTD };
	struct shape_stored in;
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < 1000; i++)
		block_addf(
			&b, "{\"a\":\"%.*s\",\"b\":\"%.*s\"}", (int)(i % 250),
			"........................................................................"
			"........................................................................"
			"........................................................................"
			"..............................................",
			(int)(i % 60),
			",,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,");
	split_and_back(&b);
	in = block_stored(&b);
	assert_true(b.out.n < 10000);
	in.lines_len = 1000; /* of empty lines */
	assert_int_equal(shape_open(reader, &in, &e), -1);
	assert_int_equal(e.code, ERR_CORRUPT);
	assert_non_null(strstr(e.msg, "bad length of a column"));
	block_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(damage_in_the_head),
		cmocka_unit_test(damage_behind_the_head),
		cmocka_unit_test(cut_short),
		cmocka_unit_test(another_number_of_lines),
		cmocka_unit_test(lines_of_other_lengths),
		cmocka_unit_test(classes_and_kinds_of_later_versions),
		cmocka_unit_test(texts_that_cannot_be),
		cmocka_unit_test(values_that_the_lines_have_no_room_for),
		cmocka_unit_test(columns_that_most_lines_lack),
		cmocka_unit_test(more_words_than_values),
		cmocka_unit_test(what_is_kept_of_many_blocks),
		cmocka_unit_test(bodies_larger_than_the_lines),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, start, stop);
}
