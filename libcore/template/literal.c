#include "template/literal.h"

#include "base/convert.h"
#include "base/unicode.h"
#include "base/utf8.h"
#include "labels/quote.h"

bool literal_fits_raw(struct bytes text)
{
	for (size_t i = 0, len; i < text.n; i += len) {
		uint32_t c = utf8_next(bytes_sub(text, i, text.n), &len);

		if ((c == UTF8_REPLACEMENT && len == 1) || c == 0xfeff || c == '`' || c == 0x7f ||
		    (c < ' ' && c != '\t'))
			return false;
	}
	return true;
}

void literal_add_code_point(struct buf *b, uint32_t c, bool with_char)
{
	buf_addf(b, "U+%04X", (unsigned)c);
	if (with_char && unicode_is_print(c)) {
		buf_add_str(b, " '");
		utf8_add(b, c);
		buf_add_char(b, '\'');
	}
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'z' ? c - 'a' + 10 : 99;
}

bool literal_read_string(struct bytes literal, struct buf *out)
{
	size_t begin = out->n, n;

	if (quote_scan(literal, out) != literal.n || literal.n == 0)
		return false;
	if (literal.p[0] != '`')
		return true;
	n = begin;
	for (size_t i = begin; i < out->n; i++)
		if (out->p[i] != '\r')
			out->p[n++] = out->p[i];
	out->n = n;
	return true;
}

/* A character constant has the escapes of a string, but for those of the quotes. */
static bool as_string(struct bytes literal, struct buf *out)
{
	buf_add_char(out, '"');
	for (size_t i = 1; i + 1 < literal.n; i++) {
		char c = literal.p[i], after = literal.p[i + 1];

		if (c == '\'' || (c == '\\' && (after == '"' || i + 2 == literal.n)))
			return false;
		if (c == '"' || (c == '\\' && after != '\''))
			buf_add_char(out, '\\');
		if (c == '\\')
			c = literal.p[++i];
		buf_add_char(out, c);
	}
	buf_add_char(out, '"');
	return true;
}

int literal_read_char(struct bytes literal, int32_t *ret)
{
	struct buf text = { 0 }, value = { 0 };
	int read = 0;
	size_t len;

	if (literal.n > 2 && as_string(literal, &text) &&
	    quote_scan(buf_bytes(&text), &value) == text.n && value.n) {
		*ret = (int32_t)utf8_next(buf_bytes(&value), &len);
		if (literal.p[1] == '\\' && len == 1) /* \xff is no character, but a number */
			*ret = (unsigned char)value.p[0];
		read = len == value.n ? 1 : -1;
	}
	buf_release(&text);
	buf_release(&value);
	return read;
}

/* Whether each _ stands between digits, or between the prefix and a digit. */
static bool underscores_fit(struct bytes t)
{
	char before = '^'; /* 0: digit, _: itself, !: else */
	size_t i = 0;
	bool hex = false;

	if (t.n >= 2 && t.p[0] == '0' && strchr("bBoOxX", t.p[1]) && t.p[1]) {
		i = 2;
		before = '0';
		hex = (t.p[1] | 0x20) == 'x';
	}
	for (; i < t.n; i++) {
		int d = digit_of(t.p[i]);

		if (d < 10 || (hex && d < 16)) {
			before = '0';
		} else if (t.p[i] == '_') {
			if (before != '0')
				return false;
			before = '_';
		} else {
			if (before == '_')
				return false;
			before = '!';
		}
	}
	return before != '_';
}

enum parse_result literal_read_u64(struct bytes text, int base, uint64_t *ret)
{
	struct bytes t = text;
	bool any = base == 0, over = false, underscores = false;
	uint64_t v = 0;

	if (t.n == 0)
		return PARSE_SYNTAX;
	if (any) {
		base = 10;
		if (t.p[0] == '0') {
			char c = t.n >= 3 ? (char)(t.p[1] | 0x20) : '\0';

			base = c == 'x' ? 16 : c == 'b' ? 2 : 8;
			t = bytes_sub(t, c == 'x' || c == 'b' || c == 'o' ? 2 : 1, t.n);
		}
	}
	for (size_t i = 0; i < t.n; i++) {
		int d = digit_of(t.p[i]);

		if (t.p[i] == '_' && any) {
			underscores = true;
			continue;
		}
		if (d >= base)
			return PARSE_SYNTAX;
		over |= __builtin_mul_overflow(v, (unsigned)base, &v) ||
			__builtin_add_overflow(v, (unsigned)d, &v);
		if (over)
			v = UINT64_MAX / 2;
	}
	if (underscores && !underscores_fit(text))
		return PARSE_SYNTAX;
	*ret = over ? UINT64_MAX : v;
	return over ? PARSE_RANGE : PARSE_OK;
}

enum parse_result literal_read_i64(struct bytes text, int base, int64_t *ret)
{
	bool minus = text.n && text.p[0] == '-';
	enum parse_result r;
	uint64_t v;

	if (minus || (text.n && text.p[0] == '+'))
		text = bytes_sub(text, 1, text.n);
	r = literal_read_u64(text, base, &v);
	if (r == PARSE_SYNTAX)
		return r;
	if (r == PARSE_RANGE || v > (uint64_t)INT64_MAX + minus) {
		*ret = minus ? INT64_MIN : INT64_MAX;
		return PARSE_RANGE;
	}
	*ret = minus ? (int64_t)(0 - v) : (int64_t)v;
	return PARSE_OK;
}

bool literal_read_float(struct bytes text, double *ret)
{
	struct bytes digits = text;
	char plain[128];
	size_t n = 0;

	if (!text.n || !memchr(text.p, '_', text.n))
		return convert_number(text, ret);
	if (text.p[0] == '-' || text.p[0] == '+')
		digits = bytes_sub(text, 1, text.n);
	if (!underscores_fit(digits))
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '_')
			continue;
		if (n == sizeof(plain))
			return false;
		plain[n++] = text.p[i];
	}
	return convert_number(bytes_of(plain, n), ret);
}
