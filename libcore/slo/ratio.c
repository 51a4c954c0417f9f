#include "slo/ratio.h"

static const struct ratio OVER = { .den = { 1, { 1 } }, .over = true };

/* Of each; one limb less than there are, so that a hundredfold still fits, for percents and digits.
 */
enum { RATIO_LIMBS = BIG_LIMBS - 1 };

static struct ratio reduced(struct big num, struct big den, bool negative)
{
	struct ratio r = { .num = num, .den = den, .negative = negative && !big_is_zero(&num) };
	struct big common = big_gcd(num, den);
	const struct big one = big_of(1);

	if (big_cmp(&common, &one) != 0) {
		r.num = big_div(&num, &common, NULL);
		r.den = big_div(&den, &common, NULL);
	}
	return r.num.n > RATIO_LIMBS || r.den.n > RATIO_LIMBS ? OVER : r;
}

struct ratio ratio_int(int64_t v)
{
	return (struct ratio){ .num = big_of(v < 0 ? -(num_wide)v : v),
			       .den = big_of(1),
			       .negative = v < 0 };
}

struct ratio ratio_exact(struct exact v)
{
	bool negative = v.units < 0;
	struct big den;

	if (!big_pow10((unsigned)v.scale, &den))
		return OVER;
	return reduced(big_of(negative ? -v.units : v.units), den, negative);
}

struct ratio ratio_add(struct ratio a, struct ratio b)
{
	struct big x, y, den, sum;

	if (a.over || b.over || !big_mul(&a.num, &b.den, &x) || !big_mul(&b.num, &a.den, &y) ||
	    !big_mul(&a.den, &b.den, &den))
		return OVER;
	if (a.negative == b.negative)
		return big_add(&x, &y, &sum) ? reduced(sum, den, a.negative) : OVER;
	if (big_cmp(&x, &y) >= 0)
		return reduced(big_sub(&x, &y), den, a.negative);
	return reduced(big_sub(&y, &x), den, b.negative);
}

struct ratio ratio_sub(struct ratio a, struct ratio b)
{
	b.negative = !b.negative;
	return ratio_add(a, b);
}

struct ratio ratio_mul(struct ratio a, struct ratio b)
{
	struct big num, den;

	if (a.over || b.over || !big_mul(&a.num, &b.num, &num) || !big_mul(&a.den, &b.den, &den))
		return OVER;
	return reduced(num, den, a.negative != b.negative);
}

struct ratio ratio_div(struct ratio a, struct ratio b)
{
	struct ratio inverse = { .num = b.den,
				 .den = b.num,
				 .negative = b.negative,
				 .over = b.over || big_is_zero(&b.num) };

	return ratio_mul(a, inverse);
}

int ratio_sign(struct ratio a)
{
	return a.over || big_is_zero(&a.num) ? 0 : a.negative ? -1 : 1;
}

int ratio_cmp(struct ratio a, struct ratio b)
{
	int sign = ratio_sign(a);

	if (a.over || b.over)
		return 0;
	if (sign != ratio_sign(b))
		return sign < ratio_sign(b) ? -1 : 1;
	return sign < 0 ? big_cmp_products(&b.num, &a.den, &a.num, &b.den)
			: big_cmp_products(&a.num, &b.den, &b.num, &a.den);
}

int ratio_check(const struct ratio *a, const char *what, struct err *e)
{
	if (!a->over)
		return 0;
	return err_set(e, ERR_LIMIT, "%s: numbers with too many digits to be counted exactly",
		       what);
}

int64_t ratio_floor(struct ratio a)
{
	struct big whole = big_div(&a.num, &a.den, NULL);
	num_wide v = 0;

	if (a.over || whole.n > 2)
		return INT64_MAX;
	for (unsigned i = whole.n; i-- > 0;)
		v = v << 32 | whole.limb[i];
	return num_clip(v);
}

double ratio_double(const struct ratio *a)
{
	double v = big_double(&a->num) / big_double(&a->den);

	return a->negative ? -v : v;
}

/*
 * Appends at most `most` digits of rest / den, which is below 1. skip: zeros at their beginning do
 * not count. Returns how many count.
 */
static unsigned add_fraction(struct buf *text, struct big rest, const struct big *den,
			     unsigned most, bool skip)
{
	const struct big ten = big_of(10);
	unsigned n = 0;

	while (!big_is_zero(&rest) && n < most) {
		struct big digit;

		if (!big_mul(&rest, &ten, &rest))
			break; /* RATIO_LIMBS: it fits */
		digit = big_div(&rest, den, &rest);
		skip = skip && big_is_zero(&digit);
		n += !skip;
		buf_add_char(text, (char)('0' + (digit.n ? digit.limb[0] : 0)));
	}
	return n;
}

/* Drops the last digit of text, which has a point, rounding the ones before it: "9.96" -> "10". */
static void round_last(struct buf *text)
{
	bool up = text->p[--text->n] >= '5';
	size_t i = text->n;

	while (up && i-- > 0) {
		if (text->p[i] == '.')
			continue;
		up = text->p[i] == '9';
		text->p[i] = up ? '0' : (char)(text->p[i] + 1);
	}
	if (up) {
		buf_add_char(text, '0');
		memmove(text->p + 1, text->p, text->n - 1);
		text->p[0] = '1';
	}
}

static void add_text(struct buf *out, const struct big *num, const struct ratio *a, unsigned digits)
{
	struct buf text = { 0 };
	struct big rest, whole = big_div(num, &a->den, &rest);
	bool has_whole = !big_is_zero(&whole);
	unsigned keep = digits;

	big_add_text(&text, &whole);
	if (has_whole) /* which is never rounded but by what is behind the point */
		keep = text.n < digits ? digits - (unsigned)text.n : 0;
	buf_add_char(&text, '.');
	if (add_fraction(&text, rest, &a->den, keep + 1, !has_whole) > keep)
		round_last(&text);
	while (text.p[text.n - 1] == '0')
		text.n--;
	if (text.p[text.n - 1] == '.')
		text.n--;
	if (a->negative)
		buf_add_char(out, '-');
	buf_add_bytes(out, buf_bytes(&text));
	buf_release(&text);
}

void ratio_add_text(struct buf *out, const struct ratio *a, unsigned digits)
{
	add_text(out, &a->num, a, digits);
}

void ratio_add_events(struct buf *out, struct exact v)
{
	const struct ratio r = ratio_exact(v);

	if (r.over)
		exact_add(out, v);
	else
		ratio_add_text(out, &r, RATIO_EVENT_DIGITS);
}

void ratio_add_percent(struct buf *out, const struct ratio *a, unsigned digits)
{
	const struct big hundred = big_of(100);
	struct big num = a->num;

	if (big_mul(&num, &hundred, &num)) /* it does */
		add_text(out, &num, a, digits);
	buf_add_char(out, '%');
}
