/* Storage classes by age: which texts are tiers, and which class a pack of an age gets. */
#include "unit.h"

#include "compact/tier.h"
#include "time/time.h"

static const int64_t DAY_NS = 24 * 3600 * NS_PER_S;

static void texts(void **state)
{
	static const char *const bad[] = {
		"",
		"30d",
		"30d=",
		"30=GLACIER",
		"=A",
		"30d=a",
		"0d=A",
		"-1d=A",
		"30d=A,30d=B",
		"30d=A,20d=B",
		"x=A",
		"30d=A,",
		",30d=A",
		"30d=A B",
		"1d=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"1d=A,2d=B,3d=C,4d=D,5d=E,6d=F,7d=G,8d=H,9d=I",
	};
	struct tiers t;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(tiers_parse(bad[i], &t, &e), -1);
		assert_true(e.code == ERR_USAGE || e.code == ERR_QUERY);
	}
	assert_int_equal(tiers_parse("36h=STANDARD_IA,1y=GLACIER", &t, &e), 0);
	assert_int_equal(t.n, 2);
	assert_int_equal(t.v[0].age_ns, DAY_NS / 2 * 3);
	assert_string_equal(t.v[0].storage_class, "STANDARD_IA");
	assert_int_equal(t.v[1].age_ns, 365 * DAY_NS);
	assert_int_equal(tiers_parse("1d=A,2d=B,3d=C,4d=D,5d=E,6d=F,7d=G,8d=H", &t, &e), 0);
	assert_int_equal(t.n, TIER_MAX);
}

static const char *choose(const struct tiers *t, int64_t age_ns, const char *now)
{
	const char *c = tiers_choose(t, age_ns, now);

	return c ? c : "stays";
}

static void choices(void **state)
{
	struct tiers t;
	struct err e;

	(void)state;
	assert_int_equal(tiers_parse("30d=IA,90d=COLD", &t, &e), 0);
	assert_string_equal(choose(&t, -DAY_NS, ""), "stays");
	assert_string_equal(choose(&t, 30 * DAY_NS - 1, ""), "stays");
	assert_string_equal(choose(&t, 30 * DAY_NS, ""), "IA");
	assert_string_equal(choose(&t, 90 * DAY_NS - 1, ""), "IA");
	assert_string_equal(choose(&t, 90 * DAY_NS, ""), "COLD");
	assert_string_equal(choose(&t, 40 * DAY_NS, "IA"), "stays");
	assert_string_equal(choose(&t, 90 * DAY_NS, "IA"), "COLD");
	assert_string_equal(choose(&t, INT64_MAX, "COLD"), "stays");
	assert_string_equal(choose(&t, 40 * DAY_NS, "COLD"), "stays"); /* never back */
	assert_string_equal(choose(&t, 40 * DAY_NS, "OTHER"), "IA");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts),
		cmocka_unit_test(choices),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
