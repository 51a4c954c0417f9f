/* time: durations, points in time, days. */
#include "unit.h"

#include "time/time.h"

static void durations_are_read(void **state)
{
	static const struct {
		const char *text;
		int64_t ns;
	} good[] = { { "1h30m", 5400 * NS_PER_S },
		     { "1.5s", 1500 * NS_PER_MS },
		     { "250ms", 250 * NS_PER_MS },
		     { "3", 3 * NS_PER_S },
		     { "-1h", -3600 * NS_PER_S },
		     { "10us", 10000 },
		     { "7d", 7 * 86400 * NS_PER_S },
		     { "2w1d", 15 * 86400 * NS_PER_S },
		     { "5ns", 5 },
		     { "0.5", NS_PER_S / 2 } };
	static const char *const bad[] = { "",	   "h",	    "1x",	"1h 30m",
					   "--1s", "1..5s", "400y400y", "s1" };
	struct err e;
	int64_t ns;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(time_parse_duration(bytes_str(good[i].text), &ns, &e), 0);
		assert_int_equal(ns, good[i].ns);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(time_parse_duration(bytes_str(bad[i]), &ns, &e), -1);
		assert_int_equal(e.code, ERR_USAGE);
	}
}

static void ages_have_units(void **state)
{
	static const char *const bad[] = { "30", "2.5", "-1", "+7", "007" };
	struct err e;
	int64_t ns;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(time_parse_age(bytes_str(bad[i]), &ns, &e), -1);
		assert_non_null(strstr(e.msg, "expected a duration such as 30d, found"));
		assert_int_equal(e.code, ERR_USAGE);
	}
	assert_int_equal(time_parse_age(BYTES_LIT("0"), &ns, &e), 0);
	assert_int_equal(ns, 0);
	assert_int_equal(time_parse_age(BYTES_LIT("30d"), &ns, &e), 0);
	assert_int_equal(ns, 30 * 86400 * NS_PER_S);
	assert_int_equal(time_parse_age(BYTES_LIT("soon"), &ns, &e), -1);
}

static void durations_print_as_go_prints_them(void **state)
{
	static const struct {
		int64_t ns;
		const char *text;
	} cases[] = { { 0, "0s" },
		      { 5400 * NS_PER_S, "1h30m0s" },
		      { 1500 * NS_PER_MS, "1.5s" },
		      { 250 * NS_PER_MS, "250ms" },
		      { 1500, "1.5µs" },
		      { 7, "7ns" },
		      { -90 * NS_PER_S, "-1m30s" },
		      { 3600 * NS_PER_S, "1h0m0s" } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf b = { 0 };

		time_add_duration(&b, cases[i].ns);
		assert_bytes(buf_bytes(&b), cases[i].text);
		buf_release(&b);
	}
}

static void points_in_time_are_read(void **state)
{
	static const int64_t now = INT64_C(1768471200123456789);
	static const struct {
		const char *text;
		int64_t ns;
	} good[] = {
		{ "2026-01-15T10:00:00Z", INT64_C(1768471200) * NS_PER_S },
		{ "2026-01-15T12:00:00+02:00", INT64_C(1768471200) * NS_PER_S },
		{ "2026-01-15 10:00:00.5Z", INT64_C(1768471200) * NS_PER_S + NS_PER_S / 2 },
		{ "2026-01-15T10:00:00.123456789Z", INT64_C(1768471200123456789) },
		{ "2026-01-15", INT64_C(1768435200) * NS_PER_S },
		{ "1768471200", INT64_C(1768471200) * NS_PER_S },
		{ "1768471200123456789", INT64_C(1768471200123456789) },
		/* up to 10 digits seconds, else nanoseconds, as Loki: 13 are no milliseconds */
		{ "9223372036", INT64_C(9223372036) * NS_PER_S },
		{ "17684712001", INT64_C(17684712001) },
		{ "1768471200123", INT64_C(1768471200123) },
		{ "1768471200123456", INT64_C(1768471200123456) },
		{ "1768471200.123", INT64_C(1768471200123) * NS_PER_MS },
		{ "1768471200.5", INT64_C(1768471200) * NS_PER_S + NS_PER_S / 2 },
		{ "1899", INT64_C(1899) * NS_PER_S },
		{ "3000", INT64_C(3000) * NS_PER_S },
		{ "2025.0", INT64_C(2025) * NS_PER_S },
		{ "now", INT64_C(1768471200123456789) },
		{ "now-5m", INT64_C(1768471200123456789) - 300 * NS_PER_S },
		{ "now+1h", INT64_C(1768471200123456789) + 3600 * NS_PER_S },
		{ "-1h", INT64_C(1768471200123456789) - 3600 * NS_PER_S },
		{ "-1.5s", INT64_C(1768471200123456789) - 3 * NS_PER_S / 2 },
		/* without a unit, moments before 1970 */
		{ "-5", -5 * NS_PER_S },
		{ "-5.5", -11 * NS_PER_S / 2 },
		{ "-0.000000001", -1 },
	};
	static const char *const bad[] = { "",
					   "1900",
					   "2025",
					   "2999",
					   "now5m",
					   "now-",
					   "now-5",
					   "now-5.5",
					   "--5.5",
					   "nowhere",
					   "yesterday",
					   "2026-02-30T00:00:00Z",
					   "2026-13-01",
					   "2026-01-15T10:00:00",
					   "2026-01-15T25:00:00Z",
					   "1h",
					   "2026-01-15T10:00:00Zx",
					   "9999-12-31T00:00:00Z",
					   "9999999999.5",
					   "1768471200.5x" };
	struct err e;
	int64_t ns;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(time_parse(bytes_str(good[i].text), now, &ns, &e), 0);
		assert_int_equal(ns, good[i].ns);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(time_parse(bytes_str(bad[i]), now, &ns, &e), -1);
	assert_int_equal(time_parse(bytes_str("2025"), now, &ns, &e), -1);
	assert_string_equal(e.msg, "'2025' looks like a year: a time in it is as 2025-01-01, and "
				   "so many Unix seconds are 2025.0");
}

static void rfc3339_comes_back(void **state)
{
	uint64_t seed = 5;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		int64_t ts = (int64_t)rnd(&seed), back;
		struct buf b = { 0 };

		if (i < 2)
			ts = i ? INT64_MAX : INT64_MIN + NS_PER_S;
		else if (i % 3 == 0)
			ts -= ts % NS_PER_MS;
		time_add_rfc3339(&b, ts);
		assert_int_equal(time_scan_rfc3339(buf_bytes(&b), &back), b.n);
		assert_int_equal(back, ts);
		buf_release(&b);
	}
}

static void every_time_lies_in_its_day(void **state)
{
	uint64_t seed = 6;
	char text[TIME_DAY_LEN + 1];
	int32_t day;

	(void)state;
	time_day_text(time_day(-1), text);
	assert_string_equal(text, "1969-12-31");
	time_day_text(time_day(INT64_C(1768471200) * NS_PER_S), text);
	assert_string_equal(text, "2026-01-15");
	for (int i = 0; i < 20000; i++) {
		int64_t ts = (int64_t)rnd(&seed);

		time_day_text(time_day(ts), text);
		assert_true(time_day_parse(bytes_str(text), &day));
		assert_int_equal(day, time_day(ts));
		assert_true(time_day_start(day) <= ts);
		assert_true(ts - time_day_start(day) < 86400 * NS_PER_S ||
			    time_day_start(day) == INT64_MIN);
	}
	assert_false(time_day_parse(bytes_str("2026-1-15"), &day));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_are_read),
		cmocka_unit_test(ages_have_units),
		cmocka_unit_test(durations_print_as_go_prints_them),
		cmocka_unit_test(points_in_time_are_read),
		cmocka_unit_test(rfc3339_comes_back),
		cmocka_unit_test(every_time_lies_in_its_day),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
