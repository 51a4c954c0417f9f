/* Decimal numbers as they are written. */
#include "unit.h"

#include "base/exact.h"

static void numbers_are_read_as_they_are_written(void **unused)
{
	static const struct {
		const char *text, *back; /* NULL: refused */
	} cases[] = {
		{ "0", "0" },
		{ "-0", "0" },
		{ "12", "12" },
		{ "-0.50", "-0.5" },
		{ "+.5", "0.5" },
		{ "1.", "1" },
		{ "1200", "1200" },
		{ "0012.3400", "12.34" },
		{ "1e-7", "0.0000001" },
		{ "2.5E+3", "2500" },
		{ "0e99", "0" },
		{ "0.000000000000000000000000000000000001",
		  "0.000000000000000000000000000000000001" },
		{ "999999999999999999999999999999999999", "999999999999999999999999999999999999" },
		{ "1e35", "100000000000000000000000000000000000" },
		{ "0.1000000000000000000000000000000000000000000000", "0.1" },
		{ "1e36", NULL },
		{ "10e35", NULL },
		{ "9999999999999999999999999999999999999", NULL },
		{ "0.0000000000000000000000000000000000001", NULL },
		{ "1e-99999999999999999999", NULL },
		{ "", NULL },
		{ ".", NULL },
		{ "-", NULL },
		{ "--1", NULL },
		{ "1.2.3", NULL },
		{ "1e", NULL },
		{ "e5", NULL },
		{ "1 ", NULL },
		{ "1,000", NULL },
		{ "nan", NULL },
		{ "inf", NULL },
		{ "0x1", NULL },
	};
	struct buf b = { 0 };

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct exact v = { 7, 7 };
		bool read = exact_read(bytes_str(cases[i].text), &v);

		if (read != !!cases[i].back)
			fail_msg("'%s' is %s", cases[i].text, read ? "read" : "refused");
		if (!read) {
			assert_int_equal(v.scale, 7);
			continue;
		}
		buf_reset(&b);
		exact_add(&b, v);
		assert_string_equal(buf_str(&b), cases[i].back);
	}
	buf_release(&b);
}

static void what_is_printed_reads_back(void **unused)
{
	uint64_t seed = env_number("SEED", 1);
	struct buf b = { 0 };

	(void)unused;
	for (int i = 0; i < 10000; i++) {
		struct exact v, back;
		num_wide units = (num_wide)(rnd(&seed) >> rnd_below(&seed, 64));

		units = units * (num_wide)rnd_below(&seed, 1000000) +
			(num_wide)rnd_below(&seed, 10);
		v = (struct exact){ rnd(&seed) & 1 ? -units : units,
				    (int)rnd_below(&seed, EXACT_SCALE_MAX) };
		buf_reset(&b);
		exact_add(&b, v);
		assert_true(exact_read(buf_bytes(&b), &back));
		assert_true(back.scale <= v.scale);
		for (int k = back.scale; k < v.scale; k++)
			back.units *= 10;
		assert_true(back.units == v.units);
	}
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_read_as_they_are_written),
		cmocka_unit_test(what_is_printed_reads_back),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
