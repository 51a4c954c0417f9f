/* Amounts that grow: compared with long multiplication, which rounds nothing before the end. */
#include "unit.h"

#include "cost/growth.h"

enum { CASES = 2000, DIGITS = 2000, MONTHS = 60 };

/* Decimal digits, lowest first. */
struct number {
	unsigned char d[DIGITS];
	int n;
};

static void times(struct number *v, uint64_t by)
{
	uint64_t carry = 0;

	for (int i = 0; i < v->n || carry; i++) {
		assert_true(i < DIGITS);
		if (i == v->n)
			v->d[v->n++] = 0;
		carry += v->d[i] * by;
		v->d[i] = (unsigned char)(carry % 10);
		carry /= 10;
	}
}

static struct number number_of(uint64_t v)
{
	struct number ret = { .n = 1, .d = { 1 } };

	times(&ret, v);
	return ret;
}

/* Without the lowest digits, rounded; false when it has more than 18 then. */
static bool shifted(const struct number *v, int by, int64_t *ret)
{
	int64_t sum = 0;

	for (int i = v->n - 1; i >= by; i--) {
		if (sum > INT64_MAX / 100)
			return false;
		sum = sum * 10 + v->d[i];
	}
	*ret = sum + (by > 0 && by <= v->n && v->d[by - 1] >= 5);
	return true;
}

/* Of all that there may be, or, since that soon is too much or nothing, from -10 to 15 %. */
static struct exact random_percent(uint64_t *seed, bool wide)
{
	struct exact percent = { .scale = (int)rnd_below(seed, 7) };
	int64_t hundred = 100;

	for (int k = 0; k < percent.scale; k++)
		hundred *= 10;
	percent.units = wide ? (int64_t)rnd_below(seed, 11 * (uint64_t)hundred) + 1 - hundred
			     : (int64_t)rnd_below(seed, (uint64_t)hundred / 4) - hundred / 10;
	return percent;
}

/* What 18 digits behind the point, rounded once a month, may be off by. */
static int64_t off_by(int64_t nano, int64_t v, unsigned months)
{
	return 1 + (int64_t)((num_wide)v * months / ((num_wide)nano * 1000000000));
}

static void growth_is_that_of_long_multiplication(void **unused)
{
	uint64_t seed = env_number("SEED", 1);
	unsigned n_wide = 0;

	(void)unused;
	for (int i = 0; i < CASES; i++) {
		bool wide = i % 2;
		struct exact percent = random_percent(&seed, wide);
		int64_t nano = 1 + (int64_t)(rnd(&seed) >> (10 + rnd_below(&seed, 50))), v[MONTHS],
			want, hundred = 100;
		struct number exact = number_of((uint64_t)nano);
		unsigned n = 1 + (unsigned)rnd_below(&seed, wide ? 9 : MONTHS);

		for (int k = 0; k < percent.scale; k++)
			hundred *= 10;
		if (growth_apply(nano, percent, n, v) < n)
			continue;
		n_wide += wide;
		for (unsigned k = 0; k < n; k++) {
			times(&exact, (uint64_t)(hundred + (int64_t)percent.units));
			if (!shifted(&exact, (int)(k + 1) * (2 + percent.scale), &want))
				break;
			if (want - v[k] > off_by(nano, want, k + 1) ||
			    v[k] - want > off_by(nano, want, k + 1))
				fail_msg("case %d, month %u: %lld, not %lld", i, k, (long long)v[k],
					 (long long)want);
		}
	}
	print_message("# %u of %d with any growth\n", n_wide, CASES / 2);
	assert_true(n_wide > CASES / 4);
}

static void simple_growth_is_exact(void **unused)
{
	static const int64_t want[] = { 110000000000, 121000000000, 133100000000,
					146410000000, 161051000000, 177156100000,
					194871710000, 214358881000, 235794769100 };
	const struct exact ten = { .units = 10 };
	int64_t v[9];

	(void)unused;
	assert_int_equal(growth_apply(100000000000, ten, 9, v), 9);
	assert_memory_equal(want, v, sizeof(v));
	assert_int_equal(growth_apply(0, ten, 9, v), 9);
	assert_int_equal(0, v[8]);
	assert_int_equal(growth_apply(INT64_MAX, ten, 1, v), 0);
	assert_int_equal(growth_apply(INT64_MAX / 12 * 10, ten, 9, v), 1);
}

static struct growth_month of(int64_t nano, int days)
{
	return (struct growth_month){ nano, days };
}

static void what_is_no_growth_is_refused(void **unused)
{
	static const char *const good[] = { "0", "-99.999999", "1000", "0.5", "1e1" };
	static const char *const bad[] = { "", "-100", "1000.1", "nan", "1.0000001", "10%", "x" };
	struct exact x;
	struct err e;

	(void)unused;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_int_equal(0, growth_read(bytes_str(good[i]), &x, &e));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(-1, growth_read(bytes_str(bad[i]), &x, &e));
		assert_int_equal(ERR_USAGE, e.code);
	}
	assert_true(growth_between(of(100, 31), of(121, 31), 2, &x));
	assert_true(x.units == 10 && x.scale == 0);
	assert_true(growth_between(of(200, 31), of(100, 31), 1, &x));
	assert_true(x.units == -50 && x.scale == 0);
	assert_true(growth_between(of(280, 28), of(310, 31), 1, &x));
	assert_true(x.units == 0);
	assert_true(growth_between(of(INT64_MAX, 28), of(INT64_MAX / 31 * 28, 31), 1, &x));
	assert_false(growth_between(of(0, 31), of(100, 31), 1, &x));
	assert_false(growth_between(of(100, 31), of(0, 31), 1, &x));
	assert_false(growth_between(of(100, 31), of(100, 31), 0, &x));
	assert_false(growth_between(of(1, 31), of(1000, 31), 1, &x));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(growth_is_that_of_long_multiplication),
		cmocka_unit_test(simple_growth_is_exact),
		cmocka_unit_test(what_is_no_growth_is_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
