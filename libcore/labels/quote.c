#include "labels/quote.h"

#include "base/unicode.h"
#include "base/utf8.h"

static const char letters[] = "abfnrtv\\\"";
static const char values[] = "\a\b\f\n\r\t\v\\\"";

static void add_escape(struct buf *b, uint32_t c)
{
	static const char names[] = "abtnvfr"; /* from 7 on */

	if (c >= 7 && c <= 13)
		buf_addf(b, "\\%c", names[c - 7]);
	else if (c < ' ' || c == 0x7f)
		buf_addf(b, "\\x%02x", (unsigned)c);
	else if (c < 0x10000)
		buf_addf(b, "\\u%04x", (unsigned)c);
	else
		buf_addf(b, "\\U%08x", (unsigned)c);
}

void quote_add_as(struct buf *b, struct bytes text, enum quote_style style)
{
	bool ascii = style == QUOTE_ASCII || style == QUOTE_RUNE_ASCII;
	char mark = style == QUOTE_RUNE || style == QUOTE_RUNE_ASCII ? '\'' : '"';

	buf_add_char(b, mark);
	for (size_t i = 0, len; i < text.n; i += len) {
		uint32_t c = utf8_next(bytes_sub(text, i, text.n), &len);

		if (c == UTF8_REPLACEMENT && len == 1)
			buf_addf(b, "\\x%02x", (unsigned)(unsigned char)text.p[i]);
		else if (c == (uint32_t)mark || c == '\\')
			buf_addf(b, "\\%c", (char)c);
		else if (unicode_is_print(c) && (c < 0x80 || !ascii))
			buf_add(b, text.p + i, len);
		else
			add_escape(b, c);
	}
	buf_add_char(b, mark);
}

void quote_add(struct buf *b, struct bytes text)
{
	quote_add_as(b, text, QUOTE_PLAIN);
}

static int digit(char c, int base)
{
	int d = c >= '0' && c <= '9'   ? c - '0'
		: c >= 'a' && c <= 'f' ? c - 'a' + 10
		: c >= 'A' && c <= 'F' ? c - 'A' + 10
				       : 99;

	return d < base ? d : -1;
}

/* n digits at p; -1 when there are not. */
static int64_t number(const char *p, const char *end, int n, int base)
{
	int64_t v = 0;

	if (end - p < n)
		return -1;
	for (int i = 0; i < n; i++) {
		int d = digit(p[i], base);

		if (d < 0)
			return -1;
		v = v * base + d;
	}
	return v;
}

/* The escape at p (behind the backslash); appends what it means and returns the end, NULL when bad.
 */
static const char *unescape(const char *p, const char *end, struct buf *out)
{
	const char *at = p < end && *p ? strchr(letters, *p) : NULL;
	int64_t v;
	int n;

	if (p == end)
		return NULL;
	if (at) {
		buf_add_char(out, values[at - letters]);
		return p + 1;
	}
	if (*p == 'x' || (*p >= '0' && *p <= '7')) {
		n = *p == 'x' ? 2 : 3;
		p += *p == 'x';
		v = number(p, end, n, n == 2 ? 16 : 8);
		if (v < 0 || v > 0xff)
			return NULL;
		buf_add_char(out, (char)v);
		return p + n;
	}
	if (*p == 'u' || *p == 'U') {
		n = *p == 'u' ? 4 : 8;
		v = number(p + 1, end, n, 16);
		if (v < 0 || v > 0x10ffff || (v >= 0xd800 && v < 0xe000))
			return NULL;
		utf8_add(out, (uint32_t)v);
		return p + 1 + n;
	}
	return NULL;
}

size_t quote_scan(struct bytes text, struct buf *out)
{
	const char *p = text.p, *end = text.p + text.n;

	if (text.n < 2)
		return 0;
	if (*p == '`') {
		const char *close = memchr(p + 1, '`', text.n - 1);

		if (!close)
			return 0;
		buf_add(out, p + 1, (size_t)(close - p - 1));
		return (size_t)(close + 1 - p);
	}
	if (*p++ != '"')
		return 0;
	while (p && p < end && *p != '"' && *p != '\n') {
		if (*p == '\\')
			p = unescape(p + 1, end, out);
		else
			buf_add_char(out, *p++);
	}
	return p && p < end && *p == '"' ? (size_t)(p + 1 - text.p) : 0;
}
