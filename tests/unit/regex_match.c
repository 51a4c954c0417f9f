/*
 * regex: what matches, by tables, by comparing PCRE2 with the machine of linear time on random
 * patterns, and how that machine's work grows. REGEX_SEED repeats a run.
 */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/find.h"
#include "base/num.h"
#include "regex/prog.h"
#include "regex/regex.h"

struct row {
	const char *pattern, *text;
	const char *expected; /* begin,end of the match and of each group; ? for one that took no
				 part; "" for no match */
};

static void add_places(struct buf *b, const size_t *at, size_t n)
{
	buf_reset(b);
	for (size_t i = 0; i < n; i += 2) {
		if (at[i] == VM_NOWHERE)
			buf_add_str(b, i ? " ?" : "?");
		else
			buf_addf(b, "%s%zu,%zu", i ? " " : "", at[i], at[i + 1]);
	}
}

static void check_row(const struct row *row)
{
	struct bytes text = bytes_str(row->text), g[16];
	struct buf by_regex = { 0 }, by_vm = { 0 };
	struct prog prog = { 0 };
	struct vm vm = { 0 };
	struct regex *r;
	struct tree t;
	struct err e;
	size_t at[32], n;

	r = regex_new(bytes_str(row->pattern), REGEX_UNANCHORED, &e);
	if (!r || tree_parse(&t, bytes_str(row->pattern), 0, &e) < 0)
		fail_msg("'%s': %s", row->pattern, e.msg);
	prog_make(&prog, &t);
	n = 2 * (regex_n_groups(r) + 1);
	if (vm_run(&vm, &prog, text, 0, at, n))
		add_places(&by_vm, at, n);
	if (regex_match_groups(r, text, g, n / 2 - 1, &e) == 1) {
		for (size_t i = 0; i < n; i++)
			at[i] = !g[i / 2].p
					? VM_NOWHERE
					: (size_t)(g[i / 2].p - text.p) + (i % 2 ? g[i / 2].n : 0);
		add_places(&by_regex, at, n);
	}
	if (!bytes_is(buf_bytes(&by_vm), row->expected) ||
	    !bytes_is(buf_bytes(&by_regex), row->expected))
		fail_msg("'%s' on '%s': expected '%s', PCRE2 '%s', VM '%s'", row->pattern,
			 row->text, row->expected, buf_str(&by_regex), buf_str(&by_vm));
	assert_int_equal(regex_match(r, text, NULL, &e), row->expected[0] != 0);
	buf_release(&by_regex);
	buf_release(&by_vm);
	vm_release(&vm);
	tree_release(&t);
	regex_free(r);
}

static void leftmost_first(void **state)
{
	static const struct row rows[] = {
		{ "a|ab", "xab", "1,2" },
		{ "(a+)(b)?|x", "aab", "0,3 0,2 2,3" },
		{ "(a+)(b)?|x", "x", "0,1 ? ?" },
		{ "a*?", "aa", "0,0" },
		{ "(?U)a+", "aa", "0,1" },
		{ "(?U)a+?", "aa", "0,2" },
		{ "a{2,3}", "aaaa", "0,3" },
		{ "a{2,3}?", "aaaa", "0,2" },
		{ "a{,2}", "aa{,2}", "1,6" },
		{ "(a|b)*", "ab", "0,2 1,2" },
		{ "(?:(a)|b)*", "ab", "0,2 0,1" },
		{ "(a)|b", "b", "0,1 ?" },
		{ "(a){0}b", "ab", "1,2 ?" },
		/* A loop is not begun again without a character: other than in Perl. */
		{ "(a*)+", "aab", "0,2 0,2" },
		{ "(a*)*", "b", "0,0 0,0" },
		{ "(|a)*", "aa", "0,0 0,0" },
		{ "(|a)+", "aa", "0,0 0,0" },
		{ "(a|b*)*c", "abbc", "0,4 1,3" },
		{ "", "a", "0,0" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_row(&rows[i]);
}

static void places_and_sets(void **state)
{
	static const struct row rows[] = {
		{ "c$", "c\n", "" },
		{ "(?m)c$", "c\nd", "0,1" },
		{ "(?m)^", "", "0,0" },
		{ "(?m)^$", "a\n", "2,2" },
		{ "a.b", "a\nb", "" },
		{ "(?s)a.b", "a\nb", "0,3" },
		{ "[^a]", "\n", "0,1" },
		{ "\\s", "\v", "" },
		{ "[[:space:]]", "\v", "0,1" },
		{ "\\bfoo\\b", "a foo.", "2,5" },
		{ "\\b\xc3\xbc", "\xc3\xbc", "" }, /* \b is ASCII's */
		{ "\\B", "", "0,0" },
		{ "\\w", "\xc3\xbc", "" },
		{ "(?i)\\w", "\xc5\xbf", "0,2" },  /* U+017F is an s */
		{ "(?i)\\W", "\xe2\x84\xaa", "" }, /* U+212A is a k */
		{ "(?i)[a-k]", "\xe2\x84\xaa", "0,3" },
		{ "(?i)[^k]", "\xe2\x84\xaa", "" },
		{ "(?i)STRA\xc3\x9f"
		  "E",
		  "\xc5\xbftra\xe1\xba\x9e"
		  "e",
		  "0,9" },
		{ "(?i)\xce\xa3", "\xcf\x82", "0,2" }, /* the sigma of ends of words */
		{ "(?i)i", "\xc4\xb0", "" },
		{ "a(?i)b|c", "C", "0,1" },
		{ "(?i:a)b", "Ab", "0,2" },
		{ "(?i:a)b", "AB", "" },
		{ "\\pN+",
		  "a\xc2\xb2"
		  "1",
		  "1,4" },
		{ "\\p{Greek}", "a\xce\xb1", "1,3" },
		{ "\\P{Greek}",
		  "\xce\xb1"
		  "a",
		  "2,3" },
		{ "\\p{^Greek}",
		  "\xce\xb1"
		  "a",
		  "2,3" },
		{ "\\Qa.b\\E+", "a.bb", "0,4" },
		{ "\\x{1F600}\\x41\\101",
		  "\xf0\x9f\x98\x80"
		  "AA",
		  "0,6" },
		{ "[]a]+", "]a", "0,2" },
		{ "[a\\-z]+", "-", "0,1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_row(&rows[i]);
}

static void bytes_that_are_no_utf8_are_replacement_characters(void **state)
{
	static const struct row rows[] = {
		{ "\\x{fffd}{2}", "a\xff\xfe", "1,3" },
		{ "a.b",
		  "a\xff"
		  "b",
		  "0,3" },
		{ "a.b",
		  "a\xe2\x82"
		  "b",
		  "" }, /* each byte is one */
		{ "a..b",
		  "a\xe2\x82"
		  "b",
		  "0,4" },
		{ "(\\W)(b)",
		  "\xff\xc3\xbc\xff"
		  "b",
		  "3,5 3,4 4,5" },
		{ "\\bb",
		  "\xff"
		  "b",
		  "1,2" },
		{ "[^a]+$", "a\xff\xff", "1,3" },
		{ "\xc3\xbf", "\xff", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_row(&rows[i]);
}

static uint64_t random_state;

static unsigned below(unsigned n)
{
	random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407U;
	return (unsigned)(random_state >> 33) % n;
}

static void add_pattern(struct buf *b, int depth)
{
	static const char *const atoms[] = {
		"a",	  "b",	    "c",      "[ab]",	"[^a]",	    ".",
		"\\w",	  "\\W",    "\\d",    "^",	"$",	    "\\b",
		"\\B",	  "(?i:K)", "\\pL",   "ab",	"\xc3\xbc", "[[:^alpha:]]",
		"(?m:^)", "(?m:$)", "",	      "\\s",	"(?s:.)",   "\\x{fffd}",
		".*",	  "ab.*c",  "b.*?ab", "(?i:ab)"
	};
	static const char *const repeats[] = { "*",  "+",   "?",     "*?",    "+?",
					       "??", "{2}", "{1,3}", "{0,2}?" };
	unsigned kind = depth > 3 ? 0 : below(10);
	unsigned n;

	if (kind < 4) {
		buf_add_str(b, atoms[below(sizeof(atoms) / sizeof(atoms[0]))]);
	} else if (kind < 6) {
		for (n = 2 + below(2); n > 0; n--)
			add_pattern(b, depth + 1);
	} else {
		buf_add_str(b, kind < 8 ? "(" : "(?:");
		add_pattern(b, depth + 1);
		for (n = kind % 2 ? 1 + below(2) : 0; n > 0; n--) {
			buf_add_char(b, '|');
			add_pattern(b, depth + 1);
		}
		buf_add_char(b, ')');
		if (below(2))
			buf_add_str(b, repeats[below(sizeof(repeats) / sizeof(repeats[0]))]);
	}
}

static void add_text(struct buf *b)
{
	static const char *const pieces[] = {
		"a",	    "b", "c",  "ab", "A",    "k",	 "\xe2\x84\xaa",
		"\xc3\xbc", " ", "\n", "1",  "\xff", "\xe2\x82", "aaaa"
	};

	for (unsigned n = below(below(20) ? 12 : 400); n > 0; n--)
		buf_add_str(b, pieces[below(sizeof(pieces) / sizeof(pieces[0]))]);
}

/* What is searched for before a regex is asked: a match has one of these texts, and may begin where
 * that is found first. */
static bool holds_needed(const struct regex *r, struct bytes text, bool matches)
{
	struct bytes v[REGEX_NEEDED_MAX];
	bool fold, any;
	size_t n = regex_needed(r, v, &fold);
	int64_t at = FIND_NONE;

	any = n == 0;
	for (size_t i = 0; i < n; i++) {
		struct find f;

		if (fold)
			find_init_fold(&f, v[i]);
		else
			find_init(&f, v[i]);
		at = find_next(&f, text, 0);
		any = any || at >= 0;
	}
	if (!any || !regex_begins_with_needed(r))
		return any || !matches;
	return regex_match_behind(r, text, (size_t)at, NULL) == matches;
}

/* The VM and regex_match give the same; returns false when the pattern is refused. */
static bool same_by_both(struct vm *vm, struct bytes pattern, const struct buf *texts,
			 size_t n_texts)
{
	struct regex *r = regex_new(pattern, REGEX_UNANCHORED, NULL);
	struct prog prog;
	struct tree t;
	size_t n, a[2 * 64], b[2];

	if (!r)
		return false;
	assert_int_equal(tree_parse(&t, pattern, 0, NULL), 0);
	prog_make(&prog, &t);
	n = t.n_groups + 1;
	for (size_t i = 0; i < n_texts && n <= 64; i++) {
		struct bytes text = buf_bytes(&texts[i]), g[64];
		int found = vm_run(vm, &prog, text, 0, a, 2 * n);
		bool same = found == regex_match(r, text, NULL, NULL) &&
			    found == regex_match(r, text, b, NULL) &&
			    found == regex_match_groups(r, text, g, n - 1, NULL) &&
			    holds_needed(r, text, found);

		same = same && (!found || (a[0] == b[0] && a[1] == b[1]));
		for (size_t k = 0; k < n && found && same; k++)
			same = a[2 * k] == VM_NOWHERE
				       ? !g[k].p
				       : g[k].p == (text.p ? text.p : "") + a[2 * k] &&
						 g[k].n == a[2 * k + 1] - a[2 * k];
		if (!same)
			fail_msg("'%.*s' on '%.*s'", BYTES_ARG(pattern), BYTES_ARG(text));
	}
	tree_release(&t);
	regex_free(r);
	return true;
}

static void random_patterns_match_the_same_by_both(void **state)
{
	enum { PATTERNS = 4000, TEXTS = 4 };
	const char *seed = getenv("REGEX_SEED");
	struct buf pattern = { 0 }, texts[TEXTS] = { 0 };
	struct vm vm = { 0 };
	int done = 0;

	(void)state;
	random_state = 20261121;
	if (seed)
		assert_true(num_u64(bytes_str(seed), &random_state));
	printf("# REGEX_SEED=%llu\n", (unsigned long long)random_state);
	while (done < PATTERNS) {
		buf_reset(&pattern);
		add_pattern(&pattern, 0);
		for (int i = 0; i < TEXTS; i++) {
			buf_reset(&texts[i]);
			add_text(&texts[i]);
			buf_str(&texts[i]);
		}
		done += same_by_both(&vm, buf_bytes(&pattern), texts, TEXTS);
	}
	for (int i = 0; i < TEXTS; i++)
		buf_release(&texts[i]);
	buf_release(&pattern);
	vm_release(&vm);
}

static uint64_t steps(const char *pattern, size_t n)
{
	struct buf text = { 0 };
	struct prog prog;
	struct vm vm = { 0 };
	struct tree t;
	struct regex *r;
	size_t at[2];
	uint64_t ret;

	for (size_t i = 0; i < n; i++)
		buf_add_char(&text, 'a');
	assert_int_equal(tree_parse(&t, bytes_str(pattern), 0, NULL), 0);
	prog_make(&prog, &t);
	assert_false(vm_run(&vm, &prog, buf_bytes(&text), 0, at, 2));
	/* The same answer from the regex, which a mere backtracker would not give in a lifetime. */
	r = regex_new(bytes_str(pattern), REGEX_UNANCHORED, NULL);
	assert_int_equal(regex_match(r, buf_bytes(&text), at, NULL), 0);
	ret = vm.steps;
	regex_free(r);
	vm_release(&vm);
	tree_release(&t);
	buf_release(&text);
	return ret;
}

static void twice_the_text_is_twice_the_work(void **state)
{
	static const char *const patterns[] = {
		"(a*)*b",	    "(a|aa)+c$",	 "(.*)(.*)(.*)x",
		"(?:a?){30}a{30}x", "(x+x+)+y|(a+a+)+y", "a*a*a*a*[bc]",
		"(?:(?:a|aa)*)*b"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		uint64_t once = steps(patterns[i], 20000), twice = steps(patterns[i], 40000);

		if (twice > once * 201 / 100)
			fail_msg("'%s': %llu steps, then %llu", patterns[i],
				 (unsigned long long)once, (unsigned long long)twice);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leftmost_first),
		cmocka_unit_test(places_and_sets),
		cmocka_unit_test(bytes_that_are_no_utf8_are_replacement_characters),
		cmocka_unit_test(random_patterns_match_the_same_by_both),
		cmocka_unit_test(twice_the_text_is_twice_the_work),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
