#include "unit.h"

#include "query/cutoff.h"

static void the_best_stay(void **unused)
{
	static const int64_t first[] = { 90, 80, 80, 10 }, second[] = { 95, 80, 79 },
			     third[] = { 85, 84, 81 };
	struct cutoff c;

	(void)unused;
	cutoff_init(&c, BACKWARD, 3);
	assert_int_equal(cutoff_add(&c, first, 2), 2);
	assert_int_equal(cutoff_last(&c), INT64_MIN);
	assert_int_equal(cutoff_add(&c, first + 2, 2), 1);
	assert_int_equal(cutoff_last(&c), 80);
	/* Which of those that are as good as the last one are in is not decided here. */
	assert_int_equal(cutoff_add(&c, second, 3), 2);
	assert_int_equal(cutoff_last(&c), 80);
	assert_int_equal(cutoff_add(&c, third, 3), 1);
	assert_int_equal(cutoff_last(&c), 85);
	assert_int_equal(cutoff_add(&c, first + 1, 3), 0);
	cutoff_release(&c);
}

static void forward_the_lowest_are_the_best(void **unused)
{
	static const int64_t v[] = { -5, 0, 7, 7, 9 };
	struct cutoff c;

	(void)unused;
	cutoff_init(&c, FORWARD, 3);
	assert_int_equal(cutoff_last(&c), INT64_MAX);
	assert_int_equal(cutoff_add(&c, v, 5), 4);
	assert_int_equal(cutoff_last(&c), 7);
	assert_int_equal(cutoff_add(&c, v + 1, 4), 1);
	assert_int_equal(cutoff_last(&c), 0);
	cutoff_release(&c);
}

static void without_a_limit_all_are_of_use(void **unused)
{
	static const int64_t v[] = { 3, 2, 1 };
	struct cutoff c;

	(void)unused;
	cutoff_init(&c, BACKWARD, 0);
	assert_int_equal(cutoff_add(&c, v, 3), 3);
	assert_int_equal(cutoff_last(&c), INT64_MIN);
	cutoff_release(&c);
}

/* Against all of them sorted. */
static void as_if_sorted(void **unused)
{
	enum { N = 5000, LIMIT = 700 };
	static int64_t v[N];
	uint64_t state = 1;
	struct cutoff c;
	size_t at = 0;

	(void)unused;
	cutoff_init(&c, BACKWARD, LIMIT);
	while (at < N) {
		size_t n = 1 + rnd_below(&state, 300);
		int64_t ts = (int64_t)rnd_below(&state, 100000);

		n = at + n > N ? N - at : n;
		for (size_t i = 0; i < n; i++) {
			v[at + i] = ts;
			ts -= (int64_t)rnd_below(&state, 40);
		}
		cutoff_add(&c, v + at, n);
		at += n;
		if (at < LIMIT)
			continue;
		for (size_t i = 0, before = 0, same = 0; i < at; i++) {
			before += v[i] > cutoff_last(&c);
			same += v[i] == cutoff_last(&c);
			if (i + 1 == at) {
				assert_true(before < LIMIT);
				assert_true(before + same >= LIMIT);
			}
		}
	}
	cutoff_release(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_best_stay),
		cmocka_unit_test(forward_the_lowest_are_the_best),
		cmocka_unit_test(without_a_limit_all_are_of_use),
		cmocka_unit_test(as_if_sorted),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
