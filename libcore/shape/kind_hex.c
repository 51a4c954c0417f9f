/*
 * Values of one length in which the same places hold hexadecimal digits, of one case, and all
 * others one text: ids. The params are that text with 'x' at the places of digits, behind a byte
 * that is 1 if those are capitals. The body has four bits for each digit, the higher ones first, a
 * whole number of bytes for each value.
 */
#include "base/mem.h"
#include "shape/kind.h"

enum { DIGITS_MIN = 8, LEN_MAX = 255, UPPER = 1 };

static const char lower_digit[] = "0123456789abcdef", upper_digit[] = "0123456789ABCDEF";

/* The digit's value + 1; 0: it is none of the case. */
static const uint8_t *digit_values(bool upper)
{
	static const uint8_t lower_value[256] = {
		['0'] = 1,  ['1'] = 2,	['2'] = 3,  ['3'] = 4,	['4'] = 5,  ['5'] = 6,
		['6'] = 7,  ['7'] = 8,	['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12,
		['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
	};
	static const uint8_t upper_value[256] = {
		['0'] = 1,  ['1'] = 2,	['2'] = 3,  ['3'] = 4,	['4'] = 5,  ['5'] = 6,
		['6'] = 7,  ['7'] = 8,	['8'] = 9,  ['9'] = 10, ['A'] = 11, ['B'] = 12,
		['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
	};

	return upper ? upper_value : lower_value;
}

struct form {
	bool upper;
	size_t len, n_digits;
	uint8_t place[LEN_MAX]; /* of the digits */
	char text[LEN_MAX + NEAR_PAD];
};

/* Whether the digits stand side by side. */
static bool is_run(const struct form *f)
{
	return f->place[f->n_digits - 1] - f->place[0] + 1U == f->n_digits;
}

/* Where the values' first has digits; a place where another has none is none. */
static bool find_form(const struct kind_in *in, struct form *f)
{
	const uint8_t *value;
	struct bytes first = in->v[0];
	uint8_t differs[LEN_MAX + NEAR_PAD] = { 0 };

	if (first.n < DIGITS_MIN || first.n > LEN_MAX)
		return false;
	f->len = first.n;
	f->upper = false;
	for (size_t k = 0; k < first.n; k++)
		f->upper |= first.p[k] >= 'A' && first.p[k] <= 'F';
	value = digit_values(f->upper);
	for (size_t i = 1; i < in->n; i++) {
		if (in->v[i].n != f->len)
			return false;
		near_differ(differs, in->v[i].p, first.p, f->len);
	}
	f->n_digits = 0;
	for (size_t k = 0; k < f->len; k++) {
		f->text[k] = differs[k] ? 'x' : first.p[k];
		if (differs[k] && !value[(unsigned char)first.p[k]])
			return false;
		/* What is always an x would be taken for a digit. */
		if (!differs[k] && first.p[k] == 'x')
			return false;
		if (differs[k])
			f->place[f->n_digits++] = (uint8_t)k;
	}
	return f->n_digits >= DIGITS_MIN;
}

/* The digits of v from place `from` on as the body has them; to is zeros. False: one is none. */
static bool take_digits(uint8_t *to, const struct form *f, const uint8_t *value, struct bytes v,
			size_t from)
{
	uint8_t good = 1;

	for (size_t k = from; k < f->n_digits; k++) {
		uint8_t d = value[(unsigned char)v.p[f->place[k]]];

		good &= d != 0;
		to[k / 2] |= (uint8_t)((d - 1U) << (k % 2 ? 0 : 4));
	}
	return good;
}

#ifdef __SSE2__

/* Whether each byte of v is from `low` to `high`, both ASCII: 0xff. */
static inline __m128i is_between(__m128i v, char low, char high)
{
	return _mm_and_si128(_mm_cmpgt_epi8(v, _mm_set1_epi8((char)(low - 1))),
			     _mm_cmpgt_epi8(_mm_set1_epi8((char)(high + 1)), v));
}

/* 16 digits at p, side by side, to 8 bytes. False: one is none. */
static bool take_16(uint8_t *to, const char *p, bool upper)
{
	const char a = upper ? 'A' : 'a';
	__m128i v = near_load(p), decimal = is_between(v, '0', '9');
	__m128i letter = is_between(v, a, (char)(a + 5));
	__m128i less = _mm_or_si128(_mm_and_si128(decimal, _mm_set1_epi8('0')),
				    _mm_and_si128(letter, _mm_set1_epi8((char)(a - 10))));
	__m128i d = _mm_sub_epi8(v, less); /* in each 16 bits the higher digit is the lower byte */
	__m128i both = _mm_or_si128(_mm_slli_epi16(d, 4), _mm_srli_epi16(d, 8));

	both = _mm_and_si128(both, _mm_set1_epi16(0xff));
	_mm_storel_epi64((__m128i *)(void *)to, _mm_packus_epi16(both, both));
	return near_bits(_mm_or_si128(decimal, letter)) == 0xffff;
}

#else

static bool take_16(uint8_t *to, const char *p, bool upper)
{
	const uint8_t *value = digit_values(upper);
	bool good = true;

	for (size_t k = 0; k < 16; k += 2) {
		uint8_t high = value[(unsigned char)p[k]], low = value[(unsigned char)p[k + 1]];

		good &= high && low;
		to[k / 2] = (uint8_t)((high - 1U) << 4 | (low - 1U));
	}
	return good;
}

#endif

static bool encode(const struct kind_in *in, struct kind_out *out)
{
	struct form f;
	const uint8_t *value;
	size_t step, at_once;
	uint8_t *to;

	if (!find_form(in, &f))
		return false;
	value = digit_values(f.upper);
	step = (f.n_digits + 1) / 2;
	at_once = is_run(&f) ? f.n_digits / 16 * 16 : 0;
	to = (uint8_t *)buf_reserve(&out->body, step * in->n);
	memset(to, 0, step * in->n);
	for (size_t i = 0; i < in->n; i++, to += step) {
		struct bytes v = in->v[i];

		for (size_t k = 0; k < at_once; k += 16)
			if (!take_16(to + k / 2, v.p + f.place[k], f.upper))
				return false;
		if (!take_digits(to, &f, value, v, at_once))
			return false;
	}
	buf_add_char(&out->params, (char)(f.upper ? UPPER : 0));
	buf_add(&out->params, f.text, f.len);
	out->body.n += step * in->n;
	out->plane = step * in->n;
	return true;
}

static bool read_form(struct bytes params, struct form *f)
{
	if (params.n < 2 || params.n > LEN_MAX + 1 || (unsigned char)params.p[0] > UPPER)
		return false;
	f->upper = params.p[0] == UPPER;
	f->len = params.n - 1;
	memcpy(f->text, params.p + 1, f->len);
	f->n_digits = 0;
	for (size_t k = 0; k < f->len; k++)
		if (f->text[k] == 'x')
			f->place[f->n_digits++] = (uint8_t)k;
	return f->n_digits > 0 && !memchr(f->text, '\n', f->len);
}

#ifdef __SSE2__

/* The digits of 16 bytes at `from`. */
static void put_32(char *to, const uint8_t *from, bool upper)
{
	const __m128i low = _mm_set1_epi8(0x0f), nine = _mm_set1_epi8(9), zero = _mm_set1_epi8('0');
	const __m128i letter = _mm_set1_epi8((upper ? 'A' : 'a') - '0' - 10);
	__m128i v = near_load((const char *)from), a = _mm_and_si128(_mm_srli_epi16(v, 4), low);
	__m128i b = _mm_and_si128(v, low),
		d[2] = { _mm_unpacklo_epi8(a, b), _mm_unpackhi_epi8(a, b) };

	for (int k = 0; k < 2; k++) {
		__m128i more = _mm_and_si128(_mm_cmpgt_epi8(d[k], nine), letter);

		_mm_storeu_si128((__m128i *)(void *)(to + (ptrdiff_t)16 * k),
				 _mm_add_epi8(_mm_add_epi8(d[k], zero), more));
	}
}

#else

static void put_32(char *to, const uint8_t *from, bool upper)
{
	const char *digit = upper ? upper_digit : lower_digit;

	for (size_t k = 0; k < 32; k++)
		to[k] = digit[from[k / 2] >> (k % 2 ? 0 : 4) & 15];
}

#endif

/* A value whose digits stand side by side. Bytes behind it may be written. */
static void put_run(char *to, const struct form *f, const uint8_t *from)
{
	size_t first = f->place[0], behind = first + f->n_digits;

	kind_copy(to, f->text, first);
	for (size_t k = 0; k < f->n_digits; k += 32)
		put_32(to + first + k, from + k / 2, f->upper);
	if (behind < f->len)
		memcpy(to + behind, f->text + behind, f->len - behind);
}

static void put_scattered(char *to, const struct form *f, const uint8_t *from)
{
	const char *digit = f->upper ? upper_digit : lower_digit;

	memcpy(to, f->text, f->len);
	for (size_t k = 0; k < f->n_digits; k++)
		to[f->place[k]] = digit[from[k / 2] >> (k % 2 ? 0 : 4) & 15];
}

static int decode(const struct kind_from *from, struct kind_mem *m, struct shape_values *ret,
		  struct err *e)
{
	struct form f;
	const uint8_t *at = (const uint8_t *)from->body.p;
	size_t step, n = kind_n_wanted(from);
	bool side_by_side;
	char *text;

	if (!read_form(from->params, &f))
		return kind_corrupt(e, "no form of an id");
	step = (f.n_digits + 1) / 2;
	if (from->body.n != step * from->n)
		return kind_corrupt(e, "as long as no ids can be");
	if (kind_room_each(m, from, f.len, &text, ret, e) < 0)
		return -1;
	side_by_side = is_run(&f);
	for (size_t k = 0; k < n; k++) {
		const uint8_t *digits = at + kind_wanted(from, k) * step;

		if (side_by_side)
			put_run(text + k * f.len, &f, digits);
		else
			put_scattered(text + k * f.len, &f, digits);
	}
	return 0;
}

static void may_hold(struct bytes params, bool may[256])
{
	struct form f;

	if (!read_form(params, &f))
		return;
	kind_may_hold(may, f.upper ? upper_digit : lower_digit, 16);
	kind_may_hold(may, f.text, f.len);
}

const struct kind kind_hex = {
	.name = "hex",
	.encode = encode,
	.decode = decode,
	.picks = true,
	.bytes = may_hold,
};
