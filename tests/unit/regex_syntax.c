/* regex: what is refused, in Go's words; and Go's quirks of what is taken. */
#include "unit.h"

#include "base/unicode.h"
#include "base/utf8.h"
#include "regex/regex.h"
#include "regex/runes.h"
#include "regex/tree.h"

static void refused_with_gos_words(void **state)
{
	static const struct {
		const char *pattern, *what;
	} cases[] = {
		{ "(", "missing closing ): `(`" },
		{ "a(?:b", "missing closing ): `a(?:b`" },
		{ "a)", "unexpected ): `a)`" },
		{ "[z", "missing closing ]: `[z`" },
		{ "[]", "missing closing ]: `[]`" },
		{ "[a-", "missing closing ]: `[a-`" },
		{ "[z-a]", "invalid character class range: `z-a`" },
		{ "[[:foo:]]", "invalid character class range: `[:foo:]`" },
		{ "\\p{Foo}", "invalid character class range: `\\p{Foo}`" },
		{ "\\pX", "invalid character class range: `\\pX`" },
		{ "\\p{greek}", "invalid character class range: `\\p{greek}`" },
		{ "\\p{Gre", "invalid character class range: `\\p{Gre`" },
		{ "*a", "missing argument to repetition operator: `*`" },
		{ "a|+?", "missing argument to repetition operator: `+?`" },
		{ "(?i)*", "missing argument to repetition operator: `*`" },
		{ "a**", "invalid nested repetition operator: `**`" },
		{ "a*??+", "invalid nested repetition operator: `*??`" },
		{ "a{2}{3}", "invalid nested repetition operator: `{2}{3}`" },
		{ "a{2,1}", "invalid repeat count: `{2,1}`" },
		{ "a{1001}", "invalid repeat count: `{1001}`" },
		{ "a{99999999999}", "invalid repeat count: `{99999999999}`" },
		{ "(?:a{500}){3}", "invalid repeat count: `{3}`" },
		{ "\\", "trailing backslash at end of expression: ``" },
		{ "\\1", "invalid escape sequence: `\\1`" },
		{ "(a)\\8", "invalid escape sequence: `\\8`" },
		{ "\\C", "invalid escape sequence: `\\C`" },
		{ "\\Z", "invalid escape sequence: `\\Z`" },
		{ "\\G", "invalid escape sequence: `\\G`" },
		{ "\\x", "invalid escape sequence: `\\x`" },
		{ "\\x{110000}", "invalid escape sequence: `\\x{110000`" },
		{ "\\x{}", "invalid escape sequence: `\\x{}`" },
		{ "[\\h]", "invalid escape sequence: `\\h`" },
		{ "(?=a)", "invalid or unsupported Perl syntax: `(?=`" },
		{ "(?!x)", "invalid or unsupported Perl syntax: `(?!`" },
		{ "(?>a)", "invalid or unsupported Perl syntax: `(?>`" },
		{ "(?P=n)", "invalid or unsupported Perl syntax: `(?P`" },
		{ "(?#c)", "invalid or unsupported Perl syntax: `(?#`" },
		{ "(?i-)", "invalid or unsupported Perl syntax: `(?i-)`" },
		{ "(?i", "invalid or unsupported Perl syntax: `(?i`" },
		{ "(?<=a)b", "invalid named capture: `(?<=a)b`" },
		{ "(?P<n", "invalid named capture: `(?P<n`" },
		{ "(?P<n n>a)", "invalid named capture: `(?P<n n>`" },
		{ "(?<>a)", "invalid named capture: `(?<>`" },
		{ "a\xff", "invalid UTF-8: `\xff`" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf text = { 0 };
		struct regex *r;
		struct err e;

		r = regex_new(bytes_str(cases[i].pattern), REGEX_UNANCHORED, &e);
		if (r)
			fail_msg("'%s' is taken", cases[i].pattern);
		buf_addf(&text, "error parsing regexp: %s", cases[i].what);
		assert_int_equal(e.code, ERR_QUERY);
		assert_string_equal(e.msg, buf_str(&text));
		buf_release(&text);
	}
}

static void taken(void **state)
{
	static const char *const patterns[] = {
		"a{",
		"a{,2}",
		"a{01}",
		"a{1",
		"{",
		"a]",
		"[]a]",
		"[^]a]",
		"[a-]",
		"[-a]",
		"\\_",
		"\\Qa*+(",
		"(?i)",
		"a(?i)*",
		"(?i-s:a)",
		"(?P<a>x)(?P<a>y)",
		"^*",
		"(|a)*",
		"\\pL",
		"\\p{^Greek}",
		"[\\pN\\d]",
		"[[:^word:]]",
		"a??",
		"(?U)a+?",
		"a{1000}",
		"\\x{10FFFF}\\x41",
		"\\0\\07\\123",
		"[[:alpha]",
		"\\*",
		"(?:)*",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		struct err e;
		struct regex *r = regex_new(bytes_str(patterns[i]), REGEX_UNANCHORED, &e);

		if (!r)
			fail_msg("'%s': %s", patterns[i], e.msg);
		regex_free(r);
	}
}

static void repeated(struct buf *b, const char *text, int n)
{
	for (int i = 0; i < n; i++)
		buf_add_str(b, text);
}

static bool is_taken(const struct buf *pattern, struct err *e)
{
	struct regex_facts facts;

	return regex_check(buf_bytes(pattern), REGEX_UNANCHORED, &facts, e) == 0;
}

static void depth_and_size_have_limits(void **state)
{
	struct buf b = { 0 };
	struct err e;

	(void)state;
	repeated(&b, "(", TREE_HEIGHT_MAX - 1);
	buf_add_char(&b, 'a');
	repeated(&b, ")", TREE_HEIGHT_MAX - 1);
	assert_true(is_taken(&b, &e));
	buf_reset(&b);
	repeated(&b, "(", TREE_HEIGHT_MAX);
	buf_add_char(&b, 'a');
	repeated(&b, ")", TREE_HEIGHT_MAX);
	assert_false(is_taken(&b, &e));
	assert_non_null(strstr(e.msg, "expression nests too deeply"));
	buf_reset(&b);
	/* Groups that capture nothing are no depth. */
	repeated(&b, "(?:a", 5000);
	repeated(&b, ")", 5000);
	assert_true(is_taken(&b, &e));
	buf_reset(&b);
	buf_add_str(&b, "(?:");
	repeated(&b, "abcdefgh", 100);
	buf_add_str(&b, "){1000}");
	assert_false(is_taken(&b, &e));
	assert_non_null(strstr(e.msg, "expression too large"));
	buf_release(&b);
}

/* Characters that are asked about one ring at a time, as a pattern's are, and a text of many. */
static void lower_case_is_that_of_the_category(void **state)
{
	struct runes all = { 0 }, few = { 0 }, many = { 0 };
	struct buf text = { 0 };

	(void)state;
	assert_int_equal(runes_add_named(&all, BYTES_LIT("Ll"), NULL), 0);
	runes_clean(&all);
	for (uint32_t c = unicode_next_cased(0); c != UINT32_MAX; c = unicode_next_cased(c + 1)) {
		struct buf one = { 0 };

		utf8_add(&one, c);
		utf8_add(&text, c);
		runes_add_lower(&few, buf_bytes(&one));
		buf_release(&one);
	}
	runes_clean(&few);
	runes_add_lower(&many, buf_bytes(&text));
	runes_clean(&many);
	assert_true(few.n > 100);
	for (uint32_t c = unicode_next_cased(0); c != UINT32_MAX; c = unicode_next_cased(c + 1))
		if (runes_has(&few, c) != runes_has(&all, c) ||
		    runes_has(&many, c) != runes_has(&all, c))
			fail_msg("U+%04X", (unsigned)c);
	buf_release(&text);
	runes_release(&all);
	runes_release(&few);
	runes_release(&many);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refused_with_gos_words),
		cmocka_unit_test(taken),
		cmocka_unit_test(depth_and_size_have_limits),
		cmocka_unit_test(lower_case_is_that_of_the_category),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
