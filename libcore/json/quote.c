#include "base/utf8.h"
#include "json/json.h"

static int hex4(const char *p)
{
	int v = 0;

	for (int i = 0; i < 4; i++) {
		char c = p[i];
		int d = c >= '0' && c <= '9'   ? c - '0'
			: c >= 'a' && c <= 'f' ? c - 'a' + 10
			: c >= 'A' && c <= 'F' ? c - 'A' + 10
					       : -1;

		if (d < 0)
			return -1;
		v = v << 4 | d;
	}
	return v;
}

/* \uXXXX at p (behind "\u"), with the second half of a pair if there is one; moves *p behind. */
static bool unescape_unicode(const char **p, const char *end, struct buf *out)
{
	int c, low;

	if (end - *p < 4 || (c = hex4(*p)) < 0)
		return false;
	*p += 4;
	if (c >= 0xd800 && c < 0xdc00 && end - *p >= 6 && (*p)[0] == '\\' && (*p)[1] == 'u') {
		low = hex4(*p + 2);
		if (low >= 0xdc00 && low < 0xe000) {
			utf8_add(out, (uint32_t)(0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00)));
			*p += 6;
			return true;
		}
	}
	utf8_add(out, c >= 0xd800 && c < 0xe000 ? UTF8_REPLACEMENT : (uint32_t)c);
	return true;
}

bool json_unescape(struct bytes raw, struct buf *out)
{
	const char *p = raw.p, *end = raw.n ? raw.p + raw.n : raw.p;

	while (p < end) {
		const char *escape = memchr(p, '\\', (size_t)(end - p));

		if (!escape) {
			buf_add(out, p, (size_t)(end - p));
			break;
		}
		buf_add(out, p, (size_t)(escape - p));
		if (escape + 1 == end)
			return false;
		p = escape + 2;
		switch (escape[1]) {
		case '"':
		case '\\':
		case '/':
			buf_add_char(out, escape[1]);
			break;
		case 'b':
			buf_add_char(out, '\b');
			break;
		case 'f':
			buf_add_char(out, '\f');
			break;
		case 'n':
			buf_add_char(out, '\n');
			break;
		case 'r':
			buf_add_char(out, '\r');
			break;
		case 't':
			buf_add_char(out, '\t');
			break;
		case 'u':
			if (!unescape_unicode(&p, end, out))
				return false;
			break;
		default:
			return false;
		}
	}
	return true;
}

static void add_escaped_byte(struct buf *out, unsigned char c)
{
	switch (c) {
	case '"':
		buf_add_str(out, "\\\"");
		break;
	case '\\':
		buf_add_str(out, "\\\\");
		break;
	case '\n':
		buf_add_str(out, "\\n");
		break;
	case '\r':
		buf_add_str(out, "\\r");
		break;
	case '\t':
		buf_add_str(out, "\\t");
		break;
	default:
		buf_addf(out, "\\u%04x", c);
	}
}

void json_add_quoted(struct buf *out, struct bytes text)
{
	size_t start = 0, i = 0;

	buf_reserve(out, text.n + 2);
	buf_add_char(out, '"');
	while (i < text.n) {
		unsigned char c = (unsigned char)text.p[i];
		size_t n;

		if (c >= 0x20 && c < 0x80 && c != '"' && c != '\\') {
			i++;
			continue;
		}
		n = c < 0x80 ? 1 : utf8_len(bytes_sub(text, i, text.n));
		if (n > 1) {
			i += n;
			continue;
		}
		buf_add(out, text.p + start, i - start);
		if (n == 0)
			utf8_add(out, UTF8_REPLACEMENT);
		else
			add_escaped_byte(out, c);
		start = ++i;
	}
	buf_add_bytes(out, bytes_sub(text, start, i - start));
	buf_add_char(out, '"');
}
