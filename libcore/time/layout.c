/*
 * A layout is cut into elements and the literal text between them by take_element(), which writing
 * and reading share.
 */
#include "time/layout.h"

#include <strings.h>

#include "base/num.h"
#include "time/calendar.h"

enum element {
	EL_NONE, /* the end of the layout */
	EL_LONG_MONTH,
	EL_MONTH,
	EL_NUM_MONTH,
	EL_ZERO_MONTH,
	EL_LONG_WEEKDAY,
	EL_WEEKDAY,
	EL_DAY,
	EL_UNDER_DAY,
	EL_ZERO_DAY,
	EL_UNDER_YEARDAY,
	EL_ZERO_YEARDAY,
	EL_HOUR,
	EL_HOUR12,
	EL_ZERO_HOUR12,
	EL_MINUTE,
	EL_ZERO_MINUTE,
	EL_SECOND,
	EL_ZERO_SECOND,
	EL_LONG_YEAR,
	EL_YEAR,
	EL_UPPER_PM,
	EL_LOWER_PM,
	EL_ZONE_NAME,
	EL_ZONE_Z, /* with Z for UTC; how is in zone_form */
	EL_ZONE,
	EL_FRACTION_0, /* all digits */
	EL_FRACTION_9, /* without zeros at the end */
};

struct piece {
	struct bytes literal; /* in front of the element */
	enum element element;
	enum { FORM_HHMM, FORM_COLON, FORM_HH, FORM_HHMMSS, FORM_COLON_S } zone_form;
	size_t digits; /* of a fraction */
	char point;
};

static const char *const months[] = { "January",   "February", "March",	   "April",
				      "May",	   "June",     "July",	   "August",
				      "September", "October",  "November", "December" };
static const char *const weekdays[] = { "Sunday",   "Monday", "Tuesday", "Wednesday",
					"Thursday", "Friday", "Saturday" };

const char *time_month_name(int month)
{
	return months[month - 1];
}

const char *time_weekday_name(int weekday)
{
	return weekdays[weekday];
}

static bool is_digit(struct bytes t, size_t i)
{
	return i < t.n && t.p[i] >= '0' && t.p[i] <= '9';
}

/* ".000" or ",999" at the start of t: its length, or 0. */
static size_t fraction_at(struct bytes t, struct piece *p)
{
	size_t n = 2;

	if (t.n < 2 || (t.p[0] != '.' && t.p[0] != ',') || (t.p[1] != '0' && t.p[1] != '9'))
		return 0;
	while (n < t.n && t.p[n] == t.p[1])
		n++;
	if (is_digit(t, n))
		return 0;
	p->element = t.p[1] == '0' ? EL_FRACTION_0 : EL_FRACTION_9;
	p->digits = n - 1;
	p->point = t.p[0];
	return n;
}

static size_t zone_at(struct bytes t, struct piece *p)
{
	static const struct {
		const char *text;
		int form;
	} forms[] = { { "070000", FORM_HHMMSS },
		      { "07:00:00", FORM_COLON_S },
		      { "0700", FORM_HHMM },
		      { "07:00", FORM_COLON },
		      { "07", FORM_HH } };

	if (t.p[0] != '-' && t.p[0] != 'Z')
		return 0;
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		if (!bytes_starts(bytes_sub(t, 1, t.n), bytes_str(forms[i].text)))
			continue;
		p->element = t.p[0] == 'Z' ? EL_ZONE_Z : EL_ZONE;
		p->zone_form = forms[i].form;
		return 1 + strlen(forms[i].text);
	}
	return 0;
}

/* The element at the start of t: its length, or 0. */
static size_t element_at(struct bytes t, struct piece *p)
{
	static const struct {
		const char *text;
		enum element element;
		bool is_word; /* no small letter behind it */
	} fixed[] = {
		{ "January", EL_LONG_MONTH, false },
		{ "Jan", EL_MONTH, true },
		{ "Monday", EL_LONG_WEEKDAY, false },
		{ "Mon", EL_WEEKDAY, true },
		{ "MST", EL_ZONE_NAME, false },
		{ "002", EL_ZERO_YEARDAY, false },
		{ "01", EL_ZERO_MONTH, false },
		{ "02", EL_ZERO_DAY, false },
		{ "03", EL_ZERO_HOUR12, false },
		{ "04", EL_ZERO_MINUTE, false },
		{ "05", EL_ZERO_SECOND, false },
		{ "06", EL_YEAR, false },
		{ "15", EL_HOUR, false },
		{ "1", EL_NUM_MONTH, false },
		{ "2006", EL_LONG_YEAR, false },
		{ "2", EL_DAY, false },
		{ "__2", EL_UNDER_YEARDAY, false },
		{ "_2", EL_UNDER_DAY, false },
		{ "3", EL_HOUR12, false },
		{ "4", EL_MINUTE, false },
		{ "5", EL_SECOND, false },
		{ "PM", EL_UPPER_PM, false },
		{ "pm", EL_LOWER_PM, false },
	};

	for (size_t i = 0; i < sizeof(fixed) / sizeof(*fixed); i++) {
		size_t n = strlen(fixed[i].text);

		if (!bytes_starts(t, bytes_str(fixed[i].text)))
			continue;
		if (fixed[i].is_word && n < t.n && t.p[n] >= 'a' && t.p[n] <= 'z')
			continue;
		if (fixed[i].element == EL_UNDER_DAY && bytes_starts(t, BYTES_LIT("_2006")))
			continue; /* a year behind a _ */
		p->element = fixed[i].element;
		return n;
	}
	return t.p[0] == '.' || t.p[0] == ',' ? fraction_at(t, p) : zone_at(t, p);
}

static struct piece take_element(struct bytes *layout)
{
	struct piece p = { .literal = *layout };

	for (size_t i = 0; i < layout->n; i++) {
		size_t n = element_at(bytes_sub(*layout, i, layout->n), &p);

		if (n == 0)
			continue;
		p.literal.n = i;
		*layout = bytes_sub(*layout, i + n, layout->n);
		return p;
	}
	*layout = bytes_of(NULL, 0);
	return p;
}

void time_split(const struct time_at *t, struct time_parts *ret)
{
	int64_t s, days;
	int in_day;

	memset(ret, 0, sizeof(*ret));
	if (t->is_fixed) {
		ret->east = t->fixed_east;
		memcpy(ret->zone, t->fixed_name, sizeof(t->fixed_name));
	} else if (t->zone) {
		ret->east = time_zone_at(t->zone, t->s, ret->zone);
	} else {
		memcpy(ret->zone, "UTC", 4);
	}
	s = t->s + ret->east;
	days = time_floor_div(s, S_PER_DAY);
	in_day = (int)(s - days * S_PER_DAY);
	time_date_of_days(days, &ret->year, &ret->month, &ret->day);
	ret->hour = in_day / 3600;
	ret->minute = in_day / 60 % 60;
	ret->second = in_day % 60;
	ret->ns = t->ns;
	ret->weekday = (int)(((days + 4) % 7 + 7) % 7);
	ret->yearday = (int)(days - time_days_of_date(ret->year, 1, 1)) + 1;
}

static void add_zone(struct buf *out, const struct piece *p, int32_t east)
{
	int32_t v = east < 0 ? -east : east;
	bool seconds = p->zone_form == FORM_HHMMSS || p->zone_form == FORM_COLON_S;
	const char *colon = p->zone_form == FORM_COLON || p->zone_form == FORM_COLON_S ? ":" : "";

	if (p->element == EL_ZONE_Z && east == 0) {
		buf_add_char(out, 'Z');
		return;
	}
	buf_addf(out, "%c%02d", east < 0 ? '-' : '+', v / 3600);
	if (p->zone_form != FORM_HH)
		buf_addf(out, "%s%02d", colon, v / 60 % 60);
	if (seconds)
		buf_addf(out, "%s%02d", colon, v % 60);
}

static void add_fraction(struct buf *out, const struct piece *p, int ns)
{
	char digits[16];
	size_t n = p->digits;

	snprintf(digits, sizeof(digits), "%09d", ns);
	if (p->element == EL_FRACTION_9) {
		n = n < 9 ? n : 9;
		while (n > 0 && digits[n - 1] == '0')
			n--;
		if (n == 0)
			return;
	}
	buf_add_char(out, p->point);
	for (size_t i = 0; i < n; i++)
		buf_add_char(out, i < 9 ? digits[i] : '0');
}

static void add_zone_name(struct buf *out, const struct time_parts *t)
{
	int32_t v = t->east < 0 ? -t->east : t->east;

	if (t->zone[0])
		buf_add_str(out, t->zone);
	else
		buf_addf(out, "%c%02d%02d", t->east < 0 ? '-' : '+', v / 3600, v / 60 % 60);
}

static void add_date_element(struct buf *out, const struct piece *p, const struct time_parts *t)
{
	switch (p->element) {
	case EL_LONG_MONTH:
		buf_add_str(out, months[t->month - 1]);
		break;
	case EL_MONTH:
		buf_add(out, months[t->month - 1], 3);
		break;
	case EL_NUM_MONTH:
		buf_addf(out, "%d", t->month);
		break;
	case EL_ZERO_MONTH:
		buf_addf(out, "%02d", t->month);
		break;
	case EL_LONG_WEEKDAY:
		buf_add_str(out, weekdays[t->weekday]);
		break;
	case EL_WEEKDAY:
		buf_add(out, weekdays[t->weekday], 3);
		break;
	case EL_DAY:
		buf_addf(out, "%d", t->day);
		break;
	case EL_UNDER_DAY:
		buf_addf(out, "%2d", t->day);
		break;
	case EL_ZERO_DAY:
		buf_addf(out, "%02d", t->day);
		break;
	case EL_UNDER_YEARDAY:
		buf_addf(out, "%3d", t->yearday);
		break;
	case EL_ZERO_YEARDAY:
		buf_addf(out, "%03d", t->yearday);
		break;
	case EL_LONG_YEAR:
		buf_addf(out, "%s%04lld", t->year < 0 ? "-" : "",
			 (long long)(t->year < 0 ? -t->year : t->year));
		break;
	case EL_YEAR:
		buf_addf(out, "%02d", t->year < 0 ? 0 : (int)(t->year % 100));
		break;
	default:
		break;
	}
}

static void add_element(struct buf *out, const struct piece *p, const struct time_parts *t)
{
	int hour12 = t->hour % 12 == 0 ? 12 : t->hour % 12;

	switch (p->element) {
	case EL_HOUR:
		buf_addf(out, "%02d", t->hour);
		break;
	case EL_HOUR12:
		buf_addf(out, "%d", hour12);
		break;
	case EL_ZERO_HOUR12:
		buf_addf(out, "%02d", hour12);
		break;
	case EL_MINUTE:
		buf_addf(out, "%d", t->minute);
		break;
	case EL_ZERO_MINUTE:
		buf_addf(out, "%02d", t->minute);
		break;
	case EL_SECOND:
		buf_addf(out, "%d", t->second);
		break;
	case EL_ZERO_SECOND:
		buf_addf(out, "%02d", t->second);
		break;
	case EL_UPPER_PM:
		buf_add_str(out, t->hour >= 12 ? "PM" : "AM");
		break;
	case EL_LOWER_PM:
		buf_add_str(out, t->hour >= 12 ? "pm" : "am");
		break;
	case EL_ZONE_NAME:
		add_zone_name(out, t);
		break;
	case EL_ZONE_Z:
	case EL_ZONE:
		add_zone(out, p, t->east);
		break;
	case EL_FRACTION_0:
	case EL_FRACTION_9:
		add_fraction(out, p, t->ns);
		break;
	default:
		add_date_element(out, p, t);
	}
}

void time_format(struct buf *out, const struct time_at *t, struct bytes layout)
{
	struct time_parts parts;

	time_split(t, &parts);
	for (;;) {
		struct piece p = take_element(&layout);

		buf_add_bytes(out, p.literal);
		if (p.element == EL_NONE)
			return;
		add_element(out, &p, &parts);
	}
}

/* --- reading --------------------------------------------------------------------------- */

struct reading {
	struct bytes rest; /* of the text */
	int64_t year;
	int month, day, yearday; /* -1: not said */
	int hour, minute, second, ns;
	bool am, pm, has_offset, is_utc;
	int32_t east;
	struct bytes zone_name;
};

/* Passes a literal; a blank stands for any number of them. */
static bool pass_literal(struct bytes *text, struct bytes literal)
{
	while (literal.n) {
		if (literal.p[0] == ' ') {
			if (text->n && text->p[0] != ' ')
				return false;
			while (literal.n && literal.p[0] == ' ')
				literal = bytes_sub(literal, 1, literal.n);
			while (text->n && text->p[0] == ' ')
				*text = bytes_sub(*text, 1, text->n);
			continue;
		}
		if (!text->n || text->p[0] != literal.p[0])
			return false;
		literal = bytes_sub(literal, 1, literal.n);
		*text = bytes_sub(*text, 1, text->n);
	}
	return true;
}

/* Between least and most digits; -1 when there are fewer. */
static int take_number(struct bytes *text, size_t least, size_t most)
{
	size_t n = 0;
	int v = 0;

	for (; n < most && is_digit(*text, n); n++)
		v = v * 10 + (text->p[n] - '0');
	if (n < least)
		return -1;
	*text = bytes_sub(*text, n, text->n);
	return v;
}

static bool take_in(struct bytes *text, size_t least, int max, int *ret)
{
	*ret = take_number(text, least, 2);
	return *ret >= 0 && *ret <= max;
}

static int take_name(struct bytes *text, const char *const *names, int n, size_t cut)
{
	for (int i = 0; i < n; i++) {
		size_t len = cut ? cut : strlen(names[i]);

		if (text->n >= len && strncasecmp(text->p, names[i], len) == 0) {
			*text = bytes_sub(*text, len, text->n);
			return i;
		}
	}
	return -1;
}

/* n bytes: a point and digits, of which the first nine count. */
static int take_fraction(struct bytes *text, size_t n)
{
	int v = 0;

	for (size_t i = 1; i <= 9; i++)
		v = v * 10 + (i < n ? text->p[i] - '0' : 0);
	*text = bytes_sub(*text, n, text->n);
	return v;
}

static bool is_point(struct bytes t)
{
	return t.n >= 2 && (t.p[0] == '.' || t.p[0] == ',') && is_digit(t, 1);
}

static size_t fraction_len(struct bytes t)
{
	size_t n = 2;

	while (is_digit(t, n))
		n++;
	return n;
}

static bool read_fraction(struct reading *r, const struct piece *p)
{
	if (p->element == EL_FRACTION_9) {
		if (is_point(r->rest))
			r->ns = take_fraction(&r->rest, fraction_len(r->rest));
		return true;
	}
	if (r->rest.n < p->digits + 1 || (r->rest.p[0] != '.' && r->rest.p[0] != ','))
		return false;
	for (size_t i = 1; i <= p->digits; i++)
		if (!is_digit(r->rest, i))
			return false;
	r->ns = take_fraction(&r->rest, p->digits + 1);
	return true;
}

static bool read_zone(struct reading *r, const struct piece *p)
{
	bool colon = p->zone_form == FORM_COLON || p->zone_form == FORM_COLON_S;
	bool seconds = p->zone_form == FORM_HHMMSS || p->zone_form == FORM_COLON_S;
	int h, m = 0, s = 0, sign;

	if (p->element == EL_ZONE_Z && r->rest.n && r->rest.p[0] == 'Z') {
		r->rest = bytes_sub(r->rest, 1, r->rest.n);
		r->is_utc = true;
		return true;
	}
	if (!r->rest.n || (r->rest.p[0] != '+' && r->rest.p[0] != '-'))
		return false;
	sign = r->rest.p[0] == '-' ? -1 : 1;
	r->rest = bytes_sub(r->rest, 1, r->rest.n);
	if (!take_in(&r->rest, 2, 24, &h))
		return false;
	if (p->zone_form != FORM_HH &&
	    ((colon && !pass_literal(&r->rest, BYTES_LIT(":"))) || !take_in(&r->rest, 2, 60, &m)))
		return false;
	if (seconds &&
	    ((colon && !pass_literal(&r->rest, BYTES_LIT(":"))) || !take_in(&r->rest, 2, 60, &s)))
		return false;
	r->has_offset = true;
	r->east = sign * (h * 3600 + m * 60 + s);
	return true;
}

/* The length of an abbreviation of a zone, or 0. */
static size_t zone_name_len(struct bytes t)
{
	size_t n = 0;

	if (bytes_starts(t, BYTES_LIT("ChST")) || bytes_starts(t, BYTES_LIT("MeST")))
		return 4;
	if (bytes_starts(t, BYTES_LIT("GMT"))) {
		struct bytes rest = bytes_sub(t, 4, t.n);
		int v = t.n > 3 && (t.p[3] == '+' || t.p[3] == '-') ? take_number(&rest, 1, 2) : -1;

		return v >= 0 && v < 24 ? t.n - rest.n : 3;
	}
	if (t.n && (t.p[0] == '+' || t.p[0] == '-')) {
		struct bytes rest = bytes_sub(t, 1, t.n);
		int v = take_number(&rest, 1, 2);

		return v >= 0 && v < 24 ? t.n - rest.n : 0;
	}
	while (n < 6 && n < t.n && t.p[n] >= 'A' && t.p[n] <= 'Z')
		n++;
	if (n == 3 || ((n == 4 || n == 5) &&
		       (t.p[n - 1] == 'T' || (n == 4 && bytes_starts(t, BYTES_LIT("WITA"))))))
		return n;
	return 0;
}

static bool read_zone_name(struct reading *r)
{
	size_t n;

	if (bytes_starts(r->rest, BYTES_LIT("UTC"))) {
		r->is_utc = true;
		r->rest = bytes_sub(r->rest, 3, r->rest.n);
		return true;
	}
	n = zone_name_len(r->rest);
	r->zone_name = bytes_sub(r->rest, 0, n);
	r->rest = bytes_sub(r->rest, n, r->rest.n);
	return n > 0;
}

static bool read_pm(struct reading *r, const char *pm, const char *am)
{
	r->pm = bytes_starts(r->rest, bytes_str(pm));
	r->am = bytes_starts(r->rest, bytes_str(am));
	r->rest = bytes_sub(r->rest, 2, r->rest.n);
	return r->pm || r->am;
}

static bool read_date_element(struct reading *r, const struct piece *p)
{
	int v;

	switch (p->element) {
	case EL_LONG_MONTH:
	case EL_MONTH:
		v = take_name(&r->rest, months, 12, p->element == EL_MONTH ? 3 : 0);
		r->month = v + 1;
		return v >= 0;
	case EL_NUM_MONTH:
	case EL_ZERO_MONTH:
		return take_in(&r->rest, p->element == EL_ZERO_MONTH ? 2 : 1, 12, &r->month) &&
		       r->month > 0;
	case EL_LONG_WEEKDAY:
	case EL_WEEKDAY:
		return take_name(&r->rest, weekdays, 7, p->element == EL_WEEKDAY ? 3 : 0) >= 0;
	case EL_UNDER_DAY:
		if (r->rest.n && r->rest.p[0] == ' ')
			r->rest = bytes_sub(r->rest, 1, r->rest.n);
		return take_in(&r->rest, 1, 31, &r->day);
	case EL_DAY:
	case EL_ZERO_DAY:
		return take_in(&r->rest, p->element == EL_ZERO_DAY ? 2 : 1, 31, &r->day);
	case EL_UNDER_YEARDAY:
		for (int i = 0; i < 2 && r->rest.n && r->rest.p[0] == ' '; i++)
			r->rest = bytes_sub(r->rest, 1, r->rest.n);
		r->yearday = take_number(&r->rest, 1, 3);
		return r->yearday >= 0;
	case EL_ZERO_YEARDAY:
		r->yearday = take_number(&r->rest, 3, 3);
		return r->yearday >= 0;
	case EL_LONG_YEAR:
		r->year = take_number(&r->rest, 4, 4);
		return r->year >= 0;
	case EL_YEAR:
		v = take_number(&r->rest, 2, 2);
		r->year = v < 0 ? v : v + (v >= 69 ? 1900 : 2000);
		return v >= 0;
	default:
		return false;
	}
}

static bool read_element(struct reading *r, const struct piece *p, struct bytes layout)
{
	struct piece after;

	switch (p->element) {
	case EL_HOUR:
		return take_in(&r->rest, 1, 23, &r->hour);
	case EL_HOUR12:
	case EL_ZERO_HOUR12:
		return take_in(&r->rest, p->element == EL_ZERO_HOUR12 ? 2 : 1, 12, &r->hour);
	case EL_MINUTE:
	case EL_ZERO_MINUTE:
		return take_in(&r->rest, p->element == EL_ZERO_MINUTE ? 2 : 1, 59, &r->minute);
	case EL_SECOND:
	case EL_ZERO_SECOND:
		if (!take_in(&r->rest, p->element == EL_ZERO_SECOND ? 2 : 1, 59, &r->second))
			return false;
		/* A fraction may follow that the layout does not have. */
		after = take_element(&layout);
		if (is_point(r->rest) && after.element != EL_FRACTION_0 &&
		    after.element != EL_FRACTION_9)
			r->ns = take_fraction(&r->rest, fraction_len(r->rest));
		return true;
	case EL_UPPER_PM:
		return read_pm(r, "PM", "AM");
	case EL_LOWER_PM:
		return read_pm(r, "pm", "am");
	case EL_ZONE_NAME:
		return read_zone_name(r);
	case EL_ZONE_Z:
	case EL_ZONE:
		return read_zone(r, p);
	case EL_FRACTION_0:
	case EL_FRACTION_9:
		return read_fraction(r, p);
	default:
		return read_date_element(r, p);
	}
}

/* Month and day from the day of the year, when that is said. */
static bool resolve_date(struct reading *r)
{
	int month, day;
	int64_t year;

	if (r->yearday >= 0) {
		int days = 337 + time_days_in(r->year, 2);

		if (r->yearday < 1 || r->yearday > days)
			return false;
		time_date_of_days(time_days_of_date(r->year, 1, 1) + r->yearday - 1, &year, &month,
				  &day);
		if ((r->month >= 0 && r->month != month) || (r->day >= 0 && r->day != day))
			return false;
		r->month = month;
		r->day = day;
	}
	r->month = r->month < 0 ? 1 : r->month;
	r->day = r->day < 0 ? 1 : r->day;
	return r->day >= 1 && r->day <= time_days_in(r->year, r->month);
}

static void set_fixed(struct time_at *t, int32_t east, struct bytes name)
{
	t->is_fixed = true;
	t->fixed_east = east;
	memset(t->fixed_name, 0, sizeof(t->fixed_name));
	if (name.n)
		memcpy(t->fixed_name, name.p,
		       name.n < sizeof(t->fixed_name) ? name.n : sizeof(t->fixed_name) - 1);
}

/* Puts a time that reads as if it were UTC where it belongs. */
static void resolve_zone(const struct reading *r, const struct time_zone *zone, struct time_at *t)
{
	char abbrev[TIME_ZONE_ABBREV_MAX] = "UTC";
	int32_t east = 0;

	if (r->is_utc)
		return;
	if (r->has_offset) {
		t->s -= r->east;
		if (zone)
			east = time_zone_at(zone, t->s, abbrev);
		if (east == r->east && (!r->zone_name.n || bytes_is(r->zone_name, abbrev)))
			t->zone = zone;
		else
			set_fixed(t, r->east, r->zone_name);
		return;
	}
	if (r->zone_name.n) {
		int64_t hours;

		if (zone && time_zone_has(zone, r->zone_name, t->s, &east)) {
			t->s -= east;
			t->zone = zone;
			return;
		}
		if (r->zone_name.n > 3 && bytes_starts(r->zone_name, BYTES_LIT("GMT")) &&
		    num_i64(bytes_sub(r->zone_name, 3, r->zone_name.n), &hours))
			east = (int32_t)hours * 3600;
		set_fixed(t, east, r->zone_name);
		return;
	}
	if (!zone)
		return;
	/* The offset at what would be the moment in UTC is the right one but near a change. */
	east = time_zone_at(zone, t->s, abbrev);
	t->s -= time_zone_at(zone, t->s - east, abbrev);
	t->zone = zone;
}

bool time_read(struct bytes layout, struct bytes text, const struct time_zone *zone,
	       struct time_at *ret)
{
	struct reading r = { .rest = text, .month = -1, .day = -1, .yearday = -1 };
	struct time_at t = { 0 };

	for (;;) {
		struct piece p = take_element(&layout);

		if (!pass_literal(&r.rest, p.literal))
			return false;
		if (p.element == EL_NONE)
			break;
		if (!read_element(&r, &p, layout))
			return false;
	}
	if (r.rest.n || !resolve_date(&r))
		return false;
	if (r.pm && r.hour < 12)
		r.hour += 12;
	else if (r.am && r.hour == 12)
		r.hour = 0;
	t.s = time_days_of_date(r.year, r.month, r.day) * S_PER_DAY + r.hour * 3600 +
	      r.minute * 60 + r.second;
	t.ns = r.ns;
	resolve_zone(&r, zone, &t);
	*ret = t;
	return true;
}
