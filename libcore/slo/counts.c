#include "slo/counts.h"

#include "slo/ratio.h"

static num_wide power_of_10(int exponent)
{
	num_wide v = 1;

	for (; exponent > 0; exponent--)
		v *= 10;
	return v;
}

/* With the fewest digits. False when they are too many. */
static bool settle(num_wide units, int scale, struct exact *ret)
{
	const num_wide limit = power_of_10(EXACT_DIGITS_MAX);

	while (scale > 0 && units % 10 == 0) {
		units /= 10;
		scale--;
	}
	if (units >= limit || units <= -limit || scale > EXACT_SCALE_MAX)
		return false;
	*ret = (struct exact){ units, scale };
	return true;
}

bool exact_sum(struct exact a, struct exact b, struct exact *ret)
{
	struct exact low = a.scale < b.scale ? a : b, high = a.scale < b.scale ? b : a;
	num_wide units;

	/* Beyond that it is longer than may be in any case, unless it is 0. */
	if (low.units == 0)
		return settle(high.units, high.scale, ret);
	if (high.scale - low.scale >= EXACT_DIGITS_MAX ||
	    __builtin_mul_overflow(low.units, power_of_10(high.scale - low.scale), &units) ||
	    __builtin_add_overflow(units, high.units, &units))
		return false;
	return settle(units, high.scale, ret);
}

bool exact_product(struct exact a, struct exact b, struct exact *ret)
{
	num_wide units;

	return !__builtin_mul_overflow(a.units, b.units, &units) &&
	       settle(units, a.scale + b.scale, ret);
}

struct exact exact_negative(struct exact a)
{
	return (struct exact){ -a.units, a.scale };
}

int exact_cmp(struct exact a, struct exact b)
{
	const struct exact *low = a.scale < b.scale ? &a : &b;
	num_wide units;
	int apart = a.scale < b.scale ? b.scale - a.scale : a.scale - b.scale;

	if (apart < EXACT_DIGITS_MAX &&
	    !__builtin_mul_overflow(low->units, power_of_10(apart), &units))
		return low == &a ? (units > b.units) - (units < b.units)
				 : (a.units > units) - (a.units < units);
	return ratio_cmp(ratio_exact(a), ratio_exact(b));
}

int slo_counts_check(const struct slo_counts *c, struct err *e)
{
	const struct exact *wrong = c->total.units < 0 ? &c->total
				    : c->bad.units < 0 ? &c->bad
						       : NULL;
	struct buf b = { 0 };

	if (wrong) {
		exact_add(&b, *wrong);
		err_set(e, ERR_USAGE, "%s: expected a number of 0 and above, found '%s'",
			wrong == &c->total ? "total" : "bad", buf_str(&b));
	} else if (exact_cmp(c->bad, c->total) > 0) {
		exact_add(&b, c->bad);
		buf_add_str(&b, " bad of a total of ");
		exact_add(&b, c->total);
		err_set(e, ERR_USAGE, "%s: there cannot be more that is bad than there is",
			buf_str(&b));
	} else {
		return 0;
	}
	buf_release(&b);
	return -1;
}

int slo_counts_add(struct slo_counts *sum, const struct slo_counts *c, struct err *e)
{
	struct slo_counts s = *sum;

	if (!exact_sum(s.total, c->total, &s.total) || !exact_sum(s.bad, c->bad, &s.bad))
		return err_set(e, ERR_LIMIT, "the sum of the counts has more than %d digits",
			       EXACT_DIGITS_MAX);
	*sum = s;
	return 0;
}
