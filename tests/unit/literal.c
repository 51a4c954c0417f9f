/* The text that a regex cannot do without, and those that are nothing else. */
#include "unit.h"

#include "regex/regex.h"

enum { PLAIN = 0, FOLD = 1 };

static struct regex *line_regex(const char *pattern)
{
	struct err e = { 0 };
	struct regex *r = regex_new(bytes_str(pattern), REGEX_LINE, &e);

	if (!r)
		fail_msg("%s", e.msg);
	return r;
}

static void check(const char *pattern, const char *text, int fold)
{
	struct regex *r = line_regex(pattern);
	struct bytes found;
	bool is_fold;

	found = regex_literal(r, &is_fold);
	if (!bytes_is(found, text))
		fail_msg("'%s': expected '%s', found '%.*s'", pattern, text, BYTES_ARG(found));
	if (found.n)
		assert_int_equal(is_fold, fold);
	regex_free(r);
}

static void longest(void **state)
{
	(void)state;
	check("timeout", "timeout", PLAIN);
	check("^GET /api/.* 500$", "GET /api/", PLAIN);
	check("a+bcd", "bcd", PLAIN);
	check("abc*de", "ab", PLAIN);
	check("abc?defg", "defg", PLAIN);
	check("ab{0,2}cd", "cd", PLAIN);
	check("x(?:ab){3}y", "xabababy", PLAIN);
	check("(?:abc)+x", "abc", PLAIN);
	check("ab\\d+xyz", "xyz", PLAIN);
	check("[abc]x[]]yz", "x]yz", PLAIN);
	check("(?:foo|bar)baz", "baz", PLAIN);
	check("(foo)?baz", "baz", PLAIN);
	check("x(a(b)c)long", "xabclong", PLAIN);
	check("foo\\b bar", "foo bar", PLAIN);
	check("über?mut", "übe", PLAIN);
	check("(?i)Timeout \\d+", "timeout ", FOLD);
	check("(?i)disk \\d+", "di", FOLD); /* s and k have a third form in Unicode */
	check("\\d(?i:ab)CD", "abcd", FOLD);
	check("[Ee]rror \\d", "error ", FOLD);
}

static void none(void **state)
{
	(void)state;
	check("", "", PLAIN);
	check("foo|ba?r", "", PLAIN);
	check("a*", "", PLAIN);
	check("\\pL", "", PLAIN);
	check("\\x{fffd}+", "", PLAIN); /* that is any byte that is no UTF-8 */
	check("(?:abc){0}", "", PLAIN);
}

/* expected: the texts, each with a | behind it */
static void check_texts(const char *pattern, const char *expected, int fold)
{
	struct regex *r = line_regex(pattern);
	struct bytes v[3];
	struct buf all = { 0 };
	bool is_fold;
	size_t n = regex_texts(r, v, 3, &is_fold);

	for (size_t i = 0; i < n; i++)
		buf_addf(&all, "%.*s|", BYTES_ARG(v[i]));
	if (!bytes_is(buf_bytes(&all), expected))
		fail_msg("'%s': expected '%s', found '%s'", pattern, expected, buf_str(&all));
	if (n)
		assert_int_equal(is_fold, fold);
	buf_release(&all);
	regex_free(r);
}

static void nothing_but_texts(void **state)
{
	(void)state;
	check_texts("timeout", "timeout|", PLAIN);
	check_texts("a\\.b\\[c", "a.b[c|", PLAIN);
	check_texts("(?i)Timeout", "timeout|", FOLD);
	check_texts("(?i)basic", "basic|",
		    FOLD); /* (?i)s is only s and S there: regex.h, REGEX_LINE */
	check_texts("foo|(bar)|.*baz.*", "foo|bar|baz|", PLAIN);
	check_texts("(?i)a|b", "a|b|", FOLD);
	check_texts("\\x{fffd}", "\xef\xbf\xbd|", PLAIN);
}

static void something_else(void **state)
{
	(void)state;
	check_texts("a|b|c|d", "", PLAIN); /* more than were asked for */
	check_texts("a|(?i)b", "", PLAIN);
	check_texts("(?i)disk", "", PLAIN); /* U+212A is a k inside of a text */
	check_texts("^a", "", PLAIN);
	check_texts("a|", "", PLAIN);
	check_texts("a\\d", "", PLAIN);
	check_texts("(?i)ab(?-i:c)", "", PLAIN);
	check_texts(".*", "", PLAIN);
	check_texts("", "", PLAIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(longest),
		cmocka_unit_test(none),
		cmocka_unit_test(nothing_but_texts),
		cmocka_unit_test(something_else),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
