#include "template/escape.h"

#include <ctype.h>
#include <stdlib.h>

#include "base/unicode.h"
#include "base/utf8.h"

void escape_js(struct buf *out, struct bytes text)
{
	for (size_t i = 0, len; i < text.n; i += len) {
		uint32_t c = utf8_next(bytes_sub(text, i, text.n), &len);

		if (c == '\\' || c == '\'' || c == '"') {
			buf_add_char(out, '\\');
			buf_add_char(out, (char)c);
		} else if (c < ' ' || c == '<' || c == '>' || c == '&' || c == '=') {
			buf_addf(out, "\\u%04X", (unsigned)c);
		} else if (c < 0x80 || unicode_is_print(c)) {
			buf_add(out, text.p + i, len);
		} else {
			buf_addf(out, "\\u%04X", (unsigned)c);
		}
	}
}

void escape_url(struct buf *out, struct bytes text)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c < 0x80 && (isalnum(c) || strchr("-_.~", c)) && c)
			buf_add_char(out, (char)c);
		else if (c == ' ')
			buf_add_char(out, '+');
		else
			buf_addf(out, "%%%02X", c);
	}
}

bool unescape_url(struct buf *out, struct bytes text, struct bytes *ret_bad)
{
	for (size_t i = 0; i < text.n; i++) {
		char hex[3] = { 0 };

		if (text.p[i] != '%') {
			buf_add_char(out, text.p[i] == '+' ? ' ' : text.p[i]);
			continue;
		}
		if (i + 2 >= text.n || !isxdigit((unsigned char)text.p[i + 1]) ||
		    !isxdigit((unsigned char)text.p[i + 2])) {
			*ret_bad = bytes_sub(text, i, 3);
			return false;
		}
		memcpy(hex, text.p + i + 1, 2);
		buf_add_char(out, (char)strtoul(hex, NULL, 16));
		i += 2;
	}
	return true;
}
