/* cost: money, periods, single records. */
#include "unit.h"

#include "cost/money.h"
#include "cost/period.h"
#include "time/time.h"

static void amounts_are_read_as_they_are_written(void **state)
{
	static const struct {
		const char *text;
		enum money_read read;
		int64_t nano;
	} cases[] = {
		{ "0", MONEY_READ, 0 },
		{ "125.50", MONEY_READ, 125500000000 },
		{ "-0.07", MONEY_READ, -70000000 },
		{ ".5", MONEY_READ, 500000000 },
		{ "1.", MONEY_READ, 1000000000 },
		{ "4.45e-07", MONEY_READ, 445 },
		{ "1E3", MONEY_READ, 1000000000000 },
		{ "0.0000000005", MONEY_READ, 1 }, /* halves away from zero */
		{ "-0.0000000005", MONEY_READ, -1 },
		{ "0.00000000049999999", MONEY_READ, 0 },
		{ "0.9999999995", MONEY_READ, 1000000000 },
		{ "5e-10", MONEY_READ, 1 },
		{ "-5e-10", MONEY_READ, -1 },
		{ "49e-11", MONEY_READ, 0 },
		{ "9223372036.854775807", MONEY_READ, INT64_MAX },
		{ "-9223372036.854775807", MONEY_READ, -INT64_MAX },
		{ "9223372036.8547758074999", MONEY_READ, INT64_MAX },
		{ "9223372036.8547758075", MONEY_TOO_LARGE, 0 },
		{ "9223372037", MONEY_TOO_LARGE, 0 },
		{ "99999999999999999999999999999999999999999999999", MONEY_TOO_LARGE, 0 },
		{ "1e20", MONEY_TOO_LARGE, 0 },
		{ "-1e20", MONEY_TOO_LARGE, 0 },
		{ "", MONEY_NO_NUMBER, 0 },
		{ "-", MONEY_NO_NUMBER, 0 },
		{ ".", MONEY_NO_NUMBER, 0 },
		{ "1.2.3", MONEY_NO_NUMBER, 0 },
		{ "1,000", MONEY_NO_NUMBER, 0 },
		{ "$5", MONEY_NO_NUMBER, 0 },
		{ "NaN", MONEY_NO_NUMBER, 0 },
		{ "inf", MONEY_NO_NUMBER, 0 },
		{ "0x10", MONEY_NO_NUMBER, 0 },
		{ "99999999999999999999x", MONEY_NO_NUMBER, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t nano = 0;

		print_message("# '%s'\n", cases[i].text);
		assert_int_equal(money_read(bytes_str(cases[i].text), &nano), cases[i].read);
		if (cases[i].read == MONEY_READ)
			assert_true(nano == cases[i].nano);
	}
}

static void amounts_are_written_with_all_their_digits(void **state)
{
	static const struct {
		int64_t nano;
		const char *text;
	} cases[] = {
		{ 0, "0.00" },
		{ 34500000000, "34.50" },
		{ -70000000, "-0.07" },
		{ 445, "0.000000445" },
		{ -1, "-0.000000001" },
		{ 1234500000, "1.2345" },
		{ INT64_MAX, "9223372036.854775807" },
		{ -INT64_MAX - 1, "-9223372036.854775808" },
	};
	struct buf b = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf_reset(&b);
		money_text(&b, cases[i].nano);
		assert_string_equal(buf_str(&b), cases[i].text);
	}
	buf_release(&b);
}

static void sums_that_do_not_fit_are_told(void **state)
{
	int64_t sum = INT64_MAX - 1;

	(void)state;
	assert_true(money_add(&sum, 1));
	assert_false(money_add(&sum, 1));
	assert_true(sum == INT64_MAX);
	assert_true(money_add(&sum, -1));
}

static void prices_are_multiplied_with_one_rounding(void **state)
{
	static const struct {
		int64_t nano;
		const char *quantity;
		uint64_t per;
		int64_t product; /* -1: does not fit */
	} cases[] = {
		{ 23000000, "500", 1, 11500000000 },   /* 500 GB at 0.023 */
		{ 5000000, "30000", 1000, 150000000 }, /* requests, by the thousand */
		{ 400000, "1", 1000, 400 },
		{ 1, "0.5", 1, 1 },
		{ 1, "0.4999999999", 1, 0 },
		{ -1, "0.5", 1, -1 },
		{ 1, "1", 3, 0 },
		{ 2, "1", 3, 1 },
		{ 1000000000, "9223372036.854775807", 1, INT64_MAX },
		{ 1000000000, "9223372036.854775808", 1, -1 },
		{ INT64_MAX, "999999999999999999999999999999999999", 1, -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct exact quantity;
		int64_t product = 0;
		bool fits;

		assert_true(exact_read(bytes_str(cases[i].quantity), &quantity));
		fits = money_times(cases[i].nano, quantity, cases[i].per, &product);
		print_message("# %zu\n", i);
		assert_true(fits == (cases[i].product != -1 || cases[i].nano == -1));
		if (fits)
			assert_true(product == cases[i].product);
	}
}

static void periods_are_those_of_the_calendar(void **state)
{
	static const struct {
		const char *day, *week, *monday, *next_monday, *month, *next_month;
	} cases[] = {
		{ "1970-01-01", "1970-W01", "1969-12-29", "1970-01-05", "1970-01", "1970-02-01" },
		{ "2020-12-31", "2020-W53", "2020-12-28", "2021-01-04", "2020-12", "2021-01-01" },
		{ "2021-01-03", "2020-W53", "2020-12-28", "2021-01-04", "2021-01", "2021-02-01" },
		{ "2021-01-04", "2021-W01", "2021-01-04", "2021-01-11", "2021-01", "2021-02-01" },
		{ "2024-02-29", "2024-W09", "2024-02-26", "2024-03-04", "2024-02", "2024-03-01" },
		{ "2024-12-30", "2025-W01", "2024-12-30", "2025-01-06", "2024-12", "2025-01-01" },
		{ "2026-12-31", "2026-W53", "2026-12-28", "2027-01-04", "2026-12", "2027-01-01" },
		{ "2100-02-28", "2100-W08", "2100-02-22", "2100-03-01", "2100-02", "2100-03-01" },
	};
	char text[PERIOD_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int32_t day, start;

		assert_true(time_day_parse(bytes_str(cases[i].day), &day));
		period_text(PERIOD_DAY, period_start(PERIOD_DAY, day), text);
		assert_string_equal(text, cases[i].day);
		assert_int_equal(period_next(PERIOD_DAY, day), day + 1);
		start = period_start(PERIOD_WEEK, day);
		period_text(PERIOD_WEEK, start, text);
		assert_string_equal(text, cases[i].week);
		period_text(PERIOD_DAY, start, text);
		assert_string_equal(text, cases[i].monday);
		period_text(PERIOD_DAY, period_next(PERIOD_WEEK, start), text);
		assert_string_equal(text, cases[i].next_monday);
		start = period_start(PERIOD_MONTH, day);
		period_text(PERIOD_MONTH, start, text);
		assert_string_equal(text, cases[i].month);
		period_text(PERIOD_DAY, period_next(PERIOD_MONTH, start), text);
		assert_string_equal(text, cases[i].next_month);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(amounts_are_read_as_they_are_written),
		cmocka_unit_test(amounts_are_written_with_all_their_digits),
		cmocka_unit_test(sums_that_do_not_fit_are_told),
		cmocka_unit_test(prices_are_multiplied_with_one_rounding),
		cmocka_unit_test(periods_are_those_of_the_calendar),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
