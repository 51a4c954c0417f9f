/*
 * Budgets against the plainest exact arithmetic there is: everything multiplied out to whole
 * numbers of 128 bits. Random targets, counts, windows; texts are read back digit by digit.
 */
#include "unit.h"

#include "slo/budget.h"

/* At 5 percent, as `make check` has it, 1000. */
enum { CASES_PER_PERCENT = 200 };

static uint64_t state;

static num_wide pow10_of(int n)
{
	num_wide v = 1;

	while (n-- > 0)
		v *= 10;
	return v;
}

/* One case: the target is t / 10^digits; counts have two digits behind the point. */
struct made {
	num_wide t, unit; /* 0 < t < unit = 10^digits */
	num_wide total, bad;
	int64_t window_ns;
};

static struct made make(void)
{
	int digits = 1 + (int)rnd_below(&state, 7);
	num_wide scale = pow10_of((int)rnd_below(&state, 11));
	struct made m = { .unit = pow10_of(digits) };

	/* Mostly nines, as targets are. */
	m.t = rnd_below(&state, 3)
		      ? m.unit - 1 -
				(num_wide)rnd_below(&state, (size_t)(m.unit < 20 ? m.unit - 1 : 20))
		      : 1 + (num_wide)rnd_below(&state, (size_t)m.unit - 1);
	m.total = (num_wide)rnd_below(&state, (size_t)scale + 1) * 100;
	if (rnd_below(&state, 2))
		m.total += (num_wide)rnd_below(&state, 100);
	m.bad = m.total * (m.unit - m.t) / m.unit; /* about the budget: the interesting ones */
	switch (rnd_below(&state, 4)) {
	case 0:
		m.bad = (num_wide)rnd_below(&state, (size_t)m.total + 1);
		break;
	case 1:
		m.bad += (num_wide)rnd_below(&state, 5) - 2;
		break;
	case 2:
		m.bad = m.bad * (num_wide)rnd_below(&state, 200) / 100;
		break;
	default:
		break;
	}
	m.bad = m.bad < 0 ? 0 : m.bad > m.total ? m.total : m.bad;
	m.window_ns = (1 + (int64_t)rnd_below(&state, 90 * 86400)) * NS_PER_S;
	return m;
}

static struct exact exact_of(num_wide units, int scale)
{
	struct exact v;

	while (scale > 0 && units % 10 == 0) {
		units /= 10;
		scale--;
	}
	v = (struct exact){ units, scale };
	return v;
}

static int digits_of(num_wide unit)
{
	int n = 0;

	for (; unit > 1; unit /= 10)
		n++;
	return n;
}

/* Is r exactly num / den? */
static void is_exactly(const struct ratio *r, num_wide num, num_wide den)
{
	bool negative = num < 0;
	struct big n = big_of(negative ? -num : num), d = big_of(den), x, y;

	assert_false(r->over);
	assert_true(big_mul(&r->num, &d, &x) && big_mul(&n, &r->den, &y));
	assert_int_equal(0, big_cmp(&x, &y));
	assert_int_equal(negative, r->negative);
}

/* Is the text what num / den is, cut behind `digits` significant digits, or the next above? The
 * digits are found by long division. */
static void check_text(const struct ratio *r, num_wide num, num_wide den, unsigned digits)
{
	struct buf b = { 0 };
	num_wide rest = num < 0 ? -num : num, found = 0, power = 1, low, high;
	bool point = false, negative;

	ratio_add_text(&b, r, digits);
	negative = b.p[0] == '-';
	for (size_t i = negative; i < b.n; i++) {
		if (b.p[i] == '.') {
			point = true;
			continue;
		}
		found = found * 10 + (b.p[i] - '0');
		power *= point ? 10 : 1;
	}
	assert_int_equal(num < 0, negative);
	if (power >= pow10_of(17)) { /* beyond 128 bits */
		buf_release(&b);
		return;
	}
	/* |found / power - rest / den| is at most half of 1 / power. */
	low = found * 2 * den - den;
	high = found * 2 * den + den;
	assert_true(low <= rest * 2 * power && rest * 2 * power <= high);
	buf_release(&b);
}

static void check_case(const struct made *m, uint64_t *seen)
{
	int digits = digits_of(m->unit);
	struct slo_measured in = { .target = exact_of(m->t, digits),
				   .period = { .length_ns = m->window_ns },
				   .now_ns = INT64_C(1768471200) * NS_PER_S,
				   .counts = { .total = exact_of(m->total, 2),
					       .bad = exact_of(m->bad, 2) } };
	num_wide allowed = m->total * (m->unit - m->t); /* of m->unit parts */
	num_wide left = allowed - m->bad * m->unit;
	struct slo_budget b;
	struct err e;

	assert_int_equal(0, slo_budget_of(&in, &b, &e));
	seen[b.outlook]++;
	is_exactly(&b.allowed, allowed, m->unit * 100);
	is_exactly(&b.remaining_events, left, m->unit * 100);
	if (m->total == 0) {
		assert_int_equal(SLO_NO_TRAFFIC, b.outlook);
		is_exactly(&b.remaining, 1, 1);
		return;
	}
	is_exactly(&b.sli, m->total - m->bad, m->total);
	is_exactly(&b.remaining, left, allowed);
	is_exactly(&b.burn, m->bad * m->unit, allowed);
	check_text(&b.remaining, left, allowed, 6);
	check_text(&b.sli, m->total - m->bad, m->total, 7);
	if (left <= 0)
		assert_int_equal(SLO_EXHAUSTED, b.outlook);
	else if (m->bad == 0)
		assert_int_equal(SLO_NOT_BURNING, b.outlook);
	else if (left >= m->bad * m->unit) /* remaining * w / burn >= w */
		assert_int_equal(SLO_SUSTAINABLE, b.outlook);
	else
		assert_true(b.outlook == SLO_RUNS_OUT &&
			    b.left_ns == (int64_t)(left * (m->window_ns / NS_PER_S) * NS_PER_S /
						   (m->bad * m->unit)));
}

static void test_budget(void **unused)
{
	uint64_t seen[SLO_EXHAUSTED + 1] = { 0 };

	(void)unused;
	for (uint64_t i = 0; i < env_number("PERCENT", 5) * CASES_PER_PERCENT; i++) {
		struct made m = make();

		check_case(&m, seen);
	}
	for (size_t i = 0; i <= SLO_EXHAUSTED; i++)
		assert_true(seen[i] > 0);
}

/* (a op b) op' c by whole numbers, of which all stay below 2^120. */
static void test_ratio(void **unused)
{
	(void)unused;
	for (uint64_t i = 0; i < env_number("PERCENT", 5) * CASES_PER_PERCENT; i++) {
		int64_t n1 = (int64_t)rnd_below(&state, 2000000) - 1000000;
		int64_t n2 = (int64_t)rnd_below(&state, 2000000) - 1000000;
		int64_t d1 = 1 + (int64_t)rnd_below(&state, 1000000);
		int64_t d2 = 1 + (int64_t)rnd_below(&state, 1000000);
		struct ratio a = ratio_div(ratio_int(n1), ratio_int(d1));
		struct ratio b = ratio_div(ratio_int(n2), ratio_int(d2));
		struct ratio sum = ratio_add(a, b), diff = ratio_sub(a, b),
			     product = ratio_mul(a, b);
		num_wide x = (num_wide)n1 * d2, y = (num_wide)n2 * d1, den = (num_wide)d1 * d2;

		is_exactly(&sum, x + y, den);
		is_exactly(&diff, x - y, den);
		is_exactly(&product, (num_wide)n1 * n2, den);
		assert_int_equal((x > y) - (x < y), ratio_cmp(a, b));
		assert_int_equal((x > 0) - (x < 0), ratio_sign(a));
		if (x >= 0)
			assert_int_equal(n1 / d1, ratio_floor(a));
		if (n2 != 0) {
			struct ratio quotient = ratio_div(a, b);

			is_exactly(&quotient, y < 0 ? -x : x, y < 0 ? -y : y);
		}
	}
}

/* What does not fit is over, and stays so; nothing is ever cut. */
static void test_over(void **unused)
{
	struct exact large;
	struct ratio r, one = ratio_int(1);
	struct err e;
	int n = 0;

	(void)unused;
	assert_true(exact_read(BYTES_LIT("999999999999999999999999999999999999"), &large));
	r = ratio_exact(large);
	for (; !r.over && n < 100; n++)
		r = ratio_mul(r, ratio_exact(large));
	assert_true(r.over && n > 5 && n < 100);
	assert_true(ratio_sub(r, r).over && ratio_div(one, r).over && ratio_add(one, r).over);
	assert_true(ratio_div(one, ratio_int(0)).over);
	assert_int_equal(-1, ratio_check(&r, "a share", &e));
	assert_int_equal(ERR_LIMIT, e.code);
	assert_string_equal("a share: numbers with too many digits to be counted exactly", e.msg);
	/* One limb is kept free, so that percents of all that is not over can be printed. */
	r = ratio_exact(large);
	while (!ratio_mul(r, ratio_int(10)).over)
		r = ratio_mul(r, ratio_int(10));
	{
		struct buf text = { 0 }, percent = { 0 };

		ratio_add_text(&text, &r, 17);
		ratio_add_percent(&percent, &r, 17);
		buf_add_str(&text, "00%");
		assert_string_equal(buf_str(&text), buf_str(&percent));
		buf_release(&text);
		buf_release(&percent);
	}
}

static void text_is(struct ratio r, unsigned digits, const char *expected)
{
	struct buf b = { 0 };

	ratio_add_text(&b, &r, digits);
	assert_string_equal(expected, buf_str(&b));
	buf_release(&b);
}

static void test_text(void **unused)
{
	(void)unused;
	text_is(ratio_div(ratio_int(2), ratio_int(3)), 4, "0.6667");
	text_is(ratio_div(ratio_int(-2), ratio_int(3)), 4, "-0.6667");
	text_is(ratio_div(ratio_int(1), ratio_int(3000)), 3, "0.000333");
	text_is(ratio_div(ratio_int(99999), ratio_int(100000)), 3, "1");
	text_is(ratio_div(ratio_int(99995), ratio_int(1000)), 3, "100");
	text_is(ratio_div(ratio_int(12345), ratio_int(10)), 3, "1235");
	text_is(ratio_div(ratio_int(12344), ratio_int(10)), 3, "1234");
	text_is(ratio_int(0), 3, "0");
	text_is(ratio_int(1000), 1, "1000");
	text_is(ratio_div(ratio_int(1), ratio_int(2)), 17, "0.5");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_budget),
		cmocka_unit_test(test_ratio),
		cmocka_unit_test(test_over),
		cmocka_unit_test(test_text),
	};

	state = env_number("SEED", 1);
	printf("# SEED=%llu\n", (unsigned long long)state);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
