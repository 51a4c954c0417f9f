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
	struct bytes v[REGEX_NEEDED_MAX] = { 0 }, found;
	bool is_fold;
	size_t n = regex_needed(r, v, &is_fold);

	found = n > 1 ? BYTES_LIT("several") : v[0];
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

/* Each text with a | behind it. */
static void check_needed(const char *pattern, const char *expected, int fold)
{
	struct regex *r = line_regex(pattern);
	struct bytes v[REGEX_NEEDED_MAX];
	struct buf all = { 0 };
	bool is_fold;
	size_t n = regex_needed(r, v, &is_fold);

	for (size_t i = 0; i < n; i++)
		buf_addf(&all, "%.*s|", BYTES_ARG(v[i]));
	if (!bytes_is(buf_bytes(&all), expected))
		fail_msg("'%s': expected '%s', found '%s'", pattern, expected, buf_str(&all));
	if (n)
		assert_int_equal(is_fold, fold);
	buf_release(&all);
	regex_free(r);
}

static void one_of_several(void **state)
{
	(void)state;
	check_needed("(timed|reset) (out|by peer)", "timed|reset|", PLAIN);
	check_needed("[0-9](ab|cd)[0-9](efg|hij)?", "ab|cd|", PLAIN);
	check_needed("(ab|cd)x(efg|hijk)", "efg|hijk|", PLAIN);
	check_needed("(ab|c.*def) [0-9]", "ab|def|", PLAIN);
	check_needed("((?i)Out|Over) [0-9]", "out|over|", FOLD);
	check_needed("(Out|(?i:Over)) [0-9]", "out|over|", FOLD);
	check_needed("(refused|failed) because", " because|", PLAIN);
	check_needed("x(ab|c)[0-9]", "x|", PLAIN); /* one of them is too short */
	check_needed("(ab|)[0-9]", "", PLAIN);
	check_needed("(aa|bb|cc|dd|ee|ff|gg|hh)1", "aa|bb|cc|dd|ee|ff|gg|hh|", PLAIN);
	check_needed("(aa|bb|cc|dd|ee|ff|gg|hh|ii)1", "1|", PLAIN);
}

/* Each with a / behind it, or a ~ where case is ignored. */
static void check_required(const char *pattern, enum regex_letters letters, const char *expected)
{
	struct regex_required v[REGEX_REQUIRED_MAX];
	struct regex *r = line_regex(pattern);
	struct buf all = { 0 };
	size_t n = regex_required(r, letters, v);

	for (size_t i = 0; i < n; i++)
		buf_addf(&all, "%.*s%c", BYTES_ARG(v[i].text), v[i].fold ? '~' : '/');
	if (!bytes_is(buf_bytes(&all), expected))
		fail_msg("'%s': expected '%s', found '%s'", pattern, expected, buf_str(&all));
	buf_release(&all);
	regex_free(r);
}

static void all_that_every_match_holds(void **state)
{
	(void)state;
	check_required("timeout.*reset", REGEX_LETTERS_OF_ALL, "timeout/reset/");
	check_required("(?i)Timeout.*refused", REGEX_LETTERS_OF_ALL, "timeout~refused~");
	check_required("(?i)Timeout.*refused", REGEX_LETTERS_OF_ASCII, "timeout~refu~");
	check_required("(?i)kisk", REGEX_LETTERS_OF_ALL, "kisk~");
	check_required("(?i)kiss\\d", REGEX_LETTERS_OF_ASCII, "");
	check_required("(?i:Time)Out[0-9]+Exact", REGEX_LETTERS_OF_ALL, "timeout~Exact/");
	check_required("abcd+efgh*ijkl?mnop", REGEX_LETTERS_OF_ALL, "abcd/mnop/");
	check_required("(abcd)(?P<x>.)(efgh)", REGEX_LETTERS_OF_ALL, "abcd/efgh/");
	check_required("abcd(efgh|ijkl)mnop", REGEX_LETTERS_OF_ALL, "abcd/mnop/");
	check_required("abcd.*(efgh)?.*mnop", REGEX_LETTERS_OF_ALL, "abcd/mnop/");
	check_required("(?:abcd.*){0}mnop", REGEX_LETTERS_OF_ALL, "mnop/");
	check_required("(?:abcd.){2}", REGEX_LETTERS_OF_ALL, "abcd/abcd/");
	check_required("(?:ab.*cdef)+ghij", REGEX_LETTERS_OF_ALL, "cdef/ghij/");
	check_required("abcd|abcd.*efgh", REGEX_LETTERS_OF_ALL, "");
	check_required("^abcd$|efgh", REGEX_LETTERS_OF_ALL, "");
	check_required("^ab\\bcd.*abc$", REGEX_LETTERS_OF_ALL, "abcd/");
	check_required("a1bc.b2cd.c3de.d4ef.e5fg.f6gh.g7hi.h8ij.i9jk", REGEX_LETTERS_OF_ALL,
		       "a1bc/b2cd/c3de/d4ef/e5fg/f6gh/g7hi/h8ij/");
}

static void check_begin(const char *pattern, bool begins)
{
	struct regex *r = line_regex(pattern);

	if (regex_begins_with_needed(r) != begins)
		fail_msg("'%s'", pattern);
	regex_free(r);
}

static void where_a_match_begins(void **state)
{
	(void)state;
	check_begin("status.:[45]", true);
	check_begin("^GET .*", true);
	check_begin("(?i)error \\d", true);
	check_begin("(?:abc)+x", true);
	check_begin("a+bcd", false);
	check_begin("x?abc", false);
	check_begin(".*abc[0-9]", false);
	check_begin("(ab|cd)[0-9]", false);
	check_begin("[0-9]abc", false);
}

static void check_match(const char *pattern, const char *text, int expected)
{
	struct regex *r = line_regex(pattern);

	if (regex_match(r, bytes_str(text), NULL, NULL) != expected)
		fail_msg("'%s' on '%s'", pattern, text);
	regex_free(r);
}

static void pieces_in_their_order(void **state)
{
	(void)state;
	check_match("error.*timeout", "an error, then a timeout", 1);
	check_match("error.*timeout", "a timeout, then an error", 0);
	check_match("error.*timeout", "error\ntimeout", 0);
	check_match("error.*timeout", "error\nerror timeout", 1);
	check_match("error.*timeout", "error timeout\nx", 1);
	check_match("(?s)error.*timeout", "error\ntimeout", 1);
	check_match("aba.*ab", "abab", 0);
	check_match("aba.*ab", "ababab", 1);
	check_match("(?i)(err).*OUT.*", "an Error, then a timeout", 1);
	check_match("a.*b.*c", "cba", 0);
	check_match("a.*b.*c",
		    "a\xff"
		    "b\xe2\x82"
		    "c",
		    1);
	check_match("a.*?b.*c$", "abcd", 0);
}

/* expected: the texts, each with a | behind it */
static void check_texts(const char *pattern, const char *expected, int fold)
{
	struct regex *r = line_regex(pattern);
	struct regex_text v[3];
	struct buf all = { 0 };
	bool is_fold;
	size_t n = regex_texts(r, v, 3, &is_fold);

	for (size_t i = 0; i < n; i++)
		buf_addf(&all, "%.*s|", BYTES_ARG(v[i].text));
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

/* expected: the texts, each with a | behind it, and a * where .* stands around it */
static void check_whole(const char *pattern, const char *expected)
{
	struct err e;
	struct regex *r = regex_new(bytes_str(pattern), REGEX_WHOLE, &e);
	struct regex_text v[3];
	struct buf all = { 0 };
	bool fold;
	size_t n;

	assert_non_null(r);
	n = regex_texts(r, v, 3, &fold);
	for (size_t i = 0; i < n; i++)
		buf_addf(&all, "%.*s%s|", BYTES_ARG(v[i].text), v[i].around ? "*" : "");
	if (!bytes_is(buf_bytes(&all), expected))
		fail_msg("'%s': expected '%s', found '%s'", pattern, expected, buf_str(&all));
	buf_release(&all);
	regex_free(r);
}

static void texts_of_whole_values(void **state)
{
	(void)state;
	check_whole("us.*", "us*|");
	check_whole(".*us", "us*|");
	check_whole(".*us.*|eu", "us*|eu|");
	check_whole("(us.*)|eu", "us*|eu|");
	check_whole("10\\.1.*", "10.1*|");
	check_whole("(us).*", "us*|");
	check_whole("(?i)err.*", "err*|");
	check_whole("(?i)us.*", ""); /* U+017F is an s of either case */
	check_whole("u(s).*", "");
	check_whole("u{2}.*", "");
	check_whole("u.*s", "");
	check_whole("us.+", "");
	check_whole("us|", "");
	check_whole(".*", "");
	check_whole("", "");
	check_whole("2..", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(longest),
		cmocka_unit_test(none),
		cmocka_unit_test(one_of_several),
		cmocka_unit_test(all_that_every_match_holds),
		cmocka_unit_test(where_a_match_begins),
		cmocka_unit_test(pieces_in_their_order),
		cmocka_unit_test(nothing_but_texts),
		cmocka_unit_test(something_else),
		cmocka_unit_test(texts_of_whole_values),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
