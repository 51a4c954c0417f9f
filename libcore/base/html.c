#include "base/html.h"

#include "base/utf8.h"

void html_add(struct buf *out, struct bytes text)
{
	for (size_t i = 0; i < text.n; i++) {
		switch (text.p[i]) {
		case '\0':
			utf8_add(out, UTF8_REPLACEMENT);
			break;
		case '"':
			buf_add_str(out, "&#34;");
			break;
		case '\'':
			buf_add_str(out, "&#39;");
			break;
		case '&':
			buf_add_str(out, "&amp;");
			break;
		case '<':
			buf_add_str(out, "&lt;");
			break;
		case '>':
			buf_add_str(out, "&gt;");
			break;
		default:
			buf_add_char(out, text.p[i]);
		}
	}
}

/* What XML 1.0 calls a character; surrogates are not read as such. */
static bool is_xml(uint32_t c)
{
	return c >= ' ' ? c != 0xfffe && c != 0xffff : c == '\t' || c == '\n' || c == '\r';
}

void html_add_xml(struct buf *out, struct bytes text)
{
	struct buf clean = { 0 };

	for (size_t i = 0, n; i < text.n; i += n) {
		uint32_t c = utf8_next(bytes_sub(text, i, text.n), &n);

		utf8_add(&clean, is_xml(c) ? c : UTF8_REPLACEMENT);
	}
	html_add(out, buf_bytes(&clean));
	buf_release(&clean);
}
