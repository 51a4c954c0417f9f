#include "logql/unit.h"

#include <math.h>

#include "base/num.h"
#include "time/time.h"

#define DAY_NS (INT64_C(24) * 3600 * NS_PER_S)

static const struct {
	const char *name;
	int64_t ns;
	bool whole; /* printed only when nothing is left over */
} range_units[] = {
	{ "y", 365 * DAY_NS, true },	 { "w", 7 * DAY_NS, true },	{ "d", DAY_NS, false },
	{ "h", 3600 * NS_PER_S, false }, { "m", 60 * NS_PER_S, false }, { "s", NS_PER_S, false },
	{ "ms", NS_PER_MS, false },
};

enum { N_RANGE_UNITS = sizeof(range_units) / sizeof(range_units[0]) };

static size_t count_digits(struct bytes t)
{
	size_t n = 0;

	while (n < t.n && t.p[n] >= '0' && t.p[n] <= '9')
		n++;
	return n;
}

/* Digits are never part of a unit, so a unit is what stands before the next digit. */
static size_t count_unit(struct bytes t)
{
	size_t n = 0;

	while (n < t.n && !(t.p[n] >= '0' && t.p[n] <= '9') && t.p[n] != '.')
		n++;
	return n;
}

bool unit_parse_range(struct bytes text, int64_t *ret_ns, const char **ret_error)
{
	struct bytes t = text;
	int64_t total = 0;
	bool over = false;
	size_t u = 0;

	*ret_error = NULL;
	if (bytes_is(text, "0")) {
		*ret_ns = 0;
		return true;
	}
	if (t.n == 0) {
		*ret_error = "empty duration string";
		return false;
	}
	while (t.n > 0) {
		struct bytes digits = bytes_sub(t, 0, count_digits(t));
		struct bytes unit;
		uint64_t v = 0;
		int64_t part;

		t = bytes_sub(t, digits.n, t.n);
		unit = bytes_sub(t, 0, count_unit(t));
		t = bytes_sub(t, unit.n, t.n);
		while (u < N_RANGE_UNITS && !bytes_is(unit, range_units[u].name))
			u++;
		if (digits.n == 0 || u == N_RANGE_UNITS)
			return false;
		over |= !num_u64(digits, &v) || v > INT64_MAX ||
			__builtin_mul_overflow((int64_t)v, range_units[u].ns, &part) ||
			__builtin_add_overflow(total, part, &total);
		u++;
	}
	if (over) {
		*ret_error = "duration out of range";
		return false;
	}
	*ret_ns = total;
	return true;
}

/* One NUMBER UNIT of a free duration at the start of *t. */
static bool take_part(struct bytes *t, double *total)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = { { "ns", 1 },   { "us", 1e3 }, { "\xc2\xb5s", 1e3 }, { "\xce\xbcs", 1e3 },
		      { "ms", 1e6 }, { "s", 1e9 },  { "m", 60e9 },	  { "h", 3600e9 } };
	struct bytes number, unit;
	size_t n = 0;
	double v;

	while (n < t->n && ((t->p[n] >= '0' && t->p[n] <= '9') || t->p[n] == '.'))
		n++;
	number = bytes_sub(*t, 0, n);
	*t = bytes_sub(*t, n, t->n);
	unit = bytes_sub(*t, 0, count_unit(*t));
	*t = bytes_sub(*t, unit.n, t->n);
	if (!num_double(number, &v))
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (!bytes_is(unit, units[i].name))
			continue;
		*total += v * units[i].ns;
		return true;
	}
	return false;
}

bool unit_parse_duration(struct bytes text, int64_t *ret_ns)
{
	bool minus = text.n > 0 && text.p[0] == '-';
	struct bytes t = minus ? bytes_sub(text, 1, text.n) : text;
	const char *why;
	double total = 0;
	int64_t ns;

	if (t.n == 0)
		return false;
	if (unit_parse_range(t, &ns, &why)) {
		*ret_ns = minus ? -ns : ns;
		return true;
	}
	while (t.n > 0)
		if (!take_part(&t, &total))
			return false;
	if (total >= 0x1p63)
		return false;
	ns = (int64_t)llround(total);
	*ret_ns = minus ? -ns : ns;
	return true;
}

bool unit_parse_bytes(struct bytes text, uint64_t *ret)
{
	static const char prefixes[] = "KMGTP";
	struct bytes unit;
	double v, base = 1000;
	size_t n = 0, power = 0;

	while (n < text.n && ((text.p[n] >= '0' && text.p[n] <= '9') || text.p[n] == '.'))
		n++;
	if (!num_double(bytes_sub(text, 0, n), &v))
		return false;
	unit = bytes_sub(text, n, text.n);
	if (unit.n > 0 && unit.p[0] != 'B') {
		const char *at = strchr(prefixes, unit.p[0] == 'k' ? 'K' : unit.p[0]);

		if (!unit.p[0] || !at)
			return false;
		power = (size_t)(at - prefixes) + 1;
		unit = bytes_sub(unit, 1, unit.n);
		if (unit.n > 0 && unit.p[0] == 'i') {
			base = 1024;
			unit = bytes_sub(unit, 1, unit.n);
		}
	}
	if (unit.n > 1 || (unit.n == 1 && unit.p[0] != 'B'))
		return false;
	for (size_t i = 0; i < power; i++)
		v *= base;
	if (v >= 0x1p64)
		return false;
	*ret = (uint64_t)v;
	return true;
}

void unit_add_range(struct buf *b, int64_t ns)
{
	int64_t left = ns - ns % NS_PER_MS;

	if (left == 0)
		buf_add_str(b, "0s");
	for (size_t i = 0; i < N_RANGE_UNITS; i++) {
		int64_t n = left / range_units[i].ns;

		if (n == 0 || (range_units[i].whole && left % range_units[i].ns != 0))
			continue;
		num_add_i64(b, n);
		buf_add_str(b, range_units[i].name);
		left -= n * range_units[i].ns;
	}
}

void unit_add_bytes(struct buf *b, uint64_t n)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB" };
	double v = (double)n;
	size_t u = 0;

	if (n < 10) {
		buf_addf(b, "%uB", (unsigned)n);
		return;
	}
	for (; v >= 1000 && u + 1 < sizeof(units) / sizeof(units[0]); u++)
		v /= 1000;
	v = floor(v * 10 + 0.5) / 10;
	buf_addf(b, v < 10 ? "%.1f%s" : "%.0f%s", v, units[u]);
}
