/* The prompt without its terminal: when a statement is complete, what Tab offers, the history's
 * file, the mark under an error. */
#include "unit.h"

#include <fcntl.h>
#include <locale.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "prompt/complete.h"
#include "prompt/history.h"
#include "prompt/mark.h"
#include "prompt/statement.h"
#include "prompt/width.h"

static const struct logql_opts opts = { .flags = LOGQL_ANY_SELECTOR };

/* --- statements ------------------------------------------------------------------------------ */

static void test_statements(void **state)
{
	static const struct {
		const char *lines[5];
		enum statement_state last;
		const char *text;
	} rows[] = {
		{ { "{a=\"b\"}" }, STATEMENT_QUERY, "{a=\"b\"}" },
		{ { "" }, STATEMENT_NONE, "" },
		{ { " \t" }, STATEMENT_NONE, "" },
		{ { ";" }, STATEMENT_NONE, "" },
		{ { "# c", "" }, STATEMENT_NONE, NULL },
		{ { "# c ;" }, STATEMENT_BEGUN, "# c ;" },
		{ { "# c", "{}" }, STATEMENT_QUERY, "# c\n{}" },
		{ { "{} |", "json" }, STATEMENT_QUERY, "{} |\njson" },
		{ { "{} | json | a", "" }, STATEMENT_QUERY, "{} | json | a" },
		{ { "{} | json | a;" }, STATEMENT_QUERY, "{} | json | a" },
		{ { "{}; " }, STATEMENT_QUERY, "{}" },
		{ { "{} |= \";" }, STATEMENT_QUERY, "{} |= \";" },
		{ { "{} |= `;" }, STATEMENT_BEGUN, "{} |= `;" },
		{ { "{} |= `;", "a`;" }, STATEMENT_QUERY, "{} |= `;\na`" },
		{ { "{} |= `", "" }, STATEMENT_QUERY, "{} |= `" },
		{ { "sum by (a)", "(", "rate({}[1m])", ")" },
		  STATEMENT_QUERY,
		  "sum by (a)\n(\nrate({}[1m])\n)" },
		{ { "{a=\"x{(\"}" }, STATEMENT_QUERY, "{a=\"x{(\"}" },
		{ { "{a=\"\\\"\"," }, STATEMENT_BEGUN, "{a=\"\\\"\"," },
		{ { "1 + /* ;", "*/ 2" }, STATEMENT_QUERY, "1 + /* ;\n*/ 2" },
		{ { "  \\labels " }, STATEMENT_COMMAND, "\\labels" },
		{ { "\\explain {" }, STATEMENT_COMMAND, "\\explain {" },
		{ { "{", "\\q" }, STATEMENT_QUERY, "{\n\\q" },
		{ { "no query" }, STATEMENT_QUERY, "no query" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct statement s = { 0 };
		enum statement_state got = STATEMENT_NONE;

		for (size_t k = 0; k < 5 && rows[i].lines[k]; k++) {
			if (k && got != STATEMENT_BEGUN)
				fail_msg("row %zu is done before its line %zu", i, k);
			got = statement_add(&s, bytes_str(rows[i].lines[k]), &opts);
		}
		if (got != rows[i].last ||
		    (rows[i].text && strcmp(buf_str(&s.text), rows[i].text) != 0))
			fail_msg("row %zu: state %d, text '%s'", i, got, buf_str(&s.text));
		statement_release(&s);
	}
}

static void test_end_of_a_script(void **state)
{
	struct statement s = { 0 };

	(void)state;
	assert_int_equal(statement_add(&s, BYTES_LIT("{} |"), &opts), STATEMENT_BEGUN);
	assert_int_equal(statement_end(&s), STATEMENT_QUERY);
	buf_reset(&s.text);
	assert_int_equal(statement_end(&s), STATEMENT_NONE);
	assert_int_equal(statement_add(&s, BYTES_LIT("// none"), &opts), STATEMENT_BEGUN);
	assert_int_equal(statement_end(&s), STATEMENT_NONE);
	statement_release(&s);
}

/* --- completion ------------------------------------------------------------------------------ */

/* What the store was asked last; its names are these, its values those. */
struct asked {
	char name[64], selector[64];
	struct bytes *values;
	size_t n_values;
};

static size_t fetch(void *data, struct bytes name, struct bytes selector, const struct bytes **ret)
{
	static struct bytes names[] = {
		{ "app", 3 }, { "apple", 5 }, { "bad-name", 8 }, { "host", 4 }
	};
	struct asked *a = data;

	snprintf(a->name, sizeof(a->name), "%.*s", BYTES_ARG(name));
	snprintf(a->selector, sizeof(a->selector), "%.*s", BYTES_ARG(selector));
	*ret = name.n ? a->values : names;
	return name.n ? a->n_values : 4;
}

/* All that is offered, between blanks, then = and what is typed. */
static const char *offer(struct asked *a, const char *text)
{
	static char ret[2048];
	struct completions c = { 0 };
	struct buf b = { 0 }, typed = { 0 };

	a->name[0] = a->selector[0] = '\0';
	complete_query(&c, bytes_str(text), fetch, a);
	for (size_t i = 0; i < c.n; i++)
		buf_addf(&b, "%.*s ", BYTES_ARG(c.v[i].shown));
	completions_common(&c, &typed);
	snprintf(ret, sizeof(ret), "%s= %s", buf_str(&b), buf_str(&typed));
	completions_release(&c);
	buf_release(&b);
	buf_release(&typed);
	return ret;
}

struct offered {
	const char *text, *offer;
};

static void check_offers(const struct offered *rows, size_t n, struct asked *a)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(offer(a, rows[i].text), rows[i].offer) != 0)
			fail_msg("%s: offers '%s'", rows[i].text, offer(a, rows[i].text));
}

static void test_names(void **state)
{
	static const struct offered rows[] = {
		{ "{", "app apple host = " },
		{ "{ap", "app apple = p" },
		{ "{app", "app apple = " },
		{ "{h", "host = ost=\"" },
		{ "{app=\"x\", h", "host = ost=\"" },
		{ "{app", "app apple = " },
		{ "{app ", "= " },
		{ "{app=\"x\" ", "= " },
		{ "sum by (", "app apple host = " },
		{ "sum by (app, h", "host = ost" },
		{ "sum by (app) (rate({h", "host = ost=\"" },
		{ "sum(rate({a=\"b\"}[1m])) without (h", "host = ost" },
		{ "1 / on (h", "host = ost" },
		{ "{} | json | h", "host = ost" },
		{ "{} | json | app=\"x\" and h", "host = ost" },
		{ "{} | json | app=\"x\" or (h", "host = ost" },
		{ "{} | json | app=\"x\", h", "host = ost" },
		{ "{} | drop h", "host = ost" },
		{ "{} | keep app, h", "host = ost" },
		{ "{} | label_format x=h", "host = ost" },
		{ "{} |= h", "= " },
		{ "{} |= \"x\" or h", "= " },
		{ "{} |= \"h", "= " },
		{ "{h} h", "= " },
		{ "{} | unwrap h", "host = ost" },
		{ "{} | unwrap d", "duration duration_seconds = uration" },
		{ "{} | unwrap b", "bytes = ytes(" },
	};
	struct asked a = { 0 };

	(void)state;
	check_offers(rows, sizeof(rows) / sizeof(*rows), &a);
}

static void test_words(void **state)
{
	static const struct offered rows[] = {
		{ "count", "count count_over_time = " },
		{ "qu", "quantile_over_time = antile_over_time(" },
		{ "sum(cou", "count count_over_time = nt" },
		{ "sum by (app) (topk", "topk = (" },
		{ "1 + qu", "quantile_over_time = antile_over_time(" },
		{ "rate({}[1m]) > bool qu", "quantile_over_time = antile_over_time(" },
		{ "sum ", "by without = " },
		{ "sum b", "by = y (" },
		{ "sum(rate({}[1m])) w", "without = ithout (" },
		{ "{} | json | line", "line_format = _format " },
		{ "{} | j", "json = son " },
		{ "{} |= \"x\" | dec", "decolorize = olorize " },
		{ "count_over_time({} | un", "unpack unwrap = " },
		{ "{} | x", "= " },
		{ "{}[", "= " },
		{ "foo bar", "= " },
		{ "{} | app=", "= " }, /* of which no value is known */
	};
	struct asked a = { 0 };

	(void)state;
	check_offers(rows, sizeof(rows) / sizeof(*rows), &a);
	assert_non_null(strstr(offer(&a, ""), "sum "));
	assert_non_null(strstr(offer(&a, ""), " { ="));
	assert_non_null(strstr(offer(&a, "{} | "), "logfmt "));
	assert_non_null(strstr(offer(&a, "{} | "), "host "));
}

static void test_values(void **state)
{
	static struct bytes values[] = { BYTES_LIT("a.b"),	 BYTES_LIT("a`c"),
					 BYTES_LIT("b\"q"),	 BYTES_LIT("g\xc3\xa4"),
					 BYTES_LIT("g\xc3\xb6"), BYTES_LIT("t\x1b[31m") };
	static const struct offered rows[] = {
		{ "{app=\"a", "a.b a`c = " },
		{ "{app=\"a.", "a.b = b\"" },
		{ "{app=", "a.b a`c b\"q g\xc3\xa4 g\xc3\xb6 t\\x1b[31m = \"" },
		{ "{app=~\"a", "a.b a`c = " },
		{ "{app=~\"a\\\\", "a.b = .b\"" }, /* a dot is to be a dot */
		{ "{app=~\"x|a\\\\", "a.b = .b\"" },
		{ "{app=~`a", "a.b = \\.b`" }, /* the other cannot be written so */
		{ "{app=~`x|a\\", "a.b = .b`" },
		{ "{app=\"b", "b\"q = \\\"q\"" },
		{ "{app=\"g", "g\xc3\xa4 g\xc3\xb6 = " }, /* no half of a character */
		{ "{app=\"t", "t\\x1b[31m = \\x1b[31m\"" },
		{ "{app!=\"b", "b\"q = \\\"q\"" },
		{ "{} | json | app=\"b", "b\"q = \\\"q\"" },
		{ "{} | drop app=\"b", "b\"q = \\\"q\"" },
		{ "{} |= \"b", "= " },
		{ "{app=\"\nb", "= " },
		{ "{app=\"x\" \"b", "= " },
	};
	struct asked a = { .values = values, .n_values = sizeof(values) / sizeof(*values) };

	(void)state;
	check_offers(rows, sizeof(rows) / sizeof(*rows), &a);
}

static void test_only_of_the_streams_that_fit(void **state)
{
	struct asked a = { 0 };

	(void)state;
	offer(&a, "{a=\"b\", c=~\"d\", app=\"");
	assert_string_equal(a.name, "app");
	assert_string_equal(a.selector, "a=\"b\", c=~\"d\"");
	offer(&a, "{a=\"b\"} | json | ");
	assert_string_equal(a.selector, "a=\"b\"");
	offer(&a, "{");
	assert_string_equal(a.selector, "");
}

static void test_many_are_shown_in_part(void **state)
{
	struct completions c = { 0 };
	struct buf b = { 0 };
	char word[32];
	size_t n_lines = 0;

	(void)state;
	for (int i = 0; i < 10000; i++) {
		snprintf(word, sizeof(word), "value-%05d", i);
		completions_add(&c, bytes_str(word), "");
	}
	completions_show(&c, 40, 10, &b);
	for (size_t i = 0, col = 0; i < b.n; i++) {
		col = b.p[i] == '\n' ? 0 : col + 1;
		n_lines += b.p[i] == '\n';
		assert_true(col < 40);
	}
	assert_int_equal(n_lines, 8);
	assert_non_null(strstr(buf_str(&b), "... and 9979 more\n"));
	buf_reset(&b);
	completions_show(&c, 5, 2, &b);
	assert_string_equal(buf_str(&b), "valu\n... and 9999 more\n");
	completions_release(&c);
	buf_release(&b);
}

/* --- history --------------------------------------------------------------------------------- */

static void collect(void *data, const char *text)
{
	struct buf *b = data;

	buf_addf(b, "[%s]", text);
}

static void test_history(void **state)
{
	char dir[] = "/tmp/lokid-prompt.XXXXXX";
	struct buf path = { 0 }, got = { 0 };
	struct stat st;
	struct err e;

	(void)state;
	assert_non_null(mkdtemp(dir));
	setenv("XDG_STATE_HOME", dir, 1);
	assert_true(history_path(&path));
	assert_int_equal(history_load(buf_str(&path), collect, &got, &e), 0);
	assert_int_equal(got.n, 0);
	assert_int_equal(history_add(buf_str(&path), BYTES_LIT("{} |\n \\x\\n"), &e), 0);
	assert_int_equal(history_add(buf_str(&path), BYTES_LIT("\\q"), &e), 0);
	assert_int_equal(stat(buf_str(&path), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(history_load(buf_str(&path), collect, &got, &e), 0);
	assert_string_equal(buf_str(&got), "[{} |\n \\x\\n][\\q]");

	for (int i = 0; i < 2 * HISTORY_MAX; i++)
		assert_int_equal(history_add(buf_str(&path), BYTES_LIT("more"), &e), 0);
	assert_int_equal(history_add(buf_str(&path), BYTES_LIT("last"), &e), 0);
	buf_reset(&got);
	assert_int_equal(history_load(buf_str(&path), collect, &got, &e), 0);
	assert_int_equal(got.n, (size_t)HISTORY_MAX * 6); /* [more] and [last] */
	assert_int_equal(stat(buf_str(&path), &st), 0);
	assert_int_equal(st.st_size, HISTORY_MAX * 5); /* it was cut */
	assert_int_equal(st.st_mode & 0777, 0600);

	assert_int_equal(unlink(buf_str(&path)), 0);
	assert_int_equal(mkdir(buf_str(&path), 0700), 0);
	assert_int_equal(history_load(buf_str(&path), collect, &got, &e), -1);
	assert_int_equal(history_add(buf_str(&path), BYTES_LIT("x"), &e), -1);
	assert_int_equal(e.code, ERR_IO);
	assert_int_equal(rmdir(buf_str(&path)), 0);
	*strrchr(path.p, '/') = '\0';
	assert_int_equal(rmdir(path.p), 0);
	assert_int_equal(rmdir(dir), 0);

	buf_reset(&path);
	setenv("XDG_STATE_HOME", "relative", 1);
	setenv("HOME", "/home/x", 1);
	assert_true(history_path(&path));
	assert_string_equal(buf_str(&path), "/home/x/.local/state/lokid/logql_history");
	unsetenv("HOME");
	assert_false(history_path(&path));
	buf_release(&path);
	buf_release(&got);
}

/* --- what is shown --------------------------------------------------------------------------- */

static void test_mark(void **state)
{
	static const struct {
		const char *text;
		uint32_t off;
		unsigned cols;
		const char *shown;
	} rows[] = {
		{ "{} foo", 3, 80, "  {} foo\n     ^\n" },
		{ "{} |\n\t| x\nz", 6, 80, "   | x\n   ^\n" },
		{ "{}", 2, 80, "  {}\n    ^\n" },
		{ "", 0, 80, "  \n  ^\n" },
		{ "{} |= \"\xc3\xa4\xc3\xb6\" x", 13, 80,
		  "  {} |= \"\xc3\xa4\xc3\xb6\" x\n             ^\n" },
		{ "0123456789012345678901234567890123456789x5", 40, 20,
		  "  90123456789x5\n             ^\n" },
		{ "01234567890123456789", 2, 15, "  012345678901\n    ^\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct logql_pos pos = { rows[i].off, 1, 1 };
		struct buf b = { 0 };

		mark_add(&b, bytes_str(rows[i].text), &pos, rows[i].cols);
		if (strcmp(buf_str(&b), rows[i].shown) != 0)
			fail_msg("row %zu:\n%s", i, buf_str(&b));
		buf_release(&b);
	}
}

static void test_width(void **state)
{
	(void)state;
	assert_int_equal(width_of(BYTES_LIT("abc"), 0), 3);
	assert_int_equal(width_of(BYTES_LIT("\x1b[1;31mabc\x1b[0m"), 0), 3);
	assert_int_equal(width_of(BYTES_LIT("\tx"), 0), 9);
	assert_int_equal(width_of(BYTES_LIT("\tx"), 6), 3);
	assert_int_equal(width_of(BYTES_LIT("\xc3\xa4"), 0), 1);
	assert_int_equal(width_of(BYTES_LIT("\xe6\x97\xa5"), 0), 2); /* a wide one */
	assert_int_equal(width_of(BYTES_LIT("\xff"), 0), 1);
	assert_int_equal(width_fit(BYTES_LIT("\xc3\xa4\xc3\xb6x"), 2), 4);
	assert_int_equal(width_fit(BYTES_LIT("\xe6\x97\xa5"), 1), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_statements),
		cmocka_unit_test(test_end_of_a_script),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_only_of_the_streams_that_fit),
		cmocka_unit_test(test_many_are_shown_in_part),
		cmocka_unit_test(test_history),
		cmocka_unit_test(test_mark),
		cmocka_unit_test(test_width),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
