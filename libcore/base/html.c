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
