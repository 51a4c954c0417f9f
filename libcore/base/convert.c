#include "base/convert.h"

#include <ctype.h>
#include <math.h>

#include "base/num.h"

enum { NUMBER_MAX = 400 };

/* Removes underscores, each of which must stand between digits; 0x counts as one. */
static bool strip_underscores(struct bytes *text, char space[NUMBER_MAX])
{
	size_t n = 0, prefix = text->p[0] == '-' || text->p[0] == '+';
	bool hex = text->n > prefix + 1 && text->p[prefix] == '0' &&
		   (text->p[prefix + 1] | 0x20) == 'x';
	bool digit = false, before = false;

	for (size_t i = 0; i < text->n; i++, before = digit) {
		unsigned char c = (unsigned char)text->p[i];

		digit = hex ? isxdigit(c) || i == prefix + 1 : isdigit(c);
		if (c != '_')
			space[n++] = (char)c;
		else if (!before || i + 1 == text->n ||
			 !(hex ? isxdigit((unsigned char)text->p[i + 1])
			       : isdigit((unsigned char)text->p[i + 1])))
			return false;
	}
	*text = bytes_of(space, n);
	return true;
}

bool convert_number(struct bytes text, double *ret)
{
	bool hex = false, power = false;
	char space[NUMBER_MAX];

	if (num_plain_double(text, ret))
		return true;
	if (text.n == 0 || text.n > NUMBER_MAX || isspace((unsigned char)text.p[0]))
		return false;
	if (memchr(text.p, '_', text.n) && !strip_underscores(&text, space))
		return false;
	for (size_t i = 0; i < text.n; i++) {
		hex |= text.p[i] == 'x' || text.p[i] == 'X';
		power |= text.p[i] == 'p' || text.p[i] == 'P';
		if (text.p[i] == '(') /* strtod's nan(...) */
			return false;
		if (i == 1 && (text.p[1] | 0x20) == 'n' && !isalpha((unsigned char)text.p[0]))
			return false; /* +nan */
	}
	if (hex && !power)
		return false;
	return num_double(text, ret) &&
	       (!isinf(*ret) || !isdigit((unsigned char)text.p[text.n - 1]));
}

static uint64_t unit_ns(struct bytes name)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = { { "ns", 1 },	     { "us", 1000 },	    { "\xc2\xb5s", 1000 },
		      { "\xce\xbcs", 1000 }, { "ms", 1000000 },	    { "s", 1000000000 },
		      { "m", 60000000000 },  { "h", 3600000000000 } };

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (bytes_is(name, units[i].name))
			return units[i].ns;
	return 0;
}

static bool is_digit(struct bytes t)
{
	return t.n && isdigit((unsigned char)t.p[0]);
}

/* The digits in front of *t, as 123 or 1.5: false when there are none or too many. What stands
 * behind the point is *fraction of *scale, digits past an int64 left out. */
static bool take_decimal(struct bytes *t, uint64_t *whole, uint64_t *fraction, double *scale)
{
	bool any = false, room = true;

	*whole = *fraction = 0;
	*scale = 1;
	for (; is_digit(*t); *t = bytes_sub(*t, 1, t->n), any = true)
		if (__builtin_mul_overflow(*whole, 10, whole) ||
		    __builtin_add_overflow(*whole, (uint64_t)(t->p[0] - '0'), whole) ||
		    *whole > 1ULL << 63)
			return false;
	if (t->n == 0 || t->p[0] != '.')
		return any;
	*t = bytes_sub(*t, 1, t->n);
	for (; is_digit(*t); *t = bytes_sub(*t, 1, t->n), any = true) {
		uint64_t next = *fraction * 10 + (uint64_t)(t->p[0] - '0');

		room = room && *fraction <= INT64_MAX / 10 && next <= 1ULL << 63;
		if (!room)
			continue;
		*fraction = next;
		*scale *= 10;
	}
	return any;
}

enum duration_fault convert_duration_fault(struct bytes t, int64_t *ret_ns, struct bytes *ret_unit)
{
	bool minus = t.n && t.p[0] == '-';
	uint64_t sum = 0;

	if (t.n && (t.p[0] == '-' || t.p[0] == '+'))
		t = bytes_sub(t, 1, t.n);
	*ret_ns = 0;
	if (bytes_is(t, "0"))
		return DURATION_GOOD;
	if (t.n == 0)
		return DURATION_INVALID;
	while (t.n) {
		uint64_t v, fraction, ns;
		double scale;
		size_t n = 0;

		if (!take_decimal(&t, &v, &fraction, &scale))
			return DURATION_INVALID;
		while (n < t.n && t.p[n] != '.' && !isdigit((unsigned char)t.p[n]))
			n++;
		*ret_unit = bytes_sub(t, 0, n);
		t = bytes_sub(t, n, t.n);
		if (n == 0)
			return DURATION_NO_UNIT;
		ns = unit_ns(*ret_unit);
		if (ns == 0)
			return DURATION_UNKNOWN_UNIT;
		if (__builtin_mul_overflow(v, ns, &v) || v > 1ULL << 63)
			return DURATION_INVALID;
		v += (uint64_t)((double)fraction * ((double)ns / scale));
		if (v > 1ULL << 63 || __builtin_add_overflow(sum, v, &sum) || sum > 1ULL << 63)
			return DURATION_INVALID;
	}
	if (sum > INT64_MAX && !minus)
		return DURATION_INVALID;
	*ret_ns = (int64_t)(minus ? 0 - sum : sum);
	return DURATION_GOOD;
}

bool convert_duration(struct bytes text, int64_t *ret_ns)
{
	struct bytes unit;

	return convert_duration_fault(text, ret_ns, &unit) == DURATION_GOOD;
}

struct bytes convert_bytes_unit(struct bytes text)
{
	size_t i = 0;

	while (i < text.n &&
	       (isdigit((unsigned char)text.p[i]) || text.p[i] == '.' || text.p[i] == ','))
		i++;
	return bytes_sub(text, i, text.n);
}

static bool whole(double v, uint64_t *ret)
{
	if (!(v < 18446744073709551616.0))
		return false;
	*ret = (uint64_t)v;
	return true;
}

bool convert_bytes(struct bytes text, uint64_t *ret)
{
	static const char steps[] = "kmgtpe";
	char digits[64];
	struct bytes unit = convert_bytes_unit(text);
	size_t n = 0;
	double v, base = 1000;

	for (size_t i = 0; i < text.n - unit.n; i++)
		if (text.p[i] != ',' && n < sizeof(digits))
			digits[n++] = text.p[i];
	if (n == sizeof(digits) || !num_double(bytes_of(digits, n), &v))
		return false;
	unit = bytes_trim(unit);
	if (unit.n == 0 || (unit.n == 1 && (unit.p[0] | 0x20) == 'b'))
		return whole(v, ret);
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
	return whole(v * pow(base, (double)(step - steps + 1)), ret);
}
