#include "cost/quantity.h"

#include <ctype.h>

static const num_wide ONE = 1000000000;

/* So that sums of whole tables, and products of them, fit in 128 bits. */
enum { DIGITS_MAX = 11, TIMES_MAX = 65535 };

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

static bool is_letter(char c)
{
	return isalpha((unsigned char)c);
}

/* word: small letters. */
static const char *find_word(struct bytes text, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i + n <= text.n; i++) {
		size_t k = 0;

		while (k < n && lower(text.p[i + k]) == word[k])
			k++;
		if (k == n)
			return text.p + i;
	}
	return NULL;
}

bool quantity_has_word(struct bytes text, const char *word)
{
	return find_word(text, word) != NULL;
}

/* Takes the text in any case, if it stands there and no letter follows. */
static bool take_word(struct bytes *t, const char *word)
{
	size_t n = strlen(word);

	if (t->n < n || (t->n > n && is_letter(t->p[n])))
		return false;
	for (size_t i = 0; i < n; i++)
		if (lower(t->p[i]) != word[i])
			return false;
	*t = bytes_sub(*t, n, t->n);
	return true;
}

static bool take_text(struct bytes *t, const char *text)
{
	if (!bytes_starts(*t, bytes_str(text)))
		return false;
	*t = bytes_sub(*t, strlen(text), t->n);
	return true;
}

static void skip_blanks(struct bytes *t)
{
	while (t->n && t->p[0] == ' ')
		*t = bytes_sub(*t, 1, t->n);
}

static bool is_digit_at(struct bytes t, size_t i)
{
	return i < t.n && isdigit((unsigned char)t.p[i]);
}

/* How many digits stand from i on. */
static size_t digits_at(struct bytes t, size_t i)
{
	size_t n = 0;

	while (is_digit_at(t, i + n))
		n++;
	return n;
}

/* What divides thousands in the number at the head of t: a point, in "1.234,50", else a comma. */
static char thousands_sign(struct bytes t)
{
	size_t i = digits_at(t, 0);

	if (i == 0 || i > 3 || digits_at(t, i + 1) != 3 || t.p[i] != '.')
		return ',';
	while (i < t.n && t.p[i] == '.' && digits_at(t, i + 1) == 3)
		i += 4;
	return i < t.n && t.p[i] == ',' && is_digit_at(t, i + 1) ? '.' : ',';
}

/* "4,300", "1.65", "1,5", "1.234,50": billionths, and what one in the last digit is worth. A comma
 * before three digits divides thousands. False: no number, or too long a one, which is stepped
 * over, or several, "1,2,3". */
static bool take_number(struct bytes *t, num_wide *ret, num_wide *ret_step)
{
	const char thousands = thousands_sign(*t);
	num_wide v = 0, step = ONE;
	size_t i = 0;
	int n = 0;
	char point = 0;

	for (; i < t->n; i++) {
		char c = t->p[i];

		if (c >= '0' && c <= '9') {
			n++;
			if (point)
				step /= 10;
			v = n <= DIGITS_MAX ? v * 10 + (c - '0') : v;
			continue;
		}
		if (point || (c != '.' && c != ',') || !is_digit_at(*t, i + 1) ||
		    (c == ',' && n == 0))
			break;
		if (c != thousands || digits_at(*t, i + 1) != 3)
			point = c;
	}
	if (point == ',' && i < t->n && t->p[i] == ',' && is_digit_at(*t, i + 1)) {
		while (is_digit_at(*t, i) || (i < t->n && t->p[i] == ','))
			i++;
		n = 0;
	}
	*t = bytes_sub(*t, i, t->n);
	if (n == 0 || n > DIGITS_MAX || step == 0)
		return false;
	*ret = v * step;
	*ret_step = step;
	return true;
}

static bool take_byte_unit(struct bytes *t, num_wide *ret)
{
	static const struct {
		const char *name;
		num_wide bytes;
	} units[] = {
		{ "kb", 1000 },
		{ "mb", 1000000 },
		{ "gb", 1000000000 },
		{ "tb", INT64_C(1000000000000) },
		{ "ki", INT64_C(1) << 10 },
		{ "mi", INT64_C(1) << 20 },
		{ "gi", INT64_C(1) << 30 },
		{ "ti", INT64_C(1) << 40 },
		{ "kib", INT64_C(1) << 10 },
		{ "mib", INT64_C(1) << 20 },
		{ "gib", INT64_C(1) << 30 },
		{ "tib", INT64_C(1) << 40 },
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (take_word(t, units[i].name)) {
			*ret = units[i].bytes;
			return true;
		}
	return false;
}

static bool take_count_unit(struct bytes *t, num_wide *ret)
{
	static const char *const names[] = { "k", "m" };
	static const num_wide values[] = { 1000, 1000000 };

	for (size_t i = 0; i < 2; i++)
		if (take_word(t, names[i])) {
			*ret = values[i];
			return true;
		}
	return false;
}

static bool take_time(struct bytes *t, enum quantity_per *ret)
{
	static const struct {
		const char *name;
		enum quantity_per per;
	} times[] = {
		{ "s", QUANTITY_SECOND },      { "sec", QUANTITY_SECOND },
		{ "second", QUANTITY_SECOND }, { "min", QUANTITY_MINUTE },
		{ "minute", QUANTITY_MINUTE }, { "h", QUANTITY_HOUR },
		{ "hour", QUANTITY_HOUR },     { "day", QUANTITY_DAY },
		{ "month", QUANTITY_MONTH },   { "mo", QUANTITY_MONTH },
		{ "year", QUANTITY_YEAR },
	};

	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++)
		if (take_word(t, times[i].name)) {
			*ret = times[i].per;
			return true;
		}
	return false;
}

/* "/month", " per day", " raw/day", "/GB", "/1K": what of it fits. */
static void take_per(struct bytes *t, struct quantity *q)
{
	struct bytes at = *t;
	num_wide n = ONE, step, scale;

	skip_blanks(&at);
	if (take_word(&at, "compressed") || take_word(&at, "raw")) {
		q->compressed = quantity_has_word(bytes_sub(*t, 0, t->n - at.n), "compress");
		skip_blanks(&at);
	}
	if (!take_text(&at, "/") && !take_word(&at, "per") && !take_word(&at, "a"))
		return;
	skip_blanks(&at);
	if (take_time(&at, &q->per)) {
		*t = at;
		return;
	}
	if (at.n && isdigit((unsigned char)at.p[0]) && !take_number(&at, &n, &step))
		return;
	if (take_byte_unit(&at, &scale)) {
		q->unit = n * scale;
		q->unit_kind = QUANTITY_BYTES;
	} else if (q->kind == QUANTITY_MONEY) {
		q->unit = take_count_unit(&at, &scale) ? n * scale : n;
		q->unit_kind = QUANTITY_NUMBER;
	} else {
		return;
	}
	*t = at;
}

static void take_times(struct bytes *t, struct quantity *q)
{
	struct bytes at = *t;
	num_wide v, step;

	skip_blanks(&at);
	if (!take_text(&at, "\xc3\x97") && !take_text(&at, "x ") && !take_text(&at, "*"))
		return;
	skip_blanks(&at);
	if (at.n == 0 || !isdigit((unsigned char)at.p[0]) || !take_number(&at, &v, &step) ||
	    step != ONE || v / ONE > TIMES_MAX || (at.n && is_letter(at.p[0])))
		return;
	/* "50 GB x 7 days" are no 350 GB. */
	skip_blanks(&at);
	if (at.n && is_letter(at.p[0]))
		return;
	q->times = (uint64_t)(v / ONE);
	*t = at;
}

static bool take_money_sign(struct bytes *t)
{
	return take_text(t, "$") || take_text(t, "\xe2\x82\xac") /* euro */ ||
	       take_text(t, "\xc2\xa3") /* pound */;
}

static bool take_minus(struct bytes *t)
{
	return take_text(t, "-") || take_text(t, "\xe2\x88\x92");
}

/* A digit, or behind a sign of money, a minus and one: "$-2.00". */
static bool begins_number(struct bytes t, bool money)
{
	if (money)
		take_minus(&t);
	return t.n && isdigit((unsigned char)t.p[0]);
}

/* What stands at the head of t, which is a sign of money or a digit. */
static bool take_quantity(struct bytes *t, struct quantity *q)
{
	num_wide v, high, step, scale = 1;
	struct bytes at;

	*q = (struct quantity){ .text = *t };
	if (take_money_sign(t))
		q->kind = QUANTITY_MONEY;
	q->negative = q->kind == QUANTITY_MONEY && take_minus(t);
	if (!take_number(t, &v, &step))
		return false;
	high = v;
	at = *t;
	skip_blanks(&at);
	if (q->kind == QUANTITY_NUMBER && take_text(&at, "\xe2\x82\xac")) { /* "12,50 euro" */
		q->kind = QUANTITY_MONEY;
		*t = at;
	}
	at = *t;
	if (take_text(&at, "-") || take_text(&at, "\xe2\x80\x93")) {
		take_money_sign(&at);
		if (at.n && isdigit((unsigned char)at.p[0]) && take_number(&at, &high, &step) &&
		    high >= v)
			*t = at;
		else
			high = v;
	}
	at = *t;
	skip_blanks(&at);
	if (q->kind == QUANTITY_NUMBER && take_byte_unit(&at, &scale)) {
		q->kind = QUANTITY_BYTES;
		*t = at;
	} else if (take_count_unit(t, &scale) || (t->n && is_letter(t->p[0]))) {
		if (scale == 1) /* "18a", "3x", "100ms": no quantity of ours */
			return false;
	}
	q->step = step * scale;
	q->low = v * scale - q->step / 2;
	q->high = high * scale + q->step / 2;
	take_per(t, q);
	take_times(t, q);
	q->text.n -= t->n;
	return true;
}

bool quantity_next(struct bytes *rest, struct quantity *ret)
{
	bool in_word = false;

	while (rest->n) {
		char c = rest->p[0];
		struct bytes at = *rest;
		bool money = take_money_sign(&at);

		if (!in_word && begins_number(money ? at : *rest, money)) {
			if (take_quantity(rest, ret))
				return true;
			in_word = true;
			continue;
		}
		/* "S3", "2026-01-15", "v1.2", "10:1": digits in words are no quantities. */
		in_word = !money && (is_letter(c) || isdigit((unsigned char)c) || c == '_' ||
				     (in_word && (c == '-' || c == '.' || c == ':')));
		*rest = bytes_sub(*rest, 1, rest->n);
	}
	return false;
}

/* "-", "item -": not "2026-", nor "a-". */
static bool ends_in_minus(struct bytes t)
{
	static const struct bytes minus[] = { { "-", 1 }, { "\xe2\x88\x92", 3 } };

	for (size_t i = 0; i < 2; i++) {
		size_t n = minus[i].n;

		if (t.n >= n && memcmp(t.p + t.n - n, minus[i].p, n) == 0)
			return t.n == n || !isalnum((unsigned char)t.p[t.n - n - 1]);
	}
	return false;
}

bool quantity_of_cell(struct bytes cell, struct quantity *ret)
{
	struct bytes rest = cell = bytes_trim(cell), before;

	if (!quantity_next(&rest, ret))
		return false;
	before = bytes_of(cell.p, (size_t)(ret->text.p - cell.p));
	ret->negative |=
		ends_in_minus(before) ||
		(bytes_is(before, "(") && ret->text.n + 2 == cell.n && bytes_is(rest, ")"));
	return true;
}

/* Where a heading names a time; NULL: nowhere. */
static const char *find_per(struct bytes h, enum quantity_per *ret, size_t *ret_n)
{
	static const struct {
		const char *word;
		enum quantity_per per;
	} words[] = {
		{ "/sec", QUANTITY_SECOND },	 { "per second", QUANTITY_SECOND },
		{ "/min", QUANTITY_MINUTE },	 { "per minute", QUANTITY_MINUTE },
		{ "hourly", QUANTITY_HOUR },	 { "/hour", QUANTITY_HOUR },
		{ "per hour", QUANTITY_HOUR },	 { "daily", QUANTITY_DAY },
		{ "/day", QUANTITY_DAY },	 { "per day", QUANTITY_DAY },
		{ "monthly", QUANTITY_MONTH },	 { "/month", QUANTITY_MONTH },
		{ "per month", QUANTITY_MONTH }, { "annual", QUANTITY_YEAR },
		{ "yearly", QUANTITY_YEAR },	 { "/year", QUANTITY_YEAR },
		{ "per year", QUANTITY_YEAR },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		const char *at = find_word(h, words[i].word);

		if (at) {
			*ret = words[i].per;
			*ret_n = strlen(words[i].word);
			return at;
		}
	}
	return NULL;
}

enum quantity_per quantity_per_of_heading(struct bytes h)
{
	enum quantity_per per;
	size_t n;

	return find_per(h, &per, &n) ? per : QUANTITY_AT_ALL;
}

void quantity_add_subject(struct buf *b, struct bytes h)
{
	enum quantity_per per;
	size_t n = 0;
	const char *at = find_per(h, &per, &n);

	for (size_t i = 0; i < h.n; i++)
		if ((!at || h.p + i < at || h.p + i >= at + n) && isalnum((unsigned char)h.p[i]))
			buf_add_char(b, lower(h.p[i]));
}

bool quantity_same_subject(struct bytes a, struct bytes b)
{
	struct buf ta = { 0 }, tb = { 0 };
	bool same;

	quantity_add_subject(&ta, a);
	quantity_add_subject(&tb, b);
	same = bytes_eq(buf_bytes(&ta), buf_bytes(&tb));
	buf_release(&ta);
	buf_release(&tb);
	return same;
}

void quantity_add(struct buf *b, num_wide v)
{
	char text[64];
	size_t n;

	if (v < 0) {
		buf_add_char(b, '-');
		v = -v;
	}
	n = (size_t)snprintf(text, sizeof(text), "%llu.%09llu",
			     (unsigned long long)num_clip(v / ONE), (unsigned long long)(v % ONE));
	while (text[n - 1] == '0')
		n--;
	if (text[n - 1] == '.')
		n--;
	buf_add(b, text, n);
}
