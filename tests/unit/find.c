/* Searching: the same answer as a plain loop gives, at every offset and length. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/find.h"

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static int64_t plain(struct bytes needle, struct bytes hay, size_t from, bool fold)
{
	for (size_t i = from; i + needle.n <= hay.n; i++) {
		size_t k = 0;

		while (k < needle.n && (fold ? lower(hay.p[i + k]) : hay.p[i + k]) == needle.p[k])
			k++;
		if (k == needle.n)
			return (int64_t)i;
	}
	return FIND_NONE;
}

static void check(struct bytes needle, struct bytes hay, bool fold)
{
	struct find f;

	if (fold)
		find_init_fold(&f, needle);
	else
		find_init(&f, needle);
	for (size_t from = 0; from <= hay.n + 1; from++)
		assert_int_equal(find_next(&f, hay, from), plain(needle, hay, from, fold));
}

static void every_place(void **state)
{
	static const char needle[] = "k7-q";
	char hay[300];

	(void)state;
	for (size_t n = 1; n < sizeof(needle); n++) {
		for (size_t at = 0; at + n <= 200; at += 7) {
			memset(hay, 'e', sizeof(hay));
			memcpy(hay + at, needle, n);
			/* Behind the text stands the needle too: it must not be seen. */
			memcpy(hay + 200, needle, n);
			check(bytes_of(needle, n), bytes_of(hay, 200), false);
		}
	}
}

static void nearly(void **state)
{
	static const char text[] =
		"ababababcababababdabababababababababababababababababababababababababababababx";

	(void)state;
	check(BYTES_LIT("ababx"), BYTES_LIT(text), false);
	check(BYTES_LIT("ababd"), BYTES_LIT(text), false);
	check(BYTES_LIT("ababe"), BYTES_LIT(text), false);
	check(BYTES_LIT("aa"), BYTES_LIT(text), false);
}

static void folded(void **state)
{
	static const char text[] = "An ERROR is no eRRor@ERROR` error[]{} and ERRO";

	(void)state;
	check(BYTES_LIT("error"), BYTES_LIT(text), true);
	check(BYTES_LIT("error@"), BYTES_LIT(text), true);
	check(BYTES_LIT("error`"), BYTES_LIT(text), true);
	check(BYTES_LIT("r["), BYTES_LIT(text), true);
	check(BYTES_LIT("{}"), BYTES_LIT(text), true);
}

static void ends(void **state)
{
	(void)state;
	check(BYTES_LIT(""), BYTES_LIT("ab"), false);
	check(BYTES_LIT("abc"), BYTES_LIT("ab"), false);
	check(BYTES_LIT("ab"), BYTES_LIT("ab"), false);
	check(BYTES_LIT("a"), (struct bytes){ 0 }, false);
}

static void random_texts(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		char hay[200], needle[6];
		size_t n = (seed >> 8) % sizeof(hay), k = 1 + (seed >> 4) % sizeof(needle);

		for (size_t i = 0; i < sizeof(hay); i++)
			hay[i] = "abAB\n"[(seed = seed * 1664525 + 1013904223) >> 24 & 3];
		for (size_t i = 0; i < k; i++)
			needle[i] = "abab"[(seed = seed * 1664525 + 1013904223) >> 24 & 3];
		check(bytes_of(needle, k), bytes_of(hay, n), round & 1);
	}
}

static void counts(void **state)
{
	char text[130];

	(void)state;
	memset(text, '\n', sizeof(text));
	for (size_t n = 0; n <= sizeof(text); n++)
		assert_int_equal(find_count_byte(bytes_of(text, n), '\n'), n);
	assert_int_equal(find_count_byte(bytes_of(text, sizeof(text)), 'x'), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_place),	cmocka_unit_test(nearly),
		cmocka_unit_test(folded),	cmocka_unit_test(ends),
		cmocka_unit_test(random_texts), cmocka_unit_test(counts),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
