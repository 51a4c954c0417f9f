#include "template/decimal.h"

#include <math.h>
#include <stdlib.h>

#include "base/num.h"

enum { DIV_DIGITS = 16 };

/* Without zeros in front; behind, they stay. */
static void normalize(struct decimal *d)
{
	while (d->n && d->digits[0] == 0) {
		d->digits++;
		d->n--;
	}
	if (d->n == 0)
		d->exp = 0;
	d->negative &= d->n > 0;
}

struct decimal decimal_of(struct arena *mem, double f)
{
	struct decimal d = { .negative = f < 0 };
	char digits[NUM_DIGITS_MAX];

	if (f == 0)
		return d;
	d.n = (size_t)num_digits(fabs(f), digits, &d.exp);
	d.exp -= (int)d.n - 1;
	d.digits = arena_alloc(mem, NUM_DIGITS_MAX);
	for (size_t i = 0; i < d.n; i++)
		d.digits[i] = (uint8_t)(digits[i] - '0');
	return d;
}

double decimal_to_float(const struct decimal *d)
{
	struct buf b = { 0 };
	double f;

	if (d->n == 0)
		return 0;
	for (size_t i = 0; i < d->n; i++)
		buf_add_char(&b, (char)('0' + d->digits[i]));
	buf_addf(&b, "e%d", d->exp);
	f = strtod(buf_str(&b), NULL);
	buf_release(&b);
	return d->negative ? -f : f;
}

/* d with zeros behind, down to the exponent. */
static bool scale(struct arena *mem, const struct decimal *d, int exp, struct decimal *ret)
{
	size_t zeros = d->n ? (size_t)(d->exp - exp) : 0;
	uint8_t *v;

	if (d->n + zeros > DECIMAL_DIGITS_MAX)
		return false;
	v = arena_alloc(mem, d->n + zeros + 1);
	if (d->n)
		memcpy(v, d->digits, d->n);
	memset(v + d->n, 0, zeros);
	*ret = (struct decimal){ d->negative, v, d->n + zeros, exp };
	return true;
}

static int cmp_size(const struct decimal *a, const struct decimal *b)
{
	if (a->n != b->n)
		return a->n < b->n ? -1 : 1;
	return a->n ? memcmp(a->digits, b->digits, a->n) : 0;
}

/* a += sign * b on digits of the same exponent; a has room for n digits and is as long; b is not
 * larger where sign is -1. */
static void add_digits(uint8_t *a, size_t n, const struct decimal *b, int sign)
{
	int carry = 0;

	for (size_t i = 0; i < n; i++) {
		int v = a[n - 1 - i] + carry;

		if (i < b->n)
			v += sign * b->digits[b->n - 1 - i];
		else if (carry == 0)
			return;
		carry = v > 9 ? 1 : v < 0 ? -1 : 0;
		a[n - 1 - i] = (uint8_t)(v - 10 * carry);
	}
}

bool decimal_add(struct arena *mem, const struct decimal *a, const struct decimal *b,
		 struct decimal *ret)
{
	struct decimal x, y, big, sum;
	int exp;

	if (a->n == 0 || b->n == 0) {
		*ret = a->n ? *a : *b;
		return true;
	}
	exp = a->exp < b->exp ? a->exp : b->exp;
	if (!scale(mem, a, exp, &x) || !scale(mem, b, exp, &y))
		return false;
	if (cmp_size(&x, &y) < 0) {
		big = y;
		y = x;
	} else {
		big = x;
	}
	sum = big;
	sum.n = big.n + 1;
	sum.digits = arena_alloc(mem, sum.n);
	sum.digits[0] = 0;
	memcpy(sum.digits + 1, big.digits, big.n);
	add_digits(sum.digits, sum.n, &y, big.negative == y.negative ? 1 : -1);
	normalize(&sum);
	*ret = sum;
	return true;
}

bool decimal_mul(struct arena *mem, const struct decimal *a, const struct decimal *b,
		 struct decimal *ret)
{
	struct decimal p = { .negative = a->negative != b->negative, .exp = a->exp + b->exp };

	if (a->n + b->n > DECIMAL_DIGITS_MAX || abs(p.exp) > DECIMAL_DIGITS_MAX)
		return false;
	p.n = a->n + b->n;
	p.digits = arena_zalloc(mem, p.n + 1);
	for (size_t i = a->n; i-- > 0;) {
		unsigned carry = 0;

		for (size_t j = b->n; j-- > 0;) {
			unsigned v = p.digits[i + j + 1] + carry + a->digits[i] * b->digits[j];

			p.digits[i + j + 1] = (uint8_t)(v % 10);
			carry = v / 10;
		}
		if (b->n)
			p.digits[i] = (uint8_t)(p.digits[i] + carry);
	}
	normalize(&p);
	*ret = p;
	return true;
}

/* Long division of whole numbers: *ret is the quotient's digits, rest what is left over. */
static void divide(struct arena *mem, const struct decimal *a, const struct decimal *b,
		   struct decimal *ret, struct decimal *rest)
{
	uint8_t *r = arena_alloc(mem, b->n + 2);
	size_t n = 0;

	ret->n = a->n;
	ret->digits = arena_zalloc(mem, a->n + 1);
	for (size_t i = 0; i < a->n; i++) {
		struct decimal now;

		r[n++] = a->digits[i];
		while (n && r[0] == 0)
			memmove(r, r + 1, --n);
		now = (struct decimal){ .digits = r, .n = n };
		while (cmp_size(&now, b) >= 0) {
			add_digits(r, n, b, -1);
			ret->digits[i]++;
			while (n && r[0] == 0)
				memmove(r, r + 1, --n);
			now.n = n;
		}
	}
	*rest = (struct decimal){ .digits = r, .n = n };
}

bool decimal_div(struct arena *mem, const struct decimal *a, const struct decimal *b,
		 struct decimal *ret)
{
	struct decimal q = { .negative = a->negative != b->negative, .exp = -DIV_DIGITS };
	struct decimal num = *a, den = *b, rest, twice;
	/* a / b to DIV_DIGITS digits: whole numbers n and d with a / b = n / d * 10^-DIV_DIGITS */
	int shift = a->exp - b->exp + DIV_DIGITS;
	static const uint8_t one[] = { 1 };

	if (a->n == 0) {
		*ret = (struct decimal){ 0 };
		return true;
	}
	num.exp = den.exp = 0;
	if (shift >= 0) {
		num.exp = shift;
		if (!scale(mem, &num, 0, &num))
			return false;
	} else {
		den.exp = -shift;
		if (!scale(mem, &den, 0, &den))
			return false;
	}
	divide(mem, &num, &den, &q, &rest);
	rest.exp = den.exp = 0;
	rest.negative = den.negative = false;
	if (!decimal_add(mem, &rest, &rest, &twice))
		return false;
	normalize(&q);
	if (cmp_size(&twice, &den) >= 0) {
		struct decimal up = { q.n ? q.negative : a->negative != b->negative, (uint8_t *)one,
				      1, -DIV_DIGITS };

		if (!decimal_add(mem, &q, &up, &q))
			return false;
	}
	*ret = q;
	return true;
}
