#include "query/raw_time.h"

#include <ctype.h>

#include "base/find.h"
#include "query/stage_json.h"
#include "base/num.h"
#include "time/time.h"

enum { LOOK_AT = 256 };

/* n digits at p as a number, or -1. */
static int digits(const char *p, size_t n)
{
	int v = 0;

	for (size_t i = 0; i < n; i++) {
		if (!isdigit((unsigned char)p[i]))
			return -1;
		v = v * 10 + (p[i] - '0');
	}
	return v;
}

static int month_of(const char *p)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (int m = 0; m < 12; m++)
		if (memcmp(p, names + 3 * m, 3) == 0)
			return m + 1;
	return -1;
}

/* The days of a date, by the calendar's own text, which checks it. */
static bool day_of(int year, int month, int day, int32_t *ret)
{
	char text[40];

	if (year < 0 || year > 9999 || month < 1 || month > 12 || day < 1 || day > 31)
		return false;
	snprintf(text, sizeof(text), "%04d-%02d-%02d", year, month, day);
	return time_day_parse(bytes_str(text), ret);
}

/* hh:mm:ss at t[0..8), then a fraction, then a zone; all behind the seconds may be missing. */
static bool clock_of(struct bytes t, int64_t *ret_ns)
{
	int h, m, s, zh, zm;
	int64_t ns = 0, scale = NS_PER_S;
	size_t i = 8;

	if (t.n < 8 || t.p[2] != ':' || t.p[5] != ':')
		return false;
	h = digits(t.p, 2);
	m = digits(t.p + 3, 2);
	s = digits(t.p + 6, 2);
	if (h < 0 || h > 23 || m < 0 || m > 59 || s < 0 || s > 60)
		return false;
	if (i + 1 < t.n && (t.p[i] == '.' || t.p[i] == ',') && isdigit((unsigned char)t.p[i + 1]))
		for (i++; i < t.n && isdigit((unsigned char)t.p[i]); i++)
			if (scale > 1)
				ns += (t.p[i] - '0') * (scale /= 10);
	*ret_ns = ((h * 60 + m) * INT64_C(60) + s) * NS_PER_S + ns;
	while (i < t.n && t.p[i] == ' ')
		i++;
	if (i + 5 > t.n || (t.p[i] != '+' && t.p[i] != '-'))
		return true;
	zh = digits(t.p + i + 1, 2);
	zm = digits(t.p + i + (t.p[i + 3] == ':' ? 4 : 3),
		    i + 6 <= t.n || t.p[i + 3] != ':' ? 2 : 0);
	if (zh >= 0 && zh < 24 && zm >= 0 && zm < 60)
		*ret_ns -= (t.p[i] == '-' ? -1 : 1) * (zh * 60 + zm) * 60 * NS_PER_S;
	return true;
}

/* False: before or behind all that has a number of nanoseconds. */
static bool moment_of(int32_t day, int64_t clock, int64_t *ret_ns)
{
	num_wide ns = (num_wide)day * (24 * 3600 * NS_PER_S) + clock;

	*ret_ns = num_clip(ns);
	return *ret_ns == ns;
}

static bool is_month(const char *p)
{
	return month_of(p) > 0;
}

/* The day of the month, of which syslog pads one digit with a blank. */
static int day_number(const char *p)
{
	return p[0] == ' ' ? digits(p + 1, 1) : digits(p, 2);
}

/* Oct 14 09:00:05, which says no year: that which makes it at most a day later than now.
 * Tue Oct 14 09:00:05.123456 2025: its year stands at the end. */
static bool month_at(struct bytes t, int64_t now_ns, int64_t *ret_ns)
{
	const int64_t latest = num_clip((num_wide)now_ns + 24 * 3600 * NS_PER_S);
	int year = -1, month, number;
	int64_t clock, ns;
	int32_t day;

	if (t.n < 15 || t.p[3] != ' ' || t.p[6] != ' ' || !is_month(t.p) ||
	    !clock_of(bytes_sub(t, 7, t.n), &clock))
		return false;
	month = month_of(t.p);
	number = day_number(t.p + 4);
	for (size_t i = 15; i + 5 <= t.n; i++) {
		if (t.p[i] == ' ') {
			bool ends = i + 5 == t.n || !isalnum((unsigned char)t.p[i + 5]);

			year = ends ? digits(t.p + i + 1, 4) : -1;
			break;
		}
		if (!isdigit((unsigned char)t.p[i]) && t.p[i] != '.')
			break;
	}
	if (year >= 1970) {
		return day_of(year, month, number, &day) && moment_of(day, clock, ret_ns);
	}
	/* The 29th of February is of a leap year, which may be a few years back. */
	year = 1970 + (int)(time_day(now_ns) / 365.2425) + 1;
	for (int tries = 0; tries < 9; tries++, year--)
		if (day_of(year, month, number, &day) && moment_of(day, clock, &ns) &&
		    ns <= latest) {
			*ret_ns = ns;
			return true;
		}
	return false;
}

/* 2026-01-15T10:00:03.123Z, 2026/01/15 10:00:03, 15/Jan/2026:10:00:03 +0000 */
static bool date_at(struct bytes t, int64_t *ret_ns)
{
	int32_t day;
	int64_t clock;
	struct bytes rest;

	if (t.n >= 19 && (t.p[4] == '-' || t.p[4] == '/') && t.p[7] == t.p[4] &&
	    (t.p[10] == 'T' || t.p[10] == ' ')) {
		if (!day_of(digits(t.p, 4), digits(t.p + 5, 2), digits(t.p + 8, 2), &day))
			return false;
		rest = bytes_sub(t, 11, t.n);
	} else if (t.n >= 20 && t.p[2] == '/' && t.p[6] == '/' && t.p[11] == ':') {
		if (!day_of(digits(t.p + 7, 4), month_of(t.p + 3), digits(t.p, 2), &day))
			return false;
		rest = bytes_sub(t, 12, t.n);
	} else {
		return false;
	}
	if (!clock_of(rest, &clock))
		return false;
	return moment_of(day, clock, ret_ns);
}

static bool number_of(struct bytes t, int64_t *ret_ns)
{
	size_t n = 0;
	int64_t v;

	while (n < t.n && n < 20 && isdigit((unsigned char)t.p[n]))
		n++;
	if (!num_i64(bytes_sub(t, 0, n), &v))
		return false;
	if (n < 10 || (n < t.n && isdigit((unsigned char)t.p[n])))
		return false;
	if (n == 10 && n < t.n && t.p[n] == '.') {
		int64_t ns = 0, scale = NS_PER_S;

		while (++n < t.n && isdigit((unsigned char)t.p[n]))
			if (scale > 1)
				ns += (t.p[n] - '0') * (scale /= 10);
		return !__builtin_mul_overflow(v, NS_PER_S, &v) &&
		       !__builtin_add_overflow(v, ns, ret_ns);
	}
	if (n != 10 && n != 13 && n != 16 && n != 19)
		return false;
	return !__builtin_mul_overflow(v,
				       n == 10	 ? NS_PER_S
				       : n == 13 ? NS_PER_MS
				       : n == 16 ? NS_PER_US
						 : 1,
				       ret_ns);
}

bool raw_time_of_line(struct bytes line, int64_t now_ns, int64_t *ret_ns)
{
	struct bytes t = bytes_sub(line, 0, LOOK_AT);

	if (number_of(t, ret_ns))
		return true;
	for (size_t i = 0; i + 15 <= t.n; i++) {
		struct bytes at = bytes_sub(t, i, t.n);

		bool is_digit = isdigit((unsigned char)t.p[i]);
		int before = i > 0 ? (unsigned char)t.p[i - 1] : ' ';

		if (is_digit ? !isdigit(before) && date_at(at, ret_ns)
			     : !isalnum(before) && month_at(at, now_ns, ret_ns))
			return true;
	}
	return false;
}

static bool json_field(struct bytes line, struct bytes name, struct bytes *ret)
{
	const char *end = line.p + line.n, *p = json_skip(line.p + 1, end), *error;

	while (p < end && *p == '"') {
		struct json_val key, v;

		p = json_get(p, end, &key, &error);
		if (!p)
			return false;
		p = json_skip(p, end);
		if (p == end || *p != ':')
			return false;
		p = json_get(p + 1, end, &v, &error);
		if (!p)
			return false;
		if (bytes_eq(key.raw, name)) {
			*ret = v.raw;
			return true;
		}
		p = json_skip(p, end);
		if (p < end && *p == ',')
			p = json_skip(p + 1, end);
	}
	return false;
}

static bool logfmt_field(struct bytes line, struct bytes name, struct bytes *ret)
{
	struct find f;
	int64_t at = -1;

	find_init(&f, name);
	while ((at = find_next(&f, line, (size_t)(at + 1))) >= 0) {
		size_t i = (size_t)at + name.n, end;

		if (i >= line.n || line.p[i] != '=' || (at > 0 && line.p[at - 1] != ' '))
			continue;
		i++;
		end = i;
		if (i < line.n && line.p[i] == '"') {
			for (end = ++i; end < line.n && line.p[end] != '"';)
				end++;
		} else {
			while (end < line.n && line.p[end] != ' ')
				end++;
		}
		*ret = bytes_of(line.p + i, end - i);
		return true;
	}
	return false;
}

bool raw_time_of_field(struct bytes line, struct bytes name, int64_t *ret_ns)
{
	struct bytes v;

	if (line.n && line.p[0] == '{' ? !json_field(line, name, &v)
				       : !logfmt_field(line, name, &v))
		return false;
	return number_of(v, ret_ns) || date_at(v, ret_ns);
}
