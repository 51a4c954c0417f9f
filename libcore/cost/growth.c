#include "cost/growth.h"

#include <math.h>

#include "base/buf.h"
#include "cost/money.h"

static num_wide power_of_ten(int n)
{
	num_wide v = 1;

	while (n-- > 0)
		v *= 10;
	return v;
}

int growth_read(struct bytes text, struct exact *ret, struct err *e)
{
	struct exact x;
	num_wide hundred;

	if (!exact_read(text, &x) || x.scale > GROWTH_SCALE_MAX)
		return err_set(e, ERR_USAGE,
			       "expected percent a month with at most %d digits behind the point, "
			       "found '%.*s'",
			       GROWTH_SCALE_MAX, BYTES_ARG(bytes_sub(text, 0, 100)));
	hundred = 100 * power_of_ten(x.scale);
	if (x.units <= -hundred || x.units > 10 * hundred)
		return err_set(e, ERR_USAGE,
			       "expected more than -100 and at most 1000 percent, "
			       "found '%.*s'",
			       BYTES_ARG(text));
	*ret = x;
	return 0;
}

/* v * by / of, to the nearest; neither is negative. */
static bool scale(num_wide *v, num_wide by, num_wide of)
{
	if (__builtin_mul_overflow(*v, by, v) || __builtin_add_overflow(*v, of / 2, v))
		return false;
	*v /= of;
	return true;
}

unsigned growth_apply(int64_t nano, struct exact percent, unsigned n, int64_t *ret)
{
	num_wide of = 100 * power_of_ten(percent.scale), v = (num_wide)nano * MONEY_ONE;

	for (unsigned i = 0; i < n; i++) {
		num_wide rounded;

		if (!scale(&v, of + percent.units, of))
			return i;
		rounded = (v + MONEY_ONE / 2) / MONEY_ONE;
		if (rounded > INT64_MAX)
			return i;
		ret[i] = (int64_t)rounded;
	}
	return n;
}

bool growth_between(struct growth_month first, struct growth_month last, unsigned months,
		    struct exact *ret)
{
	/* Whole numbers, so that what has not grown has grown by nothing. */
	const num_wide was = (num_wide)first.nano * last.days,
		       is = (num_wide)last.nano * first.days;
	struct buf b = { 0 };
	bool ok;

	if (was <= 0 || is <= 0 || months == 0)
		return false;
	buf_addf(&b, "%.*f", GROWTH_SCALE_MAX,
		 (pow((double)is / (double)was, 1.0 / months) - 1) * 100);
	ok = growth_read(buf_bytes(&b), ret, NULL) == 0;
	buf_release(&b);
	return ok;
}
