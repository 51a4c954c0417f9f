#include "cost/money.h"

enum { FRACTION = 9 };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Digits and at most one point in [p, end); *ret_left: how many digits of the nine are missing.
 * Behind the ninth only the first counts. False: something else is there, or nothing; *ret_large:
 * too large, where *ret_nano has no meaning. */
static bool read_plain(const char *p, const char *end, uint64_t *ret_nano, bool *ret_large)
{
	uint64_t v = 0;
	int n = 0, behind = -1; /* digits behind the point */
	bool up = false;

	*ret_large = false;
	for (; p < end; p++) {
		if (*p == '.' && behind < 0) {
			behind = 0;
			continue;
		}
		if (!is_digit(*p))
			return false;
		n++;
		if (behind >= FRACTION) {
			if (behind++ == FRACTION)
				up = *p >= '5';
			continue;
		}
		behind += behind >= 0;
		if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, *p - '0', &v))
			*ret_large = true;
	}
	for (int i = behind < 0 ? 0 : behind; i < FRACTION; i++)
		if (__builtin_mul_overflow(v, 10, &v))
			*ret_large = true;
	*ret_nano = v + up;
	*ret_large |= *ret_nano > INT64_MAX;
	return n > 0;
}

/* v / d, rounded; d is above 0. */
static num_wide divide(num_wide v, num_wide d)
{
	num_wide q = v / d, rest = v % d;

	if (rest < 0)
		rest = -rest;
	if (rest >= d - rest)
		q += v < 0 ? -1 : 1;
	return q;
}

/* *v times 10^n; false when it does not fit. */
static bool scale_up(num_wide *v, int n)
{
	while (n-- > 0)
		if (__builtin_mul_overflow(*v, 10, v))
			return false;
	return true;
}

static bool to_nano(num_wide v, int64_t *ret_nano)
{
	if (v > INT64_MAX || v < -INT64_MAX)
		return false;
	*ret_nano = (int64_t)v;
	return true;
}

/* v / 10^scale, rounded. */
static num_wide scale_down(num_wide v, int scale)
{
	num_wide d = 1;

	return scale_up(&d, scale) ? divide(v, d) : 0;
}

static enum money_read read_any(struct bytes text, int64_t *ret_nano)
{
	struct exact x;

	if (!exact_read(text, &x))
		return MONEY_NO_NUMBER;
	if (x.scale > FRACTION)
		x.units = scale_down(x.units, x.scale - FRACTION);
	else if (!scale_up(&x.units, FRACTION - x.scale))
		return MONEY_TOO_LARGE;
	return to_nano(x.units, ret_nano) ? MONEY_READ : MONEY_TOO_LARGE;
}

enum money_read money_read(struct bytes text, int64_t *ret_nano)
{
	const char *p = text.p, *end = text.n ? text.p + text.n : text.p;
	bool minus = p < end && *p == '-', large;
	uint64_t nano;

	if (!read_plain(p + minus, end, &nano, &large))
		return read_any(text, ret_nano);
	if (large)
		return MONEY_TOO_LARGE;
	*ret_nano = minus ? -(int64_t)nano : (int64_t)nano;
	return MONEY_READ;
}

bool money_times(int64_t nano, struct exact quantity, uint64_t per, int64_t *ret_nano)
{
	num_wide v, d = per;

	return !__builtin_mul_overflow((num_wide)nano, quantity.units, &v) &&
	       scale_up(&d, quantity.scale) && to_nano(divide(v, d), ret_nano);
}

bool money_is_currency(struct bytes text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] < 'A' || text.p[i] > 'Z')
			return false;
	return text.n == 3;
}

bool money_add(int64_t *sum, int64_t nano)
{
	int64_t v;

	if (__builtin_add_overflow(*sum, nano, &v))
		return false;
	*sum = v;
	return true;
}

num_wide money_cents(num_wide nano)
{
	const int64_t cent = MONEY_ONE / 100;

	return (nano + (nano < 0 ? -cent : cent) / 2) / cent * cent;
}

void money_text(struct buf *b, num_wide nano)
{
	bool minus = nano < 0;
	num_wide whole = nano / MONEY_ONE, rest = nano % MONEY_ONE;
	char fraction[FRACTION + 1], digits[40];
	size_t n = FRACTION, at = sizeof(digits);

	if (minus) {
		whole = -whole;
		rest = -rest;
	}
	for (; whole > 0 || at == sizeof(digits); whole /= 10)
		digits[--at] = (char)('0' + (int)(whole % 10));
	for (size_t i = FRACTION; i-- > 0; rest /= 10)
		fraction[i] = (char)('0' + (int)(rest % 10));
	while (n > 2 && fraction[n - 1] == '0')
		n--;
	if (minus)
		buf_add_char(b, '-');
	buf_add(b, digits + at, sizeof(digits) - at);
	buf_add_char(b, '.');
	buf_add(b, fraction, n);
}
