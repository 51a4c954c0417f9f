/* regex: anchoring, odd bytes, limits. */
#include "unit.h"

#include "regex/regex.h"

static int match(const char *pattern, enum regex_how anchor, const char *text)
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
	assert_int_equal(match("a.b", REGEX_WHOLE, "a\nb"), 0);
	assert_int_equal(match("a|b", REGEX_WHOLE, "ab"), 0);
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

/* Only in PCRE2's own language: RE2's has a matcher that cannot blow up. */
static void a_match_that_blows_up_is_given_up(void **state)
{
	static const char pattern[] = "(([abc])+)+\\z";
	struct regex *re2, *pcre;
	struct err e = { 0 };
	char text[5000];

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = "abc"[i % 3];
	text[sizeof(text) - 1] = '!';
	re2 = regex_new(bytes_str(pattern), REGEX_UNANCHORED, &e);
	pcre = regex_new(bytes_str(pattern), REGEX_UNANCHORED | REGEX_PCRE, &e);
	assert_int_equal(regex_match(re2, bytes_of(text, sizeof(text)), NULL, &e), 0);
	assert_int_equal(regex_match(pcre, bytes_of(text, sizeof(text)), NULL, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	assert_non_null(strstr(e.msg, "match given up"));
	regex_free(re2);
	regex_free(pcre);
}

static void pcre_has_lookaround_and_backreferences(void **state)
{
	struct err e;
	struct regex *r = regex_new(BYTES_LIT("(?<w>\\w)\\1(?!x)"), REGEX_PCRE, &e);
	struct bytes g[2];

	(void)state;
	assert_int_equal(regex_match_groups(r, BYTES_LIT("aax \xff bb"), g, 1, &e), 1);
	assert_true(bytes_is(g[0], "bb"));
	assert_true(bytes_is(g[1], "b"));
	assert_int_equal(regex_n_groups(r), 1);
	assert_true(bytes_is(regex_group_name(r, 1), "w"));
	regex_free(r);
	assert_null(regex_new(BYTES_LIT("(a"), REGEX_PCRE, &e));
	assert_int_equal(e.code, ERR_QUERY);
	assert_string_equal(e.msg,
			    "error parsing regexp: missing closing parenthesis at byte 2: `(a`");
}

static void a_match_may_begin_behind_the_begin(void **state)
{
	struct err e;
	struct regex *r = regex_new(BYTES_LIT("\\b(.)"), REGEX_UNANCHORED, &e);
	struct bytes g[2];

	(void)state;
	assert_int_equal(regex_match_from(r,
					  BYTES_LIT("\xff"
						    "ab cd"),
					  2, g, 1, &e),
			 1);
	assert_true(bytes_is(g[1], " "));
	regex_free(r);
	r = regex_new(BYTES_LIT("^a|(a*)*b"), REGEX_UNANCHORED, &e);
	assert_int_equal(regex_match_from(r, BYTES_LIT("aaab"), 1, g, 0, &e), 1);
	assert_true(bytes_is(g[0], "aab"));
	regex_free(r);
	r = regex_new(BYTES_LIT("^a"), REGEX_UNANCHORED, &e);
	assert_int_equal(regex_match_from(r, BYTES_LIT("aa"), 1, g, 0, &e), 0);
	regex_free(r);
}

static void facts(void **state)
{
	struct regex_facts f;
	struct err e;

	(void)state;
	assert_int_equal(regex_check(BYTES_LIT("(a)|(b)?"), 0, &f, &e), 0);
	assert_true(f.matches_empty);
	assert_int_equal(f.n_groups, 2);
	assert_int_equal(regex_check(BYTES_LIT("a*b{0}^$\\B"), 0, &f, &e), 0);
	assert_true(f.matches_empty);
	assert_int_equal(regex_check(BYTES_LIT("a*\\b"), 0, &f, &e), 0);
	assert_false(f.matches_empty);
	assert_int_equal(regex_check(BYTES_LIT("(?=a)?"), 0, &f, &e), -1);
	assert_int_equal(regex_check(BYTES_LIT("(?=a)|"), REGEX_PCRE, &f, &e), 0);
	assert_true(f.matches_empty);
	assert_int_equal(regex_check(BYTES_LIT("("), REGEX_PCRE, &f, &e), -1);
}

static bool finds(const char *pattern, const char *text)
{
	struct err e;
	struct regex *r = regex_new(bytes_str(pattern), REGEX_UNANCHORED, &e);
	int found = regex_match(r, bytes_str(text), NULL, &e);

	regex_free(r);
	return found == 1;
}

static void what_is_no_blank_may_be_beyond_ascii(void **state)
{
	(void)state;
	assert_true(finds("b/\\S+ HTTP", "/a%20b/ü HTTP"));
	assert_true(finds("/\\D$", "/ü"));
	assert_true(finds("/\\W$", "/ü"));
	assert_false(finds("a\\Sb", "a b"));
	assert_false(finds("a\\Db", "a1b"));
	assert_false(finds("a\\Wb", "a_b"));
	/* In a class, behind an escape and between \Q and \E they stay what they are. */
	assert_true(finds("^[\\S]$", "ü"));
	assert_true(finds("^[]\\S]$", "]"));
	assert_true(finds("^[[:digit:]\\S]$", "ü"));
	assert_true(finds("^\\\\S$", "\\S"));
	assert_true(finds("^\\Q\\S\\E$", "\\S"));
}

static void groups(void **state)
{
	struct err e;
	struct regex *r = regex_new(bytes_str("(?P<a>x+)(y)?(?P<b>z*)"), REGEX_UNANCHORED, &e);
	struct bytes g[4];

	(void)state;
	assert_int_equal(regex_n_groups(r), 3);
	assert_true(bytes_is(regex_group_name(r, 1), "a"));
	assert_int_equal(regex_group_name(r, 2).n, 0);
	assert_true(bytes_is(regex_group_name(r, 3), "b"));
	assert_int_equal(regex_match_groups(r, BYTES_LIT("..xxzz"), g, 3, &e), 1);
	assert_true(bytes_is(g[0], "xxzz"));
	assert_true(bytes_is(g[1], "xx"));
	assert_null(g[2].p);
	assert_true(bytes_is(g[3], "zz"));
	assert_int_equal(regex_match_groups(r, BYTES_LIT("none"), g, 3, &e), 0);
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
		cmocka_unit_test(pcre_has_lookaround_and_backreferences),
		cmocka_unit_test(a_match_may_begin_behind_the_begin),
		cmocka_unit_test(facts),
		cmocka_unit_test(what_is_no_blank_may_be_beyond_ascii),
		cmocka_unit_test(groups),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
