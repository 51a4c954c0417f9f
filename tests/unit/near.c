/* The end of something near: the vectors find what a plain loop finds, and read no further than
 * they may. */
#include "unit.h"

#include <sys/mman.h>

#include "base/near.h"

enum { HAY_MAX = 100, NEEDLE_MAX = 40 };

/* A page behind which nothing can be read; the text that is searched ends NEAR_PAD before it. */
struct room {
	char *pages, *end;
	size_t page;
};

static struct room room_new(void)
{
	struct room r = { .page = (size_t)sysconf(_SC_PAGESIZE) };

	r.pages =
		mmap(NULL, 2 * r.page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(r.pages != MAP_FAILED && mprotect(r.pages + r.page, r.page, PROT_NONE) == 0);
	r.end = r.pages + r.page - NEAR_PAD;
	return r;
}

/* What stands behind the text would fit as well. */
static void texts(void **state)
{
	struct room r = room_new();
	uint64_t seed = 3;
	size_t found = 0;

	(void)state;
	memset(r.pages, 'a', r.page);
	for (int round = 0; round < 60000; round++) {
		size_t n = rnd_below(&seed, HAY_MAX + 1), of = round % 3 + 1;
		size_t m = 1 + rnd_below(&seed, round % 2 ? 4 : NEEDLE_MAX);
		char *hay = r.end - n, needle[NEEDLE_MAX];
		const char *expected, *p;

		for (size_t i = 0; i < n; i++)
			hay[i] = (char)('a' + rnd_below(&seed, of));
		for (size_t i = 0; i < m; i++)
			needle[i] = (char)('a' + rnd_below(&seed, of));
		if (round % 5 == 0 && m <= n)
			memcpy(needle, hay + rnd_below(&seed, n - m + 1), m);
		expected = memmem(hay, n, needle, m);
		p = near_text(hay, r.end, needle, m);
		if (p != (expected ? expected : r.end))
			fail_msg("'%.*s' in '%.*s': %td", (int)m, needle, (int)n, hay, p - hay);
		found += expected != NULL;
	}
	assert_in_range(found, 10000, 50000);
	munmap(r.pages, 2 * r.page);
}

/* Of short ones the halves tell the same. */
static void same(void **state)
{
	struct room r = room_new();
	uint64_t seed = 5;

	(void)state;
	for (int round = 0; round < 60000; round++) {
		size_t n = rnd_below(&seed, NEEDLE_MAX + 1);
		char *a = r.end - n, b[NEEDLE_MAX + NEAR_PAD];
		uint64_t half[4];
		bool expected;

		for (size_t i = 0; i < sizeof(b); i++)
			b[i] = (char)rnd_below(&seed, 256);
		memcpy(a, b, n);
		if (n && round % 2)
			b[rnd_below(&seed, n)] ^= (char)(1 << rnd_below(&seed, 8));
		expected = memcmp(a, b, n) == 0;
		assert_true(near_same(a, b, n) == expected);
		if (n > 16)
			continue;
		near_halves(a, (uint32_t)n, &half[0], &half[1]);
		near_halves(b, (uint32_t)n, &half[2], &half[3]);
		assert_true((half[0] == half[2] && half[1] == half[3]) == expected);
	}
	munmap(r.pages, 2 * r.page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts),
		cmocka_unit_test(same),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
