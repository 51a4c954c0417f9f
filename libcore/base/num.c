#include "base/num.h"

#include <math.h>
#include <stdlib.h>

enum { TEXT_MAX = 400 }; /* longest text of a number that we look at */

bool num_u64(struct bytes text, uint64_t *ret)
{
	uint64_t v = 0;

	if (text.n == 0 || text.n > 20)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		unsigned d = (unsigned char)text.p[i] - (unsigned)'0';

		if (d > 9 || __builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, d, &v))
			return false;
	}
	*ret = v;
	return true;
}

bool num_i64(struct bytes text, int64_t *ret)
{
	bool minus = text.n > 0 && text.p[0] == '-';
	uint64_t v;

	if (minus || (text.n > 0 && text.p[0] == '+'))
		text = bytes_sub(text, 1, text.n);
	if (!num_u64(text, &v) || v > (uint64_t)INT64_MAX + minus)
		return false;
	*ret = minus ? (int64_t)(0 - v) : (int64_t)v;
	return true;
}

bool num_plain_double(struct bytes text, double *ret)
{
	static const double power[] = { 1,   1e1, 1e2,	1e3,  1e4,  1e5,  1e6,	1e7,
					1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15 };
	size_t i = text.n > 0 && text.p[0] == '-', digits = text.n - i, point = text.n;
	uint64_t v = 0;

	if (digits == 0 || digits > 16)
		return false;
	for (; i < text.n; i++) {
		unsigned d = (unsigned char)text.p[i] - (unsigned)'0';

		if (d <= 9)
			v = v * 10 + d;
		else if (text.p[i] == '.' && point == text.n)
			point = i;
		else
			return false;
	}
	digits -= point < text.n;
	if (digits == 0 || digits > 15)
		return false;
	*ret = (double)v; /* exact, as the power is: rounded once, as strtod does */
	if (point < text.n)
		*ret /= power[text.n - point - 1];
	if (text.p[0] == '-')
		*ret = -*ret;
	return true;
}

bool num_double(struct bytes text, double *ret)
{
	char s[TEXT_MAX + 1];
	char *end;
	double v;

	if (num_plain_double(text, ret))
		return true;
	if (text.n == 0 || text.n > TEXT_MAX || text.p[0] == ' ')
		return false;
	memcpy(s, text.p, text.n);
	s[text.n] = '\0';
	v = strtod(s, &end);
	if (end != s + text.n)
		return false;
	*ret = v;
	return true;
}

bool num_size(struct bytes text, uint64_t *ret_bytes)
{
	static const struct {
		const char *unit;
		double factor;
	} units[] = {
		{ "", 1 },	   { "B", 1 },	    { "kB", 1e3 },     { "KB", 1e3 },
		{ "MB", 1e6 },	   { "GB", 1e9 },   { "TB", 1e12 },    { "K", 1024.0 },
		{ "KiB", 1024 },   { "M", 0x1p20 }, { "MiB", 0x1p20 }, { "G", 0x1p30 },
		{ "GiB", 0x1p30 }, { "T", 0x1p40 }, { "TiB", 0x1p40 },
	};
	size_t digits = 0;
	double v;

	while (digits < text.n &&
	       ((text.p[digits] >= '0' && text.p[digits] <= '9') || text.p[digits] == '.'))
		digits++;
	if (digits == 0 || !num_double(bytes_sub(text, 0, digits), &v))
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (!bytes_is(bytes_sub(text, digits, text.n), units[i].unit))
			continue;
		v *= units[i].factor;
		if (v >= 0x1p63)
			return false;
		*ret_bytes = (uint64_t)v;
		return true;
	}
	return false;
}

void num_add_count(struct buf *b, uint64_t n, const char *one, const char *many)
{
	buf_addf(b, "%llu %s", (unsigned long long)n, num_word(n, one, many));
}

void num_add_size(struct buf *b, uint64_t n_bytes)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	double v = (double)n_bytes / 1024;
	size_t u = 0;

	if (n_bytes < 1024) {
		buf_addf(b, "%u B", (unsigned)n_bytes);
		return;
	}
	for (; v >= 1024 && u + 1 < sizeof(units) / sizeof(units[0]); u++)
		v /= 1024;
	buf_addf(b, "%.1f %s", v, units[u]);
}

void num_add_whole_size(struct buf *b, uint64_t n_bytes, const char *binary)
{
	static const char letters[] = "KMGTPE";
	size_t i = 0;

	for (; n_bytes && n_bytes % 1024 == 0 && letters[i]; i++)
		n_bytes /= 1024;
	buf_addf(b, "%llu", (unsigned long long)n_bytes);
	if (i > 0)
		buf_addf(b, "%c%s", letters[i - 1], binary);
	buf_add_char(b, 'B');
}

/* Writes digits d1d2d3... with the decimal point behind the first `point` of them, without an
 * exponent. */
static void add_plain(struct buf *b, const char *digits, int n, int point)
{
	if (point <= 0) {
		buf_add_str(b, "0.");
		for (int i = point; i < 0; i++)
			buf_add_char(b, '0');
		buf_add(b, digits, (size_t)n);
		return;
	}
	for (int i = 0; i < point; i++)
		buf_add_char(b, i < n ? digits[i] : '0');
	if (n > point) {
		buf_add_char(b, '.');
		buf_add(b, digits + point, (size_t)(n - point));
	}
}

void num_add_double(struct buf *b, double v)
{
	char digits[NUM_DIGITS_MAX];
	int n, exponent;

	if (isnan(v) || isinf(v)) {
		buf_add_str(b, isnan(v) ? "NaN" : v > 0 ? "+Inf" : "-Inf");
		return;
	}
	if (v == 0) {
		buf_add_str(b, signbit(v) ? "-0" : "0");
		return;
	}
	if (fabs(v) < 1e15 && v == (double)(int64_t)v) {
		num_add_i64(b, (int64_t)v);
		return;
	}
	n = num_digits(fabs(v), digits, &exponent);
	if (v < 0)
		buf_add_char(b, '-');
	add_plain(b, digits, n, exponent + 1);
}

void num_add_i64(struct buf *b, int64_t v)
{
	char text[24];
	char *p = text + sizeof(text);
	uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

	do
		*--p = (char)('0' + u % 10);
	while (u /= 10);
	if (v < 0)
		*--p = '-';
	buf_add(b, p, (size_t)(text + sizeof(text) - p));
}

int num_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}
