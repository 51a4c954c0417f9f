#include "slo/big.h"

#include <math.h>

enum { LIMB_BITS = 32, DIGITS_OF_LIMB = 9 };

static const uint32_t TEN_TO_9 = 1000000000;

static void trim(struct big *a)
{
	while (a->n && a->limb[a->n - 1] == 0)
		a->n--;
}

struct big big_of(num_wide v)
{
	struct big a = { 0 };

	for (; v > 0; v >>= LIMB_BITS)
		a.limb[a.n++] = (uint32_t)v;
	return a;
}

bool big_add(const struct big *a, const struct big *b, struct big *ret)
{
	struct big sum = { .n = a->n > b->n ? a->n : b->n };
	uint64_t carry = 0;

	for (unsigned i = 0; i < sum.n; i++) {
		carry += i < a->n ? a->limb[i] : 0;
		carry += i < b->n ? b->limb[i] : 0;
		sum.limb[i] = (uint32_t)carry;
		carry >>= LIMB_BITS;
	}
	if (carry && sum.n == BIG_LIMBS)
		return false;
	if (carry)
		sum.limb[sum.n++] = (uint32_t)carry;
	*ret = sum;
	return true;
}

struct big big_sub(const struct big *a, const struct big *b)
{
	struct big diff = { .n = a->n };
	int64_t borrow = 0;

	for (unsigned i = 0; i < a->n; i++) {
		borrow += (int64_t)a->limb[i] - (i < b->n ? b->limb[i] : 0);
		diff.limb[i] = (uint32_t)borrow;
		borrow >>= LIMB_BITS; /* 0 or -1 */
	}
	trim(&diff);
	return diff;
}

struct product {
	unsigned n;
	uint32_t limb[2 * BIG_LIMBS];
};

static struct product multiply(const struct big *a, const struct big *b)
{
	struct product p = { .n = a->n + b->n };

	for (unsigned i = 0; i < a->n; i++) {
		uint64_t carry = 0;

		for (unsigned k = 0; k < b->n; k++) {
			carry += (uint64_t)a->limb[i] * b->limb[k] + p.limb[i + k];
			p.limb[i + k] = (uint32_t)carry;
			carry >>= LIMB_BITS;
		}
		p.limb[i + b->n] = (uint32_t)carry;
	}
	while (p.n && p.limb[p.n - 1] == 0)
		p.n--;
	return p;
}

bool big_mul(const struct big *a, const struct big *b, struct big *ret)
{
	struct product p = multiply(a, b);

	if (p.n > BIG_LIMBS)
		return false;
	*ret = (struct big){ .n = p.n };
	memcpy(ret->limb, p.limb, p.n * sizeof(*p.limb));
	return true;
}

static int compare_limbs(const uint32_t *a, unsigned n_a, const uint32_t *b, unsigned n_b)
{
	if (n_a != n_b)
		return n_a < n_b ? -1 : 1;
	for (unsigned i = n_a; i-- > 0;)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return 0;
}

int big_cmp(const struct big *a, const struct big *b)
{
	return compare_limbs(a->limb, a->n, b->limb, b->n);
}

int big_cmp_products(const struct big *a, const struct big *b, const struct big *c,
		     const struct big *d)
{
	struct product x = multiply(a, b), y = multiply(c, d);

	return compare_limbs(x.limb, x.n, y.limb, y.n);
}

bool big_pow10(unsigned exponent, struct big *ret)
{
	const struct big ten = big_of(10);
	struct big power = big_of(1);

	for (; exponent > 0; exponent--)
		if (!big_mul(&power, &ten, &power))
			return false;
	*ret = power;
	return true;
}

static unsigned bits_of(const struct big *a)
{
	return a->n ? a->n * LIMB_BITS - (unsigned)__builtin_clz(a->limb[a->n - 1]) : 0;
}

/* By less than a limb, or by whole limbs; it fits. */
static struct big shift_left(const struct big *a, unsigned bits)
{
	unsigned limbs = bits / LIMB_BITS, rest = bits % LIMB_BITS;
	struct big s = { .n = a->n ? a->n + limbs : 0 };
	uint64_t carry = 0;

	for (unsigned i = 0; i < a->n; i++) {
		carry |= (uint64_t)a->limb[i] << rest;
		s.limb[i + limbs] = (uint32_t)carry;
		carry >>= LIMB_BITS;
	}
	if (carry)
		s.limb[s.n++] = (uint32_t)carry;
	return s;
}

static void shift_right(struct big *a, unsigned bits)
{
	unsigned limbs = bits / LIMB_BITS, rest = bits % LIMB_BITS;

	for (unsigned i = 0; i < a->n; i++) {
		uint64_t low = i + limbs < a->n ? a->limb[i + limbs] : 0;
		uint64_t high = i + limbs + 1 < a->n ? a->limb[i + limbs + 1] : 0;

		a->limb[i] = (uint32_t)((high << LIMB_BITS | low) >> rest);
	}
	trim(a);
}

/* Bit by bit: numbers are short, and few are divided. */
struct big big_div(const struct big *a, const struct big *b, struct big *ret_rest)
{
	struct big quotient = { 0 }, rest = *a, part;

	if (big_cmp(a, b) >= 0) {
		unsigned shift = bits_of(a) - bits_of(b);

		quotient.n = shift / LIMB_BITS + 1;
		part = shift_left(b, shift);
		for (unsigned i = shift + 1; i-- > 0; shift_right(&part, 1)) {
			if (big_cmp(&rest, &part) < 0)
				continue;
			rest = big_sub(&rest, &part);
			quotient.limb[i / LIMB_BITS] |= UINT32_C(1) << i % LIMB_BITS;
		}
		trim(&quotient);
	}
	if (ret_rest)
		*ret_rest = rest;
	return quotient;
}

static unsigned zero_bits(const struct big *a)
{
	unsigned i = 0;

	while (a->limb[i] == 0)
		i++;
	return i * LIMB_BITS + (unsigned)__builtin_ctz(a->limb[i]);
}

/* Stein's way, which needs no division. */
struct big big_gcd(struct big a, struct big b)
{
	unsigned twos_a, twos_b;

	if (big_is_zero(&a) || big_is_zero(&b))
		return big_is_zero(&a) ? b : a;
	twos_a = zero_bits(&a);
	twos_b = zero_bits(&b);
	shift_right(&a, twos_a);
	shift_right(&b, twos_b);
	for (int c; (c = big_cmp(&a, &b)) != 0;) {
		struct big *larger = c > 0 ? &a : &b;

		*larger = big_sub(larger, c > 0 ? &b : &a);
		shift_right(larger, zero_bits(larger));
	}
	return shift_left(&a, twos_a < twos_b ? twos_a : twos_b);
}

double big_double(const struct big *a)
{
	double v = 0;

	for (unsigned i = a->n; i-- > 0;)
		v = ldexp(v, LIMB_BITS) + a->limb[i];
	return v;
}

static uint32_t take_digits(struct big *a)
{
	uint64_t rest = 0;

	for (unsigned i = a->n; i-- > 0;) {
		rest = rest << LIMB_BITS | a->limb[i];
		a->limb[i] = (uint32_t)(rest / TEN_TO_9);
		rest %= TEN_TO_9;
	}
	trim(a);
	return (uint32_t)rest;
}

void big_add_text(struct buf *out, const struct big *a)
{
	uint32_t group[BIG_LIMBS * LIMB_BITS / 29 + 1]; /* 29 bits are less than nine digits */
	struct big left = *a;
	unsigned n = 0;

	do {
		group[n++] = take_digits(&left);
	} while (!big_is_zero(&left));
	buf_addf(out, "%u", group[--n]);
	while (n > 0)
		buf_addf(out, "%0*u", DIGITS_OF_LIMB, group[--n]);
}
