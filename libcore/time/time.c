/*
 * Calendar by days since 1970-01-01 in the proleptic Gregorian calendar: the year is counted
 * from March, so that the leap day is its last and months have a regular length.
 */
#include "time/time.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>

#include "base/num.h"
#include "time/calendar.h"

enum { DAYS_PER_ERA = 146097, EPOCH_IN_ERA = 719468 };

int64_t time_floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

int64_t time_days_of_date(int64_t y, int m, int d)
{
	int64_t era, yoe, doy, doe;

	y -= m <= 2;
	era = time_floor_div(y, 400);
	yoe = y - era * 400;
	doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
	return era * DAYS_PER_ERA + doe - EPOCH_IN_ERA;
}

void time_date_of_days(int64_t days, int64_t *ret_y, int *ret_m, int *ret_d)
{
	int64_t z = days + EPOCH_IN_ERA;
	int64_t era = time_floor_div(z, DAYS_PER_ERA);
	int64_t doe = z - era * DAYS_PER_ERA;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;

	*ret_d = (int)(doy - (153 * mp + 2) / 5 + 1);
	*ret_m = (int)(mp < 10 ? mp + 3 : mp - 9);
	*ret_y = yoe + era * 400 + (*ret_m <= 2);
}

int time_days_in(int64_t y, int m)
{
	static const int month_days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);

	return month_days[m - 1] + (leap && m == 2);
}

int32_t time_day(int64_t ts_ns)
{
	return (int32_t)time_floor_div(ts_ns, S_PER_DAY * NS_PER_S);
}

int64_t time_day_start(int32_t day)
{
	int64_t ns;

	if (__builtin_mul_overflow((int64_t)day, S_PER_DAY * NS_PER_S, &ns))
		return day < 0 ? INT64_MIN : INT64_MAX;
	return ns;
}

void time_day_text(int32_t day, char ret[TIME_DAY_LEN + 1])
{
	int64_t y;
	int m, d;
	char text[40];

	time_date_of_days(day, &y, &m, &d);
	snprintf(text, sizeof(text), "%04d-%02d-%02d", (int)y, m, d);
	memcpy(ret, text, TIME_DAY_LEN);
	ret[TIME_DAY_LEN] = '\0';
}

/* n digits at off; -1 when there are not. */
static int digits_at(struct bytes t, size_t off, size_t n)
{
	int v = 0;

	if (off + n > t.n)
		return -1;
	for (size_t i = off; i < off + n; i++) {
		if (t.p[i] < '0' || t.p[i] > '9')
			return -1;
		v = v * 10 + (t.p[i] - '0');
	}
	return v;
}

/* YYYY-MM-DD at the start of t. */
static bool scan_date(struct bytes t, int64_t *ret_days)
{
	int y = digits_at(t, 0, 4), m = digits_at(t, 5, 2), d = digits_at(t, 8, 2);

	if (y < 0 || m < 1 || m > 12 || d < 1 || t.p[4] != '-' || t.p[7] != '-')
		return false;
	if (d > time_days_in(y, m))
		return false;
	*ret_days = time_days_of_date(y, m, d);
	return true;
}

bool time_day_parse(struct bytes text, int32_t *ret_day)
{
	int64_t days;

	if (text.n != TIME_DAY_LEN || !scan_date(text, &days))
		return false;
	*ret_day = (int32_t)days;
	return true;
}

/* ".123" at off: nanoseconds; moves *off behind. Digits beyond nine are dropped. */
static int64_t scan_fraction(struct bytes t, size_t *off)
{
	int64_t ns = 0, unit = NS_PER_S / 10;
	size_t i = *off;

	if (i + 1 >= t.n || (t.p[i] != '.' && t.p[i] != ',') || digits_at(t, i + 1, 1) < 0)
		return 0;
	for (i++; i < t.n && t.p[i] >= '0' && t.p[i] <= '9'; i++, unit /= 10)
		ns += (t.p[i] - '0') * unit;
	*off = i;
	return ns;
}

/* "Z" or "+hh:mm" at off: seconds east of UTC; moves *off behind. */
static bool scan_zone(struct bytes t, size_t *off, int64_t *ret_s)
{
	size_t i = *off;
	int h, m;

	if (i < t.n && (t.p[i] == 'Z' || t.p[i] == 'z')) {
		*off = i + 1;
		*ret_s = 0;
		return true;
	}
	if (i >= t.n || (t.p[i] != '+' && t.p[i] != '-'))
		return false;
	h = digits_at(t, i + 1, 2);
	m = digits_at(t, i + 4, 2);
	if (h < 0 || h > 23 || m < 0 || m > 59 || t.p[i + 3] != ':')
		return false;
	*ret_s = (h * 3600 + m * 60) * (t.p[i] == '-' ? -1 : 1);
	*off = i + 6;
	return true;
}

size_t time_scan_rfc3339(struct bytes text, int64_t *ret_ns)
{
	int64_t days, zone, frac, s, ns;
	int h, m, sec;
	size_t off = 19;

	if (text.n < 20 || !scan_date(text, &days))
		return 0;
	if (text.p[10] != 'T' && text.p[10] != 't' && text.p[10] != ' ')
		return 0;
	h = digits_at(text, 11, 2);
	m = digits_at(text, 14, 2);
	sec = digits_at(text, 17, 2);
	if (h < 0 || h > 23 || m < 0 || m > 59 || sec < 0 || sec > 60 || text.p[13] != ':' ||
	    text.p[16] != ':')
		return 0;
	frac = scan_fraction(text, &off);
	if (!scan_zone(text, &off, &zone))
		return 0;
	s = days * S_PER_DAY + h * 3600 + m * 60 + sec - zone;
	if (__builtin_mul_overflow(s, NS_PER_S, &ns) || __builtin_add_overflow(ns, frac, &ns))
		return 0;
	*ret_ns = ns;
	return off;
}

/* "1768471200.123", "-5.5", to the nanosecond, which a double would not give. */
static bool parse_seconds(struct bytes t, int64_t *ret_ns)
{
	bool minus = t.n > 0 && t.p[0] == '-';
	const char *dot = memchr(t.p, '.', t.n);
	size_t off = dot ? (size_t)(dot - t.p) - minus : 0;
	int64_t s, ns;

	t = bytes_sub(t, minus, t.n);

	if (off == 0 || off > 10 || digits_at(t, 0, 1) < 0 || !num_i64(bytes_of(t.p, off), &s) ||
	    __builtin_mul_overflow(s, NS_PER_S, &s))
		return false;
	ns = scan_fraction(t, &off);
	if (off != t.n || __builtin_add_overflow(s, ns, &s))
		return false;
	*ret_ns = minus ? -s : s;
	return true;
}

static bool parse_number(struct bytes t, int64_t *ret_ns)
{
	int64_t v;
	double s;

	if (num_i64(t, &v)) {
		/* As Loki has it: longer integers are nanoseconds. */
		if (t.n <= 10 && __builtin_mul_overflow(v, NS_PER_S, &v))
			return false;
		*ret_ns = v;
		return true;
	}
	if (parse_seconds(t, ret_ns))
		return true;
	if (memchr(t.p, '.', t.n) && t.p[0] != '-' && t.p[0] != '+' && num_double(t, &s) &&
	    s < 9e9) {
		*ret_ns = llround(s * 1e9);
		return true;
	}
	return false;
}

/* A day or a time of a year was meant, rather than half an hour past 1970. */
static bool looks_like_year(struct bytes t)
{
	int y = t.n == 4 ? digits_at(t, 0, 4) : -1;

	return y >= 1900 && y < 3000;
}

/* "-1h", "now-1h": what stands behind "now". */
static bool parse_relative(struct bytes t, int64_t *ret_ns)
{
	static const struct bytes now = { "now", 3 };

	if (bytes_starts(t, now))
		t = bytes_sub(t, now.n, t.n);
	/* With a unit: what is only a number are Unix seconds, some time before 1970. */
	return t.n > 1 && (t.p[0] == '-' || t.p[0] == '+') &&
	       isalpha((unsigned char)t.p[t.n - 1]) && time_parse_duration(t, ret_ns, NULL) == 0;
}

int time_parse(struct bytes text, int64_t now_ns, int64_t *ret_ns, struct err *e)
{
	int32_t day;
	int64_t d;

	if (bytes_is(text, "now")) {
		*ret_ns = now_ns;
		return 0;
	}
	if (looks_like_year(text))
		return err_set(e, ERR_USAGE,
			       "'%.*s' looks like a year: a time in it is as %.*s-01-01, and so "
			       "many Unix seconds are %.*s.0",
			       BYTES_ARG(text), BYTES_ARG(text), BYTES_ARG(text));
	if (parse_relative(text, &d)) {
		if (__builtin_add_overflow(now_ns, d, ret_ns))
			return err_set(e, ERR_USAGE, "time '%.*s' is out of range",
				       BYTES_ARG(text));
		return 0;
	}
	if (time_day_parse(text, &day)) {
		*ret_ns = time_day_start(day);
		return 0;
	}
	if (text.n > 0 && (time_scan_rfc3339(text, &d) == text.n || parse_number(text, &d))) {
		*ret_ns = d;
		return 0;
	}
	return err_set(e, ERR_USAGE,
		       "expected a time as 2026-01-15T10:00:00Z, Unix seconds or -1h, found '%.*s'",
		       BYTES_ARG(text));
}

static char *put_digits(char *to, unsigned v, int n)
{
	for (int i = n; i-- > 0; v /= 10)
		to[i] = (char)('0' + v % 10);
	return to + n;
}

/* Two digits behind a separator. */
static char *put_two(char *to, char before, unsigned v)
{
	*to = before;
	return put_digits(to + 1, v, 2);
}

/* Not by printf: a list of entries has one with each. */
void time_add_rfc3339(struct buf *b, int64_t ts_ns)
{
	int64_t s = time_floor_div(ts_ns, NS_PER_S);
	unsigned ns = (unsigned)(ts_ns % NS_PER_S + (ts_ns % NS_PER_S < 0 ? NS_PER_S : 0));
	int64_t days = time_floor_div(s, S_PER_DAY);
	unsigned in_day = (unsigned)(s - days * S_PER_DAY);
	char *from = buf_reserve(b, sizeof("1970-01-01T00:00:00.123456789Z")), *to = from;
	int64_t y;
	int m, d;

	time_date_of_days(days, &y, &m, &d);
	to = put_digits(to, (unsigned)y, 4); /* 1677 to 2262 */
	to = put_two(to, '-', (unsigned)m);
	to = put_two(to, '-', (unsigned)d);
	to = put_two(to, 'T', in_day / 3600);
	to = put_two(to, ':', in_day / 60 % 60);
	to = put_two(to, ':', in_day % 60);
	if (ns)
		*to++ = '.';
	if (ns % 1000000 == 0 && ns)
		to = put_digits(to, ns / 1000000, 3);
	else if (ns % 1000 == 0 && ns)
		to = put_digits(to, ns / 1000, 6);
	else if (ns)
		to = put_digits(to, ns, 9);
	*to++ = 'Z';
	b->n += (size_t)(to - from);
}
