/*
 * fmt's verbs. What a verb cannot print becomes %!verb(type=value). Widths, precisions and flags of
 * a list or map hold for each of its elements.
 */
#include "template/print.h"

#include <stdlib.h>

#include "base/utf8.h"
#include "labels/quote.h"
#include "template/print_number.h"
#include "template/literal.h"
#include "time/time.h"

static void print_value(struct printer *p, const struct value *v, uint32_t verb, unsigned depth);

/* --- simple ones ----------------------------------------------------------------------- */

static size_t count_chars(struct bytes t)
{
	size_t n = 0;

	for (size_t i = 0, len; i < t.n; i += len, n++)
		utf8_next(bytes_sub(t, i, t.n), &len);
	return n;
}

static void add_padding(struct printer *p, size_t n)
{
	char c = p->zero && !p->minus ? '0' : ' ';

	while (n-- > 0)
		buf_add_char(p->out, c);
}

void print_pad(struct printer *p, struct bytes text)
{
	size_t n = p->has_width ? count_chars(text) : 0;
	size_t padding = p->has_width && p->width > n ? p->width - n : 0;

	if (!p->minus)
		add_padding(p, padding);
	buf_add_bytes(p->out, text);
	if (p->minus)
		add_padding(p, padding);
}

void print_pad_blank(struct printer *p, struct bytes text)
{
	bool zero = p->zero;

	p->zero = false;
	print_pad(p, text);
	p->zero = zero;
}

static void bad_verb(struct printer *p, const struct value *v, uint32_t verb)
{
	p->is_error = true;
	buf_add_str(p->out, "%!");
	utf8_add(p->out, verb);
	buf_add_char(p->out, '(');
	if (value_is_none(v)) {
		buf_add_str(p->out, "<nil>");
	} else {
		buf_add_str(p->out, value_type_name(v));
		buf_add_char(p->out, '=');
		print_value(p, v, 'v', 0);
	}
	buf_add_char(p->out, ')');
	p->is_error = false;
}

/* The first characters, as many as the precision says. */
static struct bytes cut(const struct printer *p, struct bytes s)
{
	size_t n = 0, chars = 0, len;

	if (!p->has_prec)
		return s;
	for (; n < s.n && chars < p->prec; n += len, chars++)
		utf8_next(bytes_sub(s, n, s.n), &len);
	return bytes_sub(s, 0, n);
}

static void print_quoted(struct printer *p, struct bytes s)
{
	struct buf *b = print_buf(&p->run->piece);

	s = cut(p, s);
	if (p->sharp && literal_fits_raw(s)) {
		buf_add_char(b, '`');
		buf_add_bytes(b, s);
		buf_add_char(b, '`');
	} else {
		quote_add_as(b, s, p->plus ? QUOTE_ASCII : QUOTE_PLAIN);
	}
	print_pad(p, buf_bytes(b));
}

static void print_hex(struct printer *p, struct bytes s, bool upper)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	struct buf *b = print_buf(&p->run->piece);

	if (p->has_prec && p->prec < s.n)
		s.n = p->prec;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (p->space && i)
			buf_add_char(b, ' ');
		if (p->sharp && (p->space || i == 0))
			buf_add_str(b, upper ? "0X" : "0x");
		buf_add_char(b, digits[c >> 4]);
		buf_add_char(b, digits[c & 15]);
	}
	print_pad(p, buf_bytes(b));
}

static bool print_string(struct printer *p, struct bytes s, uint32_t verb)
{
	switch (verb) {
	case 'v':
		if (p->sharp_v)
			print_quoted(p, s);
		else
			print_pad(p, cut(p, s));
		return true;
	case 's':
		print_pad(p, cut(p, s));
		return true;
	case 'q':
		print_quoted(p, s);
		return true;
	case 'x':
	case 'X':
		print_hex(p, s, verb == 'X');
		return true;
	default:
		return false;
	}
}

/* --- what has a method String ---------------------------------------------------------- */

static bool takes_string(uint32_t verb)
{
	return verb == 'v' || verb == 's' || verb == 'q' || verb == 'x' || verb == 'X';
}

static void add_time_value(struct buf *b, const struct value *v)
{
	switch (v->type) {
	case T_TIME:
		time_format(b, &v->u.t, BYTES_LIT("2006-01-02 15:04:05.999999999 -0700 MST"));
		break;
	case T_MONTH:
		buf_add_str(b, time_month_name((int)v->u.i));
		break;
	case T_WEEKDAY:
		buf_add_str(b, time_weekday_name((int)v->u.i));
		break;
	default:
		time_add_duration(b, v->u.i);
	}
}

static bool print_time_value(struct printer *p, const struct value *v, uint32_t verb)
{
	struct buf *b = print_buf(&p->run->digits); /* print_string uses the other one */

	if (!takes_string(verb) || (p->is_error && v->type != T_TIME)) {
		if (v->type != T_TIME)
			return print_whole(p, v, verb);
		return false;
	}
	add_time_value(b, v);
	print_string(p, buf_bytes(b), verb);
	return true;
}

/* --- what has elements ----------------------------------------------------------------- */

static void print_list(struct printer *p, const struct value *v, uint32_t verb, unsigned depth)
{
	buf_add_str(p->out, p->sharp_v ? "[]interface {}{" : "[");
	for (size_t i = 0; i < v->u.list.n; i++) {
		if (i)
			buf_add_str(p->out, p->sharp_v ? ", " : " ");
		print_value(p, &v->u.list.v[i], verb, depth + 1);
	}
	buf_add_char(p->out, p->sharp_v ? '}' : ']');
}

static void print_map(struct printer *p, const struct value *v, uint32_t verb, unsigned depth)
{
	struct value plain = run_plain(p->run, v), key;

	if (p->sharp_v) {
		buf_add_str(p->out, value_type_name(v));
		buf_add_char(p->out, '{');
	} else {
		buf_add_str(p->out, "map[");
	}
	for (size_t i = 0; i < plain.u.dict.n; i++) {
		if (i)
			buf_add_str(p->out, p->sharp_v ? ", " : " ");
		key = value_string(plain.u.dict.v[i].key);
		print_value(p, &key, verb, depth + 1);
		buf_add_char(p->out, ':');
		print_value(p, plain.u.dict.v[i].value, verb, depth + 1);
	}
	buf_add_char(p->out, p->sharp_v ? '}' : ']');
}

static bool print_nil(struct printer *p, uint32_t verb, unsigned depth)
{
	if (depth && p->sharp_v)
		buf_add_str(p->out, "interface {}(nil)");
	else if (depth)
		buf_add_str(p->out, "<nil>");
	else if (verb == 'v' || verb == 'T')
		print_pad(p, BYTES_LIT("<nil>"));
	else
		return false;
	return true;
}

static bool try_print(struct printer *p, const struct value *v, uint32_t verb, unsigned depth)
{
	switch (v->type) {
	case T_NONE:
	case T_NIL:
		return print_nil(p, verb, depth);
	case T_BOOL:
		if (verb != 't' && verb != 'v')
			return false;
		print_pad(p, v->u.b ? BYTES_LIT("true") : BYTES_LIT("false"));
		return true;
	case T_INT:
	case T_INT64:
	case T_UINT8:
		return print_whole(p, v, verb);
	case T_FLOAT:
		return print_float(p, v->u.f, verb);
	case T_COMPLEX:
		return print_complex(p, v, verb);
	case T_STRING:
		return print_string(p, v->u.s, verb);
	case T_LIST:
		print_list(p, v, verb, depth);
		return true;
	case T_MAP:
	case T_LABELS:
		print_map(p, v, verb, depth);
		return true;
	default:
		return print_time_value(p, v, verb);
	}
}

static void print_value(struct printer *p, const struct value *v, uint32_t verb, unsigned depth)
{
	/* What is printed so far is looked at here, so that nothing grows far beyond the limit. */
	if (p->out->n > TEMPLATE_OUTPUT_MAX)
		return;
	if (verb == 'T' && !value_is_none(v) && depth == 0)
		print_pad(p, cut(p, bytes_str(value_type_name(v))));
	else if (!try_print(p, v, verb, depth))
		bad_verb(p, v, verb);
}

void print_plain(struct template_run *r, struct buf *out, const struct value *v)
{
	struct printer p = { .run = r, .out = out };

	if (v->type == T_STRING)
		buf_add_bytes(out, v->u.s);
	else
		print_value(&p, v, 'v', 0);
}

void print_all(struct template_run *r, struct buf *out, const struct value *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i && v[i].type != T_STRING && v[i - 1].type != T_STRING)
			buf_add_char(out, ' ');
		print_plain(r, out, &v[i]);
	}
}

/* --- formats --------------------------------------------------------------------------- */

enum { NUMBER_MAX = 1000000 };

struct format {
	struct printer p;
	struct bytes rest;
	const struct value *v;
	size_t n, arg;
	bool reordered, good_index, after_index;
};

static void forget_flags(struct printer *p)
{
	*p = (struct printer){ .run = p->run, .out = p->out };
}

static bool next_is(const struct format *f, char c)
{
	return f->rest.n && f->rest.p[0] == c;
}

static void pass(struct format *f, size_t n)
{
	f->rest = bytes_sub(f->rest, n, f->rest.n);
}

static void take_flags(struct format *f)
{
	for (; f->rest.n; pass(f, 1)) {
		switch (f->rest.p[0]) {
		case '#':
			f->p.sharp = true;
			break;
		case '0':
			f->p.zero = true;
			break;
		case '+':
			f->p.plus = true;
			break;
		case '-':
			f->p.minus = true;
			break;
		case ' ':
			f->p.space = true;
			break;
		default:
			return;
		}
	}
}

/* Digits in t: their number and value. More than NUMBER_MAX is none, and ends the format. */
static size_t digits_in(struct bytes t, size_t *ret)
{
	size_t n = 0, v = 0;

	for (; n < t.n && t.p[n] >= '0' && t.p[n] <= '9' && v <= NUMBER_MAX; n++)
		v = v * 10 + (size_t)(t.p[n] - '0');
	*ret = v;
	return n;
}

static bool take_digits(struct format *f, size_t *ret)
{
	size_t v, n = digits_in(f->rest, &v);

	if (v > NUMBER_MAX) {
		pass(f, f->rest.n);
		return false;
	}
	pass(f, n);
	*ret = v;
	return n > 0;
}

/* "[3]": the argument that comes next. */
static void take_index(struct format *f)
{
	const char *end;
	size_t v, n;

	f->after_index = false;
	if (!next_is(f, '['))
		return;
	f->reordered = true;
	end = f->rest.n < 3 ? NULL : memchr(f->rest.p, ']', f->rest.n);
	if (!end) {
		f->good_index = false;
		pass(f, 1);
		return;
	}
	n = digits_in(bytes_sub(f->rest, 1, f->rest.n), &v);
	f->after_index = n > 0 && f->rest.p + 1 + n == end && v <= NUMBER_MAX;
	if (f->after_index && v >= 1 && v <= f->n)
		f->arg = v - 1;
	else
		f->good_index = false;
	pass(f, (size_t)(end - f->rest.p) + 1);
}

/* The argument of a "*". */
static bool take_star(struct format *f, int64_t *ret)
{
	const struct value *v = f->arg < f->n ? &f->v[f->arg] : NULL;

	if (v)
		f->arg++;
	*ret = 0;
	if (!v || !value_is_whole(v) || v->u.i > NUMBER_MAX || v->u.i < -NUMBER_MAX)
		return false;
	*ret = v->u.i;
	return true;
}

static void take_width(struct format *f)
{
	int64_t v;

	if (!next_is(f, '*')) {
		f->p.has_width = take_digits(f, &f->p.width);
		if (f->after_index && f->p.has_width)
			f->good_index = false;
		return;
	}
	pass(f, 1);
	f->p.has_width = take_star(f, &v);
	if (!f->p.has_width)
		buf_add_str(f->p.out, "%!(BADWIDTH)");
	if (v < 0) {
		f->p.minus = true;
		f->p.zero = false;
	}
	f->p.width = (size_t)(v < 0 ? -v : v);
	f->after_index = false;
}

static void take_precision(struct format *f)
{
	int64_t v;

	if (!next_is(f, '.'))
		return;
	pass(f, 1);
	if (f->after_index)
		f->good_index = false;
	take_index(f);
	if (!next_is(f, '*')) {
		f->p.prec = 0;
		take_digits(f, &f->p.prec);
		f->p.has_prec = true;
		return;
	}
	pass(f, 1);
	f->p.has_prec = take_star(f, &v) && v >= 0;
	f->p.prec = v > 0 ? (size_t)v : 0;
	if (!f->p.has_prec)
		buf_add_str(f->p.out, "%!(BADPREC)");
	f->after_index = false;
}

static void print_verb(struct format *f)
{
	size_t len;
	uint32_t verb;

	if (!f->rest.n) {
		buf_add_str(f->p.out, "%!(NOVERB)");
		return;
	}
	verb = utf8_next(f->rest, &len);
	pass(f, len);
	if (verb == '%') {
		buf_add_char(f->p.out, '%');
	} else if (!f->good_index || f->arg >= f->n) {
		buf_add_str(f->p.out, "%!");
		utf8_add(f->p.out, verb);
		buf_add_str(f->p.out, f->good_index ? "(MISSING)" : "(BADINDEX)");
	} else {
		if (verb == 'v') {
			f->p.sharp_v = f->p.sharp;
			f->p.sharp = f->p.plus = false;
		}
		print_value(&f->p, &f->v[f->arg++], verb, 0);
	}
}

static void print_extra(struct format *f)
{
	struct buf *out = f->p.out;
	bool first = true;

	forget_flags(&f->p);
	buf_add_str(out, "%!(EXTRA ");
	for (; f->arg < f->n; f->arg++, first = false) {
		const struct value *v = &f->v[f->arg];

		buf_add_str(out, first ? "" : ", ");
		if (!value_is_none(v)) {
			buf_add_str(out, value_type_name(v));
			buf_add_char(out, '=');
		}
		print_value(&f->p, v, 'v', 0);
	}
	buf_add_char(out, ')');
}

int print_format(struct template_run *r, struct buf *out, struct bytes format,
		 const struct value *v, size_t n)
{
	struct format f = { .p = { .run = r, .out = out }, .rest = format, .v = v, .n = n };

	while (f.rest.n && out->n <= TEMPLATE_OUTPUT_MAX) {
		const char *percent = memchr(f.rest.p, '%', f.rest.n);
		size_t plain = percent ? (size_t)(percent - f.rest.p) : f.rest.n;

		buf_add(out, f.rest.p, plain);
		pass(&f, plain);
		if (!f.rest.n)
			break;
		pass(&f, 1);
		forget_flags(&f.p);
		f.good_index = true;
		take_flags(&f);
		take_index(&f);
		take_width(&f);
		take_precision(&f);
		if (!f.after_index)
			take_index(&f);
		print_verb(&f);
	}
	if (!f.reordered && f.arg < n)
		print_extra(&f);
	return run_check_size(r, out->n);
}
