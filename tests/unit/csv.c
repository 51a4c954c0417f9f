/* Comma separated values: rows, quotes, pieces, faults. */
#include "unit.h"

#include "csv/csv.h"

/* All rows of text, which comes in pieces of so many bytes: fields in brackets, a row a line; or
 * the error. */
static void print_rows(struct buf *out, const char *text, size_t piece)
{
	const size_t n = strlen(text);
	struct csv_row row = { 0 };
	struct err e = { 0 };
	size_t from = 0, to = 0;
	int rc;

	buf_reset(out);
	do {
		to = to + piece < n ? to + piece : n;
		for (;;) {
			struct bytes rest = bytes_of(text + from, to - from);

			rc = csv_next(&rest, to < n ? CSV_MORE : CSV_ALL, &row, &e);
			from = to - rest.n;
			if (rc <= 0)
				break;
			buf_addf(out, "%llu:", (unsigned long long)row.line);
			for (size_t i = 0; i < row.n; i++)
				buf_addf(out, "[%.*s]", BYTES_ARG(row.field[i]));
			buf_add_char(out, '\n');
		}
	} while (rc == 0 && to < n);
	if (rc < 0)
		buf_add_str(out, e.msg);
	else
		assert_int_equal(from, n);
	csv_row_release(&row);
}

static void rows_are_taken(void **unused)
{
	static const struct {
		const char *text, *rows;
	} cases[] = {
		{ "", "" },
		{ "a,b\n1,2\n", "1:[a][b]\n2:[1][2]\n" },
		{ "a,b\r\n1,2", "1:[a][b]\n2:[1][2]\n" },
		{ "\xef\xbb\xbf"
		  "a,\n",
		  "1:[a][]\n" },
		{ ",\n", "1:[][]\n" },
		{ "\n\r\na\n\n\nb\n\r", "3:[a]\n6:[b]\n" },
		{ "\"a,b\",\"c\"\"d\",\"\"\n", "1:[a,b][c\"d][]\n" },
		{ "\"two\nlines\",x\nnext,y\n", "1:[two\nlines][x]\n3:[next][y]\n" },
		{ "\"\"\"\"\"\",\"a\"\"\",\"\"\"b\"", "1:[\"\"][a\"][\"b]\n" },
		{ "a\rb,c\r\n", "1:[a\rb][c]\n" },
		{ "a,\"b\"", "1:[a][b]\n" },
		{ "a\r", "1:[a]\n" },
		{ "x\n\"a", "1:[x]\nline 2: field 1: its quote is not closed" },
		{ "x,\"a\"b\n", "line 1: field 2: text behind its closing quote" },
		{ "x,y,a\"b\n", "line 1: field 3: a quote inside it, and none at its start" },
	};
	struct buf b = { 0 };

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (size_t piece = 1; piece < 30; piece++) {
			print_rows(&b, cases[i].text, piece);
			assert_string_equal(buf_str(&b), cases[i].rows);
		}
	buf_release(&b);
}

static void rows_have_a_bound(void **unused)
{
	struct csv_row row = { 0 };
	struct buf b = { 0 };
	struct bytes rest;
	struct err e;

	(void)unused;
	for (int i = 1; i < CSV_FIELDS_MAX; i++)
		buf_add_char(&b, ',');
	rest = buf_bytes(&b);
	assert_int_equal(csv_next(&rest, CSV_ALL, &row, &e), 1);
	assert_int_equal(row.n, CSV_FIELDS_MAX);
	buf_add_char(&b, ',');
	rest = buf_bytes(&b);
	assert_int_equal(csv_next(&rest, CSV_ALL, &row, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	assert_string_equal(e.msg, "line 2: more than 4096 fields");
	csv_row_release(&row);
	buf_release(&b);
}

static void what_is_written_reads_back(void **unused)
{
	static const char letters[] = "ab,\"\n\r ";
	uint64_t seed = env_number("SEED", 1);
	struct csv_row row = { 0 };
	struct buf b = { 0 };

	(void)unused;
	for (int i = 0; i < 10000; i++) {
		char text[3][8];
		size_t n[3];
		struct bytes rest;
		struct err e;

		buf_reset(&b);
		for (int f = 0; f < 3; f++) {
			n[f] = rnd_below(&seed, sizeof(text[f]));
			for (size_t k = 0; k < n[f]; k++)
				text[f][k] = letters[rnd_below(&seed, sizeof(letters) - 1)];
			if (f > 0)
				buf_add_char(&b, ',');
			csv_add(&b, bytes_of(text[f], n[f]));
		}
		buf_add_char(&b, '\n');
		rest = buf_bytes(&b);
		assert_int_equal(csv_next(&rest, CSV_MORE, &row, &e), 1);
		assert_int_equal(rest.n, 0);
		assert_int_equal(row.n, 3);
		for (int f = 0; f < 3; f++)
			assert_true(bytes_eq(row.field[f], bytes_of(text[f], n[f])));
	}
	csv_row_release(&row);
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_taken),
		cmocka_unit_test(rows_have_a_bound),
		cmocka_unit_test(what_is_written_reads_back),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
