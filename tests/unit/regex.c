/* regex: anchoring, odd bytes, limits. */
#include "unit.h"

#include "regex/regex.h"

static int match(const char *pattern, enum regex_anchor anchor, const char *text)
{
	struct err e = { 0 };
	struct regex *r = regex_new(bytes_str(pattern), anchor, &e);
	int rc;

	if (!r)
		fail_msg("%s", e.msg);
	rc = regex_match(r, bytes_str(text), NULL, &e);
	regex_free(r);
	return rc;
}

static void anchored_means_the_whole_text(void **state)
{
	(void)state;
	assert_int_equal(match("a|b", REGEX_ANCHORED, "a"), 1);
	assert_int_equal(match("a|b", REGEX_ANCHORED, "ab"), 0);
	assert_int_equal(match("a.b", REGEX_ANCHORED, "a\nb"), 1); /* as Loki's label matchers */
	assert_int_equal(match("b", REGEX_UNANCHORED, "abc"), 1);
	assert_int_equal(match("a.c", REGEX_UNANCHORED, "a\nc"), 0);
	assert_int_equal(match("c$", REGEX_UNANCHORED, "c\n"), 0);
	assert_int_equal(match("", REGEX_UNANCHORED, ""), 1);
}

static void bytes_that_are_not_utf8_do_not_stop_it(void **state)
{
	(void)state;
	assert_int_equal(match("needle", REGEX_UNANCHORED, "\xff\xfe needle \xff"), 1);
}

static void it_tells_where(void **state)
{
	struct err e;
	struct regex *r = regex_new(bytes_str("b+"), REGEX_UNANCHORED, &e);
	size_t at[2];

	(void)state;
	assert_int_equal(regex_match(r, bytes_str("aabbbc"), at, &e), 1);
	assert_int_equal(at[0], 2);
	assert_int_equal(at[1], 5);
	assert_bytes(regex_pattern(r), "b+");
	regex_free(r);
}

static void bad_patterns_are_refused(void **state)
{
	static char longest[(64 << 10) + 1];
	struct err e;

	(void)state;
	assert_null(regex_new(bytes_str("a("), REGEX_UNANCHORED, &e));
	assert_int_equal(e.code, ERR_QUERY);
	memset(longest, 'a', sizeof(longest));
	assert_null(regex_new(bytes_of(longest, sizeof(longest)), REGEX_UNANCHORED, &e));
	assert_int_equal(e.code, ERR_LIMIT);
}

static void a_match_that_blows_up_is_given_up(void **state)
{
	struct err e = { 0 };
	struct regex *r = regex_new(bytes_str("(a+)+(b+)+(c+)+$"), REGEX_UNANCHORED, &e);
	char text[5000];

	(void)state;
	memset(text, 'a', sizeof(text));
	assert_int_equal(regex_match(r, bytes_of(text, sizeof(text)), NULL, &e),
			 0); /* needs a b: seen at once */
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = "abc"[i % 3];
	text[sizeof(text) - 1] = '!';
	regex_free(r);
	r = regex_new(bytes_str("(([abc])+)+\\z"), REGEX_UNANCHORED, &e);
	assert_int_equal(regex_match(r, bytes_of(text, sizeof(text)), NULL, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	regex_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(anchored_means_the_whole_text),
		cmocka_unit_test(bytes_that_are_not_utf8_do_not_stop_it),
		cmocka_unit_test(it_tells_where),
		cmocka_unit_test(bad_patterns_are_refused),
		cmocka_unit_test(a_match_that_blows_up_is_given_up),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
