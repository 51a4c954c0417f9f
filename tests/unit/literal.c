/* The text that a regex cannot do without. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "query/literal.h"

enum { PLAIN = 1, FOLD = 2 };

static void check(const char *pattern, const char *text, int how)
{
	struct buf b = { 0 };
	bool whole, fold;

	literal_of_regex(bytes_str(pattern), &b, &whole, &fold);
	if (!bytes_is(buf_bytes(&b), text))
		fail_msg("'%s': expected '%s', found '%s'", pattern, text, buf_str(&b));
	if (b.n) {
		assert_int_equal(whole, (how & PLAIN) != 0);
		assert_int_equal(fold, (how & FOLD) != 0);
	}
	buf_release(&b);
}

static void literals(void **state)
{
	(void)state;
	check("timeout", "timeout", PLAIN);
	check("a\\.b\\[c", "a.b[c", PLAIN);
	check("(?i)Timeout", "timeout", PLAIN | FOLD);
	check("(?i)disk", "", 0); /* k has a third form in Unicode */
	check("", "", 0);
}

static void longest(void **state)
{
	(void)state;
	check("^GET /api/.* 500$", "GET /api/", 0);
	check("a+bcd", "bcd", 0);
	check("abc*de", "ab", 0);
	check("abc?defg", "defg", 0);
	check("ab{0,2}cd", "cd", 0);
	check("ab\\d+xyz", "xyz", 0);
	check("[abc]x[]]yz", "yz", 0);
	check("(?:foo|bar)baz", "baz", 0);
	check("(foo)?baz", "baz", 0);
	check("x(a(b)c)long", "long", 0);
	check("über?mut", "übe", 0);
}

static void none(void **state)
{
	(void)state;
	check("foo|bar", "", 0);
	check("x(?i)foo", "", 0);
	check("a*", "", 0);
	check("\\pL", "", 0);
	check("\\Qa.b\\E", "", 0);
	check("[a", "", 0);
	check("(a", "", 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(literals),
		cmocka_unit_test(longest),
		cmocka_unit_test(none),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
