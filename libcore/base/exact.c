#include "base/exact.h"

enum { TEXT_MAX = 1000 }; /* what is longer is no number that people write */

/* Of the text behind an 'e'. */
static bool read_exponent(struct bytes text, int64_t *ret)
{
	return text.n && num_i64(text, ret) && *ret >= -TEXT_MAX && *ret <= TEXT_MAX;
}

/* Digits with a point among them, perhaps: *ret without the zeros behind the last of them that is
 * none, times 10 to the power of -*ret_scale. */
static bool read_digits(struct bytes text, num_wide *ret, int *ret_scale)
{
	int n_digits = 0, n_zeros = 0, scale = 0;
	bool any = false, point = false;
	num_wide v = 0;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == '.' && !point) {
			point = true;
			continue;
		}
		if (c < '0' || c > '9')
			return false;
		any = true;
		scale += point;
		if (c == '0') {
			n_zeros += v != 0;
			continue;
		}
		if (n_digits + n_zeros >= EXACT_DIGITS_MAX)
			return false;
		for (n_digits += n_zeros + 1; n_zeros > 0; n_zeros--)
			v *= 10;
		v = v * 10 + (c - '0');
	}
	*ret = v;
	*ret_scale = scale - n_zeros;
	return any;
}

/* With no less than 0 digits behind the point. */
static bool scale_up(num_wide *v, int *scale)
{
	num_wide limit = 1;

	for (int i = 1; i < EXACT_DIGITS_MAX; i++)
		limit *= 10;
	for (; *scale < 0; ++*scale) {
		if (*v >= limit)
			return false;
		*v *= 10;
	}
	return *scale <= EXACT_SCALE_MAX;
}

bool exact_read(struct bytes text, struct exact *ret)
{
	const bool minus = text.n && text.p[0] == '-';
	int64_t exponent = 0;
	size_t end = 0;
	num_wide v;
	int scale;

	if (text.n && (text.p[0] == '-' || text.p[0] == '+'))
		text = bytes_sub(text, 1, text.n);
	if (text.n > TEXT_MAX)
		return false;
	while (end < text.n && text.p[end] != 'e' && text.p[end] != 'E')
		end++;
	if (!read_digits(bytes_sub(text, 0, end), &v, &scale))
		return false;
	if (end < text.n && !read_exponent(bytes_sub(text, end + 1, text.n), &exponent))
		return false;
	scale -= (int)exponent;
	if (v == 0)
		scale = 0;
	if (!scale_up(&v, &scale))
		return false;
	*ret = (struct exact){ minus ? -v : v, scale };
	return true;
}

void exact_add(struct buf *b, struct exact v)
{
	char digit[EXACT_DIGITS_MAX + EXACT_SCALE_MAX + 2];
	size_t n = 0;
	num_wide rest = v.units < 0 ? -v.units : v.units;

	if (v.units < 0)
		buf_add_char(b, '-');
	for (int i = 0; rest > 0 || i <= v.scale; i++, rest /= 10) {
		if (i == v.scale && i > 0)
			digit[n++] = '.';
		digit[n++] = (char)('0' + (int)(rest % 10));
	}
	while (n > 0)
		buf_add_char(b, digit[--n]);
}
