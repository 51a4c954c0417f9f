#include "template/print_number.h"

#include <math.h>
#include <stdlib.h>

#include "base/num.h"
#include "base/utf8.h"
#include "labels/quote.h"
#include "template/literal.h"

/* --- whole numbers --------------------------------------------------------------------- */

/* Digits in the base, at least `least` of them. */
static void add_digits(struct buf *b, uint64_t u, unsigned base, size_t least, bool upper)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	char text[64];
	size_t n = 0;

	do {
		text[n++] = digits[u % base];
		u /= base;
	} while (u);
	for (size_t i = n; i < least; i++)
		buf_add_char(b, '0');
	while (n > 0)
		buf_add_char(b, text[--n]);
}

static void print_base(struct printer *p, uint64_t u, bool negative, unsigned base, uint32_t verb)
{
	struct buf *digits = print_buf(&p->run->digits), *b = print_buf(&p->run->piece);
	size_t least = p->prec;

	if (p->has_prec && p->prec == 0 && u == 0) {
		print_pad_blank(p, BYTES_LIT(""));
		return;
	}
	if (!p->has_prec && p->zero && !p->minus && p->has_width) {
		least = p->width;
		if (least && (negative || p->plus || p->space))
			least--;
	}
	add_digits(digits, u, base, least, verb == 'X');
	if (negative)
		buf_add_char(b, '-');
	else if (p->plus || p->space)
		buf_add_char(b, p->plus ? '+' : ' ');
	if (verb == 'O')
		buf_add_str(b, "0o");
	if (p->sharp && base == 2)
		buf_add_str(b, "0b");
	else if (p->sharp && base == 16)
		buf_add_str(b, verb == 'X' ? "0X" : "0x");
	else if (p->sharp && base == 8 && digits->p[0] != '0')
		buf_add_char(b, '0');
	buf_add_bytes(b, buf_bytes(digits));
	print_pad_blank(p, buf_bytes(b));
}

static void print_char(struct printer *p, uint64_t u, bool quoted)
{
	uint32_t c = u > 0x10ffff || (u >= 0xd800 && u < 0xe000) ? UTF8_REPLACEMENT : (uint32_t)u;
	struct buf *text = print_buf(&p->run->digits), *b = print_buf(&p->run->piece);

	utf8_add(text, c);
	if (quoted)
		quote_add_as(b, buf_bytes(text), p->plus ? QUOTE_RUNE_ASCII : QUOTE_RUNE);
	else
		buf_add_bytes(b, buf_bytes(text));
	print_pad(p, buf_bytes(b));
}

static void print_code_point(struct printer *p, uint64_t u)
{
	struct buf *b = print_buf(&p->run->piece);

	if (u <= 0x10ffff && !(p->has_prec && p->prec > 4)) {
		literal_add_code_point(b, (uint32_t)u, p->sharp);
	} else {
		buf_add_str(b, "U+");
		add_digits(b, u, 16, p->has_prec && p->prec > 4 ? p->prec : 4, true);
	}
	print_pad_blank(p, buf_bytes(b));
}

bool print_whole(struct printer *p, const struct value *v, uint32_t verb)
{
	bool negative = v->type != T_UINT8 && v->u.i < 0;
	uint64_t u = negative ? 0 - (uint64_t)v->u.i : (uint64_t)v->u.i;
	bool as_hex = p->sharp_v && v->type == T_UINT8, sharp = p->sharp;

	switch (verb) {
	case 'v':
		p->sharp |= as_hex;
		print_base(p, u, negative, as_hex ? 16 : 10, verb);
		p->sharp = sharp;
		return true;
	case 'd':
		print_base(p, u, negative, 10, verb);
		return true;
	case 'b':
		print_base(p, u, negative, 2, verb);
		return true;
	case 'o':
	case 'O':
		print_base(p, u, negative, 8, verb);
		return true;
	case 'x':
	case 'X':
		print_base(p, u, negative, 16, verb);
		return true;
	case 'c':
	case 'q':
		print_char(p, (uint64_t)v->u.i, verb == 'q');
		return true;
	case 'U':
		print_code_point(p, (uint64_t)v->u.i);
		return true;
	default:
		return false;
	}
}

/* --- floats ---------------------------------------------------------------------------- */

/* Digits as d.ddde+XX. */
static void add_exponent(struct buf *b, const char *digits, int n, int exp, char e)
{
	buf_add_char(b, digits[0]);
	if (n > 1) {
		buf_add_char(b, '.');
		buf_add(b, digits + 1, (size_t)n - 1);
	}
	buf_addf(b, "%c%c%02d", e, exp < 0 ? '-' : '+', exp < 0 ? -exp : exp);
}

/* Digits without an exponent. */
static void add_positional(struct buf *b, const char *digits, int n, int exp)
{
	if (exp < 0)
		buf_add_str(b, "0.");
	for (int i = exp + 1; i < 0; i++)
		buf_add_char(b, '0');
	for (int i = 0; i < n || i <= exp; i++) {
		if (i == exp + 1 && exp >= 0)
			buf_add_char(b, '.');
		buf_add_char(b, i < n ? digits[i] : '0');
	}
}

/* %x: 0x1.8p+01, two digits of exponent where C has one. */
static void add_hex(struct buf *b, const struct printer *p, double f, bool upper)
{
	char text[1200];
	char *exp;

	if (p->has_prec)
		snprintf(text, sizeof(text), upper ? "%.*A" : "%.*a",
			 (int)(p->prec > 1000 ? 1000 : p->prec), f);
	else
		snprintf(text, sizeof(text), upper ? "%A" : "%a", f);
	exp = strchr(text, upper ? 'P' : 'p');
	if (!exp || strlen(exp) != 3) {
		buf_add_str(b, text);
		return;
	}
	buf_add(b, text, (size_t)(exp - text) + 2);
	buf_add_char(b, '0');
	buf_add_char(b, exp[2]);
}

/* %b: the mantissa as a whole number, and the exponent of two. */
static void add_binary(struct buf *b, double f)
{
	int exp;
	double m = frexp(f, &exp);

	if (f == 0)
		exp = -1074 + 53;
	buf_addf(b, "%lldp%+d", (long long)ldexp(m, 53), exp - 53);
}

/* The shortest form that reads back, with an exponent when that is below -4 or above 5. */
static void add_shortest(struct buf *b, double f, uint32_t verb)
{
	char digits[NUM_DIGITS_MAX];
	int exp, n = num_digits(fabs(f), digits, &exp);

	if (signbit(f))
		buf_add_char(b, '-');
	if (exp < -4 || exp > 5)
		add_exponent(b, digits, n, exp, verb == 'G' ? 'E' : 'e');
	else
		add_positional(b, digits, n, exp);
}

static void add_float(struct buf *b, const struct printer *p, double f, uint32_t verb)
{
	int prec = (int)(p->has_prec ? p->prec : 6);

	switch (verb) {
	case 'v':
	case 'g':
	case 'G':
		if (!p->has_prec && !p->sharp)
			add_shortest(b, f, verb);
		else if (p->sharp)
			buf_addf(b, verb == 'G' ? "%#.*G" : "%#.*g", prec, f);
		else
			buf_addf(b, verb == 'G' ? "%.*G" : "%.*g", prec, f);
		break;
	case 'f':
	case 'F':
		buf_addf(b, p->sharp ? "%#.*f" : "%.*f", prec, f);
		break;
	case 'e':
		buf_addf(b, p->sharp ? "%#.*e" : "%.*e", prec, f);
		break;
	case 'E':
		buf_addf(b, p->sharp ? "%#.*E" : "%.*E", prec, f);
		break;
	case 'x':
	case 'X':
		add_hex(b, p, f, verb == 'X');
		break;
	default: /* b */
		add_binary(b, f);
	}
}

bool print_float(struct printer *p, double f, uint32_t verb)
{
	struct buf *b = print_buf(&p->run->piece);
	bool shown;

	if (!strchr("vgGfFeExXb", (int)verb) || verb == 0 || verb > 0x7f)
		return false;
	if (isnan(f) || isinf(f)) {
		const char *plus = p->space && !p->plus ? " " : "+";

		buf_add_str(b, isinf(f) ? f < 0 ? "-" : plus : p->plus || p->space ? plus : "");
		buf_add_str(b, isnan(f) ? "NaN" : "Inf");
		print_pad_blank(p, buf_bytes(b));
		return true;
	}
	if (!signbit(f) && (p->plus || p->space))
		buf_add_char(b, p->plus ? '+' : ' ');
	add_float(b, p, f, verb);
	shown = b->p[0] == '+' || b->p[0] == '-' || b->p[0] == ' ';
	if (shown && p->zero && !p->minus && p->has_width && p->width > b->n) {
		/* the sign comes before the zeros */
		buf_add_char(p->out, b->p[0]);
		for (size_t i = b->n; i < p->width; i++)
			buf_add_char(p->out, '0');
		buf_add(p->out, b->p + 1, b->n - 1);
	} else {
		print_pad(p, buf_bytes(b));
	}
	return true;
}

bool print_complex(struct printer *p, const struct value *v, uint32_t verb)
{
	bool plus = p->plus;

	if (!strchr("vgGfFeExXb", (int)verb) || verb == 0 || verb > 0x7f)
		return false;
	buf_add_char(p->out, '(');
	print_float(p, v->u.complex.re, verb);
	p->plus = true;
	print_float(p, v->u.complex.im, verb);
	buf_add_str(p->out, "i)");
	p->plus = plus;
	return true;
}
