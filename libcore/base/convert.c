#include "base/convert.h"

#include <ctype.h>
#include <math.h>

#include "base/num.h"

bool convert_number(struct bytes text, double *ret)
{
	bool hex = false, power = false;

	if (text.n == 0 || text.n > 400 || isspace((unsigned char)text.p[0]))
		return false;
	for (size_t i = 0; i < text.n; i++) {
		hex |= text.p[i] == 'x' || text.p[i] == 'X';
		power |= text.p[i] == 'p' || text.p[i] == 'P';
		if (text.p[i] == '(') /* strtod's nan(...) */
			return false;
	}
	if (hex && !power)
		return false;
	return num_double(text, ret) &&
	       (!isinf(*ret) || !isdigit((unsigned char)text.p[text.n - 1]));
}

static size_t unit_ns(struct bytes t, double *ret)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = { { "ns", 1 },   { "us", 1e3 }, { "\xc2\xb5s", 1e3 }, { "\xce\xbcs", 1e3 },
		      { "ms", 1e6 }, { "s", 1e9 },  { "m", 60e9 },	  { "h", 3600e9 } };

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		struct bytes u = bytes_str(units[i].name);

		if (bytes_starts(t, u) &&
		    (t.n == u.n || t.p[u.n] == '.' || isdigit((unsigned char)t.p[u.n]))) {
			*ret = units[i].ns;
			return u.n;
		}
	}
	return 0;
}

bool convert_duration(struct bytes t, int64_t *ret_ns)
{
	long double sum = 0;
	bool minus = t.n && t.p[0] == '-';

	if (t.n && (t.p[0] == '-' || t.p[0] == '+'))
		t = bytes_sub(t, 1, t.n);
	if (bytes_is(t, "0")) {
		*ret_ns = 0;
		return true;
	}
	if (t.n == 0)
		return false;
	while (t.n) {
		/* Digits behind the point are a whole number too, so that 1.345s is exact. */
		double v = 0, fraction = 0, scale = 1, ns;
		size_t i = 0, digits = 0, unit;

		for (; i < t.n && isdigit((unsigned char)t.p[i]); i++, digits++)
			v = v * 10 + (t.p[i] - '0');
		if (i < t.n && t.p[i] == '.') {
			for (i++; i < t.n && isdigit((unsigned char)t.p[i]); i++, digits++) {
				if (scale < 1e15) {
					fraction = fraction * 10 + (t.p[i] - '0');
					scale *= 10;
				}
			}
		}
		if (digits == 0)
			return false;
		t = bytes_sub(t, i, t.n);
		unit = unit_ns(t, &ns);
		if (unit == 0)
			return false;
		sum += (long double)v * ns + floor(fraction * (ns / scale));
		t = bytes_sub(t, unit, t.n);
	}
	if (sum >= 9223372036854775807.0L)
		return false;
	*ret_ns = (int64_t)(minus ? -sum : sum);
	return true;
}

bool convert_bytes(struct bytes text, uint64_t *ret)
{
	static const char steps[] = "kmgtpe";
	char digits[64];
	size_t i = 0, n = 0;
	struct bytes unit;
	double v, base = 1000;

	for (; i < text.n &&
	       (isdigit((unsigned char)text.p[i]) || text.p[i] == '.' || text.p[i] == ',');
	     i++)
		if (text.p[i] != ',' && n < sizeof(digits))
			digits[n++] = text.p[i];
	if (n == sizeof(digits) || !num_double(bytes_of(digits, n), &v))
		return false;
	unit = bytes_trim(bytes_sub(text, i, text.n));
	if (unit.n == 0 || (unit.n == 1 && (unit.p[0] | 0x20) == 'b')) {
		*ret = (uint64_t)v;
		return v < 18446744073709551616.0;
	}
	const char *step = strchr(steps, unit.p[0] | 0x20);

	if (!step || unit.n > 3)
		return false;
	unit = bytes_sub(unit, 1, unit.n);
	if (unit.n && (unit.p[0] | 0x20) == 'i') {
		base = 1024;
		unit = bytes_sub(unit, 1, unit.n);
	}
	if (unit.n > 1 || (unit.n == 1 && (unit.p[0] | 0x20) != 'b'))
		return false;
	v *= pow(base, (double)(step - steps + 1));
	*ret = (uint64_t)v;
	return v < 18446744073709551616.0;
}
