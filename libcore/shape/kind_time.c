/*
 * Times, written in one way in UTC, that are near the timestamps of their lines:
 *
 *   u8   how the date is written, FORMS
 *   u8   the sign before the fraction: '.' or ','; 0: there is no fraction
 *   u8   digits of the fraction, 0 to 9
 *   rest text behind
 *
 * The body is planes: the value's units (the last digit's) less those of the timestamp, rounded
 * down, as zig-zag numbers.
 */
#include "base/mem.h"
#include "base/rd.h"
#include "base/wr.h"
#include "shape/kind.h"
#include "time/calendar.h"
#include "time/layout.h"

enum { ISO_LEN = 19, CLF_LEN = 20, CLOCK_LEN = 8, DATE_MAX = 20, BEHIND_MAX = 16, FORMS = 3 };

/* 0: 2006-01-02T15:04:05, 1: 2006-01-02 15:04:05, 2: 02/Jan/2006:15:04:05. */
static const struct {
	size_t len;
	char pattern[DATE_MAX + 1];
} forms[FORMS] = {
	{ ISO_LEN, "yyyy-mm-ddThh:ii:ss" },
	{ ISO_LEN, "yyyy-mm-dd hh:ii:ss" },
	{ CLF_LEN, "dd/bbb/yyyy:hh:ii:ss" },
};

struct form {
	unsigned date;
	char sign; /* 0: no fraction */
	size_t digits;
	struct bytes behind;
};

/* The second that was read or written last: lines next to each other mostly share theirs. */
struct second {
	char text[NEAR_START_MAX];
	int64_t s, day;
	bool is_set;
};

static void put2(char *to, int v)
{
	to[0] = (char)('0' + v / 10 % 10);
	to[1] = (char)('0' + v % 10);
}

/* False: its year does not have four digits. */
static bool put_day(char *to, unsigned date, int64_t days)
{
	int64_t year;
	int month, day;

	time_date_of_days(days, &year, &month, &day);
	if (year < 0 || year > 9999)
		return false;
	memcpy(to, forms[date].pattern, forms[date].len);
	if (date == 2) {
		put2(to, day);
		memcpy(to + 3, time_month_name(month), 3);
		put2(to + 7, (int)(year / 100));
		put2(to + 9, (int)(year % 100));
	} else {
		put2(to, (int)(year / 100));
		put2(to + 2, (int)(year % 100));
		put2(to + 5, month);
		put2(to + 8, day);
	}
	return true;
}

/* Makes it the second s. False: its year does not have four digits. */
static bool set_second(struct second *last, unsigned date, int64_t s)
{
	char *clock = last->text + forms[date].len - ISO_LEN;
	int64_t days = time_floor_div(s, S_PER_DAY);
	int at = (int)(s - days * S_PER_DAY);

	if (last->is_set && last->s == s)
		return true;
	if ((!last->is_set || last->day != days) && !put_day(last->text, date, days))
		return false;
	put2(clock + 11, at / 3600);
	put2(clock + 14, at / 60 % 60);
	put2(clock + 17, at % 60);
	last->s = s;
	last->day = days;
	last->is_set = true;
	return true;
}

static int number_at(const char *p, size_t n)
{
	int v = 0;

	for (size_t i = 0; i < n; i++) {
		if (!kind_is_digit(p[i]))
			return -1;
		v = v * 10 + (p[i] - '0');
	}
	return v;
}

static int month_of(const char *name)
{
	for (int m = 1; m <= 12; m++)
		if (memcmp(time_month_name(m), name, 3) == 0)
			return m;
	return -1;
}

/* The second of the day that the eight bytes at p tell, hh:mm:ss; -1: they are no such. */
static int clock_at(const char *p)
{
	const uint64_t zeros = 0x30303a30303a3030, high = 0x8080808080808080;
	uint64_t d = kind_load8(p) ^ zeros;
	/* Digits are 9 at most, the first ones of minutes and seconds 5, and nothing is left of
	 * colons. */
	uint64_t wrong = (d | (d + 0x767a7f767a7f7676)) & high;
	int hour = (int)(d & 255) * 10 + (int)(d >> 8 & 255);
	int minute = (int)(d >> 24 & 255) * 10 + (int)(d >> 32 & 255);
	int second = (int)(d >> 48 & 255) * 10 + (int)(d >> 56);

	return wrong || hour > 23 ? -1 : hour * 3600 + minute * 60 + second;
}

/* The same day as of the second before: only the clock is to be read. False: it is another day, or
 * no clock. */
static bool read_clock(const char *p, size_t len, struct second *last, int64_t *ret)
{
	size_t at = len - CLOCK_LEN;
	int of_day;

	if (!near_starts(p, last->text, (uint32_t)at) || (of_day = clock_at(p + at)) < 0)
		return false;
	memcpy(last->text + at, p + at, CLOCK_LEN);
	last->s = last->day * S_PER_DAY + of_day;
	*ret = last->s;
	return true;
}

/* Whether the date at p is just what would be written for the second *ret. */
static bool read_date(const char *p, unsigned date, struct second *last, int64_t *ret)
{
	const char *clock = date == 2 ? p + CLF_LEN - ISO_LEN : p;
	int year, month, day, hour, minute, second;

	if (last->is_set && near_starts(p, last->text, (uint32_t)forms[date].len)) {
		*ret = last->s;
		return true;
	}
	if (last->is_set && read_clock(p, forms[date].len, last, ret))
		return true;
	year = date == 2 ? number_at(p + 7, 4) : number_at(p, 4);
	month = date == 2 ? month_of(p + 3) : number_at(p + 5, 2);
	day = date == 2 ? number_at(p, 2) : number_at(p + 8, 2);
	hour = number_at(clock + 11, 2);
	minute = number_at(clock + 14, 2);
	second = number_at(clock + 17, 2);
	if (year < 0 || month < 1 || month > 12 || day < 1 || day > 31 || hour < 0 || minute < 0 ||
	    second < 0)
		return false;
	*ret = time_days_of_date(year, month, day) * S_PER_DAY + hour * 3600 + minute * 60 + second;
	return set_second(last, date, *ret) && memcmp(p, last->text, forms[date].len) == 0;
}

/* How the first value is written. */
static bool find_form(struct bytes v, struct form *ret)
{
	int64_t s;

	for (unsigned k = 0; k < FORMS; k++) {
		struct second none = { .is_set = false };
		size_t at = forms[k].len;

		if (v.n < at || !read_date(v.p, k, &none, &s))
			continue;
		ret->date = k;
		ret->sign = 0;
		ret->digits = 0;
		if (v.n > at + 1 && (v.p[at] == '.' || v.p[at] == ',') &&
		    kind_is_digit(v.p[at + 1])) {
			ret->sign = v.p[at++];
			while (at < v.n && ret->digits < 9 && kind_is_digit(v.p[at])) {
				at++;
				ret->digits++;
			}
		}
		ret->behind = bytes_sub(v, at, v.n);
		return ret->behind.n <= BEHIND_MAX;
	}
	return false;
}

bool kind_is_time(struct bytes v)
{
	struct form f;

	return find_form(v, &f);
}

static int64_t unit_ns(const struct form *f)
{
	int64_t unit = NS_PER_S;

	for (size_t i = 0; i < f->digits; i++)
		unit /= 10;
	return unit;
}

static size_t form_len(const struct form *f)
{
	return forms[f->date].len + (f->sign ? 1 : 0) + f->digits + f->behind.n;
}

/* A timestamp in units, rounded down; near the second it is divided by less. */
static int64_t in_units(int64_t ts_ns, int64_t unit, const struct second *last)
{
	int64_t start;

	/* What is centuries away may look near when it wraps. */
	if (last->is_set && !__builtin_mul_overflow(last->s, NS_PER_S, &start) && ts_ns >= start &&
	    (uint64_t)ts_ns - (uint64_t)start < NS_PER_S)
		return last->s * (NS_PER_S / unit) + (uint32_t)(ts_ns - start) / (uint32_t)unit;
	return time_floor_div(ts_ns, unit);
}

/* The value in units; false: it is not of the form. */
static bool read_time(struct bytes v, const struct form *f, int64_t per_s, struct second *last,
		      int64_t *ret)
{
	const char *p = v.p + forms[f->date].len;
	uint64_t fraction = 0;
	int64_t s;

	if (v.n != form_len(f) || !read_date(v.p, f->date, last, &s) ||
	    (f->sign && *p++ != f->sign))
		return false;
	if (!kind_read_digits(p, f->digits, &fraction) ||
	    (f->behind.n && !near_same(p + f->digits, f->behind.p, f->behind.n)))
		return false;
	return !__builtin_mul_overflow(s, per_s, ret) &&
	       !__builtin_add_overflow(*ret, (int64_t)fraction, ret);
}

static bool encode(const struct kind_in *in, struct kind_out *out)
{
	struct second last = { .is_set = false };
	int64_t unit, at;
	struct form f;
	uint64_t *number;

	if (!find_form(in->v[0], &f))
		return false;
	unit = unit_ns(&f);
	number = kind_numbers(out, in->n);
	for (size_t i = 0; i < in->n; i++) {
		if (!read_time(in->v[i], &f, NS_PER_S / unit, &last, &at))
			return false;
		at = (int64_t)((uint64_t)at -
			       (uint64_t)in_units(in->ts_ns[in->entry ? in->entry[i] : i], unit,
						  &last));
		number[i] = wr_zigzag(at);
	}
	wr_u8(&out->params, (uint8_t)f.date);
	wr_u8(&out->params, (uint8_t)f.sign);
	wr_u8(&out->params, (uint8_t)f.digits);
	buf_add_bytes(&out->params, f.behind);
	kind_planes(out, in->n);
	return true;
}

static bool read_form(struct bytes params, struct form *ret)
{
	struct rd rd = rd_init(params);

	ret->date = rd_u8(&rd);
	ret->sign = (char)rd_u8(&rd);
	ret->digits = rd_u8(&rd);
	ret->behind = bytes_sub(params, rd.off, params.n);
	return !rd.failed && ret->date < FORMS && ret->digits <= 9 &&
	       (ret->sign == 0 ? ret->digits == 0 : ret->sign == '.' || ret->sign == ',') &&
	       ret->behind.n <= BEHIND_MAX && !memchr(ret->behind.p, '\n', ret->behind.n);
}

static bool put_time(char *to, const struct form *f, int64_t per_s, struct second *last, int64_t at)
{
	int64_t s = last->s;
	uint64_t fraction = (uint64_t)at - (uint64_t)s * (uint64_t)per_s;
	size_t len = forms[f->date].len;

	if (!last->is_set || fraction >= (uint64_t)per_s) {
		s = time_floor_div(at, per_s);
		fraction = (uint64_t)at - (uint64_t)s * (uint64_t)per_s;
		if (!set_second(last, f->date, s))
			return false;
	}
	memcpy(to, last->text, DATE_MAX);
	if (f->sign)
		to[len++] = f->sign;
	for (size_t k = f->digits; k > 0; k--) {
		to[len + k - 1] = (char)('0' + fraction % 10);
		fraction /= 10;
	}
	if (f->behind.n)
		memcpy(to + len + f->digits, f->behind.p, f->behind.n);
	return true;
}

static int decode(const struct kind_from *from, struct kind_mem *m, struct shape_values *ret,
		  struct err *e)
{
	struct second last = { .is_set = false };
	struct rd rd = rd_init(from->body);
	const uint64_t *number;
	struct form f;
	size_t len, n = kind_n_wanted(from);
	int64_t unit;
	char *text;

	if (!read_form(from->params, &f))
		return kind_corrupt(e, "no form of a time");
	len = form_len(&f);
	if (kind_room_each(m, from, len, &text, ret, e) < 0 ||
	    kind_read_planes(&rd, from, &m->words, sizeof(*number), e) < 0)
		return -1;
	number = (const uint64_t *)(const void *)m->words.p;
	unit = unit_ns(&f);
	for (size_t k = 0; k < n; k++) {
		size_t i = kind_wanted(from, k);
		int64_t near = from->ts_ns[from->entry ? from->entry[i] : i];
		int64_t at = (int64_t)((uint64_t)in_units(near, unit, &last) +
				       (uint64_t)rd_zigzag(number[i]));

		if (!put_time(text + k * len, &f, NS_PER_S / unit, &last, at))
			return kind_corrupt(e, "a time out of range");
	}
	return 0;
}

static void may_hold(struct bytes params, bool may[256])
{
	struct form f;

	if (!read_form(params, &f))
		return;
	kind_may_hold(may, "0123456789.,", 12);
	kind_may_hold(may, forms[f.date].pattern, forms[f.date].len);
	for (int m = 1; m <= 12 && f.date == 2; m++)
		kind_may_hold(may, time_month_name(m), 3);
	kind_may_hold(may, f.behind.p, f.behind.n);
}

const struct kind kind_time = {
	.name = "time",
	.encode = encode,
	.decode = decode,
	.needs_time = true,
	.picks = true,
	.bytes = may_hold,
};
