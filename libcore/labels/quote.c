#include "labels/quote.h"

#include "base/utf8.h"

static const char letters[] = "abfnrtv\\\"";
static const char values[] = "\a\b\f\n\r\t\v\\\"";

static bool is_printable(struct bytes c)
{
	/* controls of Latin-1 and the invisible characters that people meet; Go has a larger table
	 */
	if (c.n == 1)
		return (unsigned char)c.p[0] >= 0x20 && c.p[0] != 0x7f;
	if (c.n == 2 && c.p[0] == '\xc2' && (unsigned char)c.p[1] <= 0xa0)
		return false;
	return !(c.n == 3 &&
		 (memcmp(c.p, "\xe2\x80\x8b", 3) == 0 || memcmp(c.p, "\xef\xbb\xbf", 3) == 0 ||
		  memcmp(c.p, "\xe2\x80\xa8", 3) == 0 || memcmp(c.p, "\xe2\x80\xa9", 3) == 0));
}

static uint32_t decode(struct bytes c)
{
	uint32_t v = (unsigned char)c.p[0] & (0xffu >> (c.n + 1));

	for (size_t i = 1; i < c.n; i++)
		v = v << 6 | ((unsigned char)c.p[i] & 0x3f);
	return v;
}

void quote_add(struct buf *b, struct bytes text)
{
	buf_add_char(b, '"');
	for (size_t i = 0; i < text.n;) {
		struct bytes c = bytes_sub(text, i, utf8_len(bytes_sub(text, i, text.n)));
		const char *at;

		if (c.n == 0) {
			buf_addf(b, "\\x%02x", (unsigned char)text.p[i++]);
			continue;
		}
		i += c.n;
		at = c.n == 1 && c.p[0] ? strchr(values, c.p[0]) : NULL;
		if (at) {
			buf_add_char(b, '\\');
			buf_add_char(b, letters[at - values]);
		} else if (is_printable(c)) {
			buf_add_bytes(b, c);
		} else if (c.n == 1) {
			buf_addf(b, "\\x%02x", (unsigned char)c.p[0]);
		} else {
			buf_addf(b, "\\u%04x", decode(c));
		}
	}
	buf_add_char(b, '"');
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
