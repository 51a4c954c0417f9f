/*
 * Decimal numbers with the same text round them and as many places behind the point:
 *
 *   u8      places behind the point; 0: there is none
 *   u8      digits before it, at least; 0 and 1: as many as it has
 *   uvarint the least of the numbers, the point left out
 *   lstr    text before; the rest is text behind
 *
 * The body is planes: each number less the least.
 */
#include "base/mem.h"
#include "base/rd.h"
#include "base/wr.h"
#include "shape/kind.h"

enum { DIGITS_MAX = 18, BEHIND_MAX = 64 };

struct form {
	size_t places, width;
	uint64_t unit; /* 10^places; not set by read_form */
	struct bytes before, behind;
};

static size_t count_digits(struct bytes v, size_t from)
{
	size_t i = from;

	while (i < v.n && kind_is_digit(v.p[i]))
		i++;
	return i - from;
}

/* What the first value is like. */
static bool find_form(struct bytes v, struct form *ret)
{
	size_t at = 0, whole;

	while (at < v.n && !kind_is_digit(v.p[at]))
		at++;
	whole = count_digits(v, at);
	if (whole == 0 || whole > DIGITS_MAX)
		return false;
	ret->before = bytes_sub(v, 0, at);
	ret->width = whole;
	ret->places = 0;
	at += whole;
	if (at + 1 < v.n && v.p[at] == '.' && count_digits(v, at + 1)) {
		ret->places = count_digits(v, at + 1);
		at += 1 + ret->places;
	}
	ret->unit = 1;
	for (size_t i = 0; i < ret->places; i++)
		ret->unit *= 10;
	ret->behind = bytes_sub(v, at, v.n);
	return whole + ret->places <= DIGITS_MAX && ret->behind.n <= BEHIND_MAX;
}

/* The number in v, and how many digits it has before the point; false: it is not of the form. */
static bool read_number(struct bytes v, const struct form *f, uint64_t *ret, size_t *ret_whole)
{
	size_t len = f->places ? f->places + 1 : 0, whole;
	uint64_t number, behind_point = 0;
	const char *p = v.p + f->before.n;

	if (v.n < f->before.n + 1 + len + f->behind.n)
		return false;
	whole = v.n - f->before.n - len - f->behind.n;
	if (whole + f->places > DIGITS_MAX ||
	    (f->before.n && !near_same(v.p, f->before.p, f->before.n)) ||
	    (f->behind.n && !near_same(p + whole + len, f->behind.p, f->behind.n)) ||
	    !kind_read_digits(p, whole, &number) ||
	    (len &&
	     (p[whole] != '.' || !kind_read_digits(p + whole + 1, f->places, &behind_point))))
		return false;
	*ret_whole = whole;
	*ret = number * f->unit + behind_point;
	return true;
}

static bool encode(const struct kind_in *in, struct kind_out *out)
{
	struct form f;
	uint64_t *number, least = UINT64_MAX;
	bool zeros = false, one_width = true;

	if (!find_form(in->v[0], &f))
		return false;
	number = kind_numbers(out, in->n);
	for (size_t i = 0; i < in->n; i++) {
		size_t whole;

		if (!read_number(in->v[i], &f, &number[i], &whole))
			return false;
		zeros |= whole > 1 && in->v[i].p[f.before.n] == '0';
		one_width &= whole == f.width;
		least = number[i] < least ? number[i] : least;
	}
	if (zeros && !one_width)
		return false;
	for (size_t i = 0; i < in->n; i++)
		number[i] -= least;
	wr_u8(&out->params, (uint8_t)f.places);
	wr_u8(&out->params, (uint8_t)(zeros ? f.width : 0));
	wr_uvarint(&out->params, least);
	wr_lstr(&out->params, f.before);
	buf_add_bytes(&out->params, f.behind);
	kind_planes(out, in->n);
	return true;
}

#define TEN(d)                                                                              \
	{ d, '0' }, { d, '1' }, { d, '2' }, { d, '3' }, { d, '4' }, { d, '5' }, { d, '6' }, \
		{ d, '7' }, { d, '8' },                                                     \
	{                                                                                   \
		d, '9'                                                                      \
	}
static const char pairs[100][2] = { TEN('0'), TEN('1'), TEN('2'), TEN('3'), TEN('4'),
				    TEN('5'), TEN('6'), TEN('7'), TEN('8'), TEN('9') };

/* How many digits v has. */
static size_t n_digits(uint64_t v)
{
	size_t n = 1;

	for (; v >= 100; v /= 100)
		n += 2;
	return n + (v >= 10);
}

/* The last n digits of v, in front of `end`. Returns what is left of v. */
static uint64_t put_digits(char *end, uint64_t v, size_t n)
{
	for (; n >= 2; n -= 2, v /= 100) {
		end -= 2;
		memcpy(end, pairs[v % 100], 2);
	}
	if (n == 0)
		return v;
	end[-1] = (char)('0' + v % 10);
	return v / 10;
}

static char *put_number(char *to, const struct form *f, uint64_t v)
{
	size_t width = n_digits(v), least = f->places + (f->width ? f->width : 1);

	kind_copy(to, f->before.p, f->before.n);
	to += f->before.n;
	width = width < least ? least : width;
	if (f->places) {
		v = put_digits(to + width + 1, v, f->places);
		width -= f->places;
		to[width] = '.';
	}
	put_digits(to + width, v, width);
	to += width + (f->places ? f->places + 1 : 0);
	kind_copy(to, f->behind.p, f->behind.n);
	return to + f->behind.n;
}

static bool read_form(struct bytes params, struct form *ret, uint64_t *ret_least)
{
	struct rd rd = rd_init(params);

	ret->places = rd_u8(&rd);
	ret->width = rd_u8(&rd);
	*ret_least = rd_uvarint(&rd);
	ret->before = rd_lstr(&rd, params.n);
	ret->behind = bytes_sub(params, rd.off, params.n);
	return !rd.failed && ret->places + ret->width <= DIGITS_MAX &&
	       !memchr(ret->before.p, '\n', ret->before.n) &&
	       !memchr(ret->behind.p, '\n', ret->behind.n);
}

static int decode(const struct kind_from *from, struct kind_mem *m, struct shape_values *ret,
		  struct err *e)
{
	struct rd rd = rd_init(from->body);
	const uint64_t *number;
	uint64_t least, most = 1;
	struct form f;
	uint32_t *off;
	char *text, *to;
	size_t each, len, n = kind_n_wanted(from);

	if (!read_form(from->params, &f, &least))
		return kind_corrupt(e, "no form of a number");
	if ((f.before.n + f.behind.n) * from->n > from->max)
		return kind_corrupt(e, "longer than the lines");
	/* A point, and a zero before it that is none of the digits. */
	each = f.before.n + f.behind.n + DIGITS_MAX + 2;
	len = each * n;
	len = len < from->max ? len : from->max;
	if (kind_read_planes(&rd, from, &m->words, sizeof(*number), e) < 0 ||
	    kind_room(m, from, len + each, &text, &off, e) < 0)
		return -1;
	number = (const uint64_t *)(const void *)m->words.p;
	for (size_t i = 0; i < DIGITS_MAX; i++)
		most *= 10;
	to = text;
	for (size_t k = 0; k < n; k++) {
		size_t i = kind_wanted(from, k);

		if (least >= most || number[i] >= most - least)
			return kind_corrupt(e, "a number of too many digits");
		off[i] = (uint32_t)(to - text);
		to = put_number(to, &f, least + number[i]);
		off[i + 1] = (uint32_t)(to - text);
		if (off[i + 1] > from->max)
			return kind_corrupt(e, "longer than the lines");
	}
	*ret = (struct shape_values){ .n = from->n, .text = text, .off = off };
	return 0;
}

static int decimals(const struct kind_from *from, uint64_t most, struct kind_mem *m,
		    struct shape_decimals *ret, struct err *e)
{
	struct rd rd = rd_init(from->body);
	const uint64_t *number;
	uint64_t above = 0;
	struct form f;

	*ret = (struct shape_decimals){ .n = from->n };
	if (!read_form(from->params, &f, &ret->least))
		return kind_corrupt(e, "no form of a number");
	if (f.behind.n || (f.before.n && !bytes_is(f.before, "-")) || ret->least > most)
		return 0;
	if (kind_read_planes(&rd, from, &m->words, sizeof(*number), e) < 0)
		return -1;
	number = (const uint64_t *)(const void *)m->words.p;
	for (size_t i = 0; i < from->n; i++)
		above |= number[i] > most - ret->least;
	ret->places = (unsigned)f.places;
	ret->is_negative = f.before.n > 0;
	ret->number = above ? NULL : number;
	return 0;
}

static void may_hold(struct bytes params, bool may[256])
{
	uint64_t least;
	struct form f;

	if (!read_form(params, &f, &least))
		return;
	kind_may_hold(may, "0123456789.", 11);
	kind_may_hold(may, f.before.p, f.before.n);
	kind_may_hold(may, f.behind.p, f.behind.n);
}

const struct kind kind_number = {
	.name = "number",
	.encode = encode,
	.decode = decode,
	.decimals = decimals,
	.picks = true,
	.bytes = may_hold,
};
