#include <math.h>

#include "base/num.h"
#include "time/time.h"

static const struct {
	const char *text;
	double ns;
} units[] = {
	/* longer names first, so that "ms" is not read as "m" */
	{ "ns", 1 },
	{ "us", 1e3 },
	{ "µs", 1e3 },
	{ "ms", 1e6 },
	{ "s", 1e9 },
	{ "m", 60e9 },
	{ "h", 3600e9 },
	{ "d", 24 * 3600e9 },
	{ "w", 7 * 24 * 3600e9 },
	{ "y", 365 * 24 * 3600e9 },
};

static size_t scan_number(struct bytes t)
{
	size_t n = 0;

	while (n < t.n && ((t.p[n] >= '0' && t.p[n] <= '9') || t.p[n] == '.'))
		n++;
	return n;
}

static bool scan_unit(struct bytes *t, double *ret_ns)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		struct bytes u = bytes_str(units[i].text);

		if (!bytes_starts(*t, u))
			continue;
		*t = bytes_sub(*t, u.n, t->n);
		*ret_ns = units[i].ns;
		return true;
	}
	return false;
}

/* NUMBER UNIT pairs up to the end of t; a bare number is seconds. */
static bool scan_duration(struct bytes t, double *ret_ns)
{
	double total = 0, v;
	bool bare = num_double(t, &v) && scan_number(t) == t.n;

	if (bare) {
		*ret_ns = v * 1e9;
		return true;
	}
	if (t.n == 0)
		return false;
	while (t.n > 0) {
		size_t n = scan_number(t);
		double unit;

		if (n == 0 || !num_double(bytes_sub(t, 0, n), &v))
			return false;
		t = bytes_sub(t, n, t.n);
		if (!scan_unit(&t, &unit))
			return false;
		total += v * unit;
	}
	*ret_ns = total;
	return true;
}

int time_parse_duration(struct bytes text, int64_t *ret_ns, struct err *e)
{
	struct bytes t = text;
	bool minus = t.n > 0 && t.p[0] == '-';
	double ns;

	if (minus || (t.n > 0 && t.p[0] == '+'))
		t = bytes_sub(t, 1, t.n);
	if (!scan_duration(t, &ns))
		return err_set(e, ERR_USAGE, "expected a duration as 1h30m, found '%.*s'",
			       BYTES_ARG(text));
	if (ns >= 0x1p63)
		return err_set(e, ERR_USAGE, "duration '%.*s' is too long", BYTES_ARG(text));
	*ret_ns = llround(minus ? -ns : ns);
	return 0;
}

int time_parse_age(struct bytes text, int64_t *ret_ns, struct err *e)
{
	double v;

	if (num_double(text, &v) && v != 0)
		return err_set(e, ERR_USAGE, "expected a duration such as 30d, found '%.*s'",
			       BYTES_ARG(text));
	return time_parse_duration(text, ret_ns, e);
}

/* v / 10^digits with its fraction, zeros at its end left out. */
static void add_fraction(struct buf *b, uint64_t v, unsigned digits)
{
	uint64_t one = 1, part;
	char frac[24];

	for (unsigned i = 0; i < digits; i++)
		one *= 10;
	buf_addf(b, "%llu", (unsigned long long)(v / one));
	part = v % one;
	if (part == 0)
		return;
	snprintf(frac, sizeof(frac), "%0*llu", (int)digits, (unsigned long long)part);
	for (size_t n = digits; n > 0 && frac[n - 1] == '0'; n--)
		frac[n - 1] = '\0';
	buf_addf(b, ".%s", frac);
}

void time_add_duration(struct buf *b, int64_t ns)
{
	uint64_t u = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;

	if (ns < 0)
		buf_add_char(b, '-');
	if (u == 0) {
		buf_add_str(b, "0s");
	} else if (u < NS_PER_S) {
		unsigned digits = u < NS_PER_US ? 0 : u < NS_PER_MS ? 3 : 6;

		add_fraction(b, u, digits);
		buf_add_str(b, digits == 0 ? "ns" : digits == 3 ? "µs" : "ms");
	} else {
		uint64_t minutes = u / (60 * NS_PER_S);

		if (minutes >= 60)
			buf_addf(b, "%lluh", (unsigned long long)(minutes / 60));
		if (minutes > 0)
			buf_addf(b, "%llum", (unsigned long long)(minutes % 60));
		add_fraction(b, u % (60 * NS_PER_S), 9);
		buf_add_char(b, 's');
	}
}
