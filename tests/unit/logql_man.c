/*
 * Each query that logql(7) shows parses. Every line of a literal block there is one, but for blocks
 * that begin with a comment; such a block holds messages.
 */
#include "unit.h"

#include "base/io.h"
#include "logql/parse.h"

enum { PAGE_MAX = 1 << 20 };

/* What mdoc makes of a literal line. */
static void unescape(struct bytes line, struct buf *out)
{
	buf_reset(out);
	for (size_t i = 0; i < line.n; i++) {
		struct bytes rest = bytes_sub(line, i, line.n);

		if (bytes_starts(rest, BYTES_LIT("\\e"))) {
			buf_add_char(out, '\\');
			i++;
		} else if (bytes_starts(rest, BYTES_LIT("\\&"))) {
			i++;
		} else {
			buf_add_char(out, line.p[i]);
		}
	}
}

static void check_query(struct bytes line, size_t number)
{
	struct logql_opts opts = { .flags = LOGQL_ALLOW_VARIANTS };
	struct buf text = { 0 };
	struct logql_query q;
	struct err e;

	unescape(line, &text);
	if (logql_parse(buf_bytes(&text), &opts, &q, NULL, &e) < 0)
		fail_msg("man/logql.7:%zu: %s: %s", number, buf_str(&text), e.msg);
	logql_query_release(&q);
	buf_release(&text);
}

static void test_examples(void **state)
{
	struct buf page = { 0 };
	struct bytes rest, line;
	size_t n = 0, number = 0;
	bool literal = false;
	struct err e;

	(void)state;
	if (io_read_file("man/logql.7", PAGE_MAX, &page, &e) < 0)
		fail_msg("%s", e.msg);
	rest = buf_bytes(&page);
	while (bytes_split(&rest, '\n', &line)) {
		number++;
		if (bytes_starts(line, BYTES_LIT(".Bd -literal"))) {
			literal = true;
		} else if (line.n > 0 && line.p[0] == '.') {
			literal = false;
		} else if (literal) {
			check_query(line, number);
			n++;
		}
	}
	assert_true(n > 60);
	buf_release(&page);
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(test_examples) };

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
