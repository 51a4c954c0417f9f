#include "base/visible.h"

#include "base/utf8.h"

/* How many bytes at the start of s are a control character that a terminal may obey: all but tab
 * and newline, those of 8 bits also when they are not written in UTF-8. 0: none is there. */
static size_t control_len(struct bytes s)
{
	unsigned char c = (unsigned char)s.p[0];

	if (c < 0x20 || c == 0x7f)
		return c != '\t' && c != '\n';
	if (c >= 0x80 && c < 0xa0)
		return 1;
	return c == 0xc2 && s.n > 1 && (unsigned char)s.p[1] < 0xa0 && (unsigned char)s.p[1] >= 0x80
		       ? 2
		       : 0;
}

/* What comes from a log is not to move the cursor, nor to type. */
void visible_add(struct buf *b, struct bytes text)
{
	while (text.n) {
		size_t n = utf8_len(text), control = control_len(text);

		if (control) {
			n = control;
			buf_addf(b, "\\x%02x", (unsigned char)text.p[n - 1]);
		} else {
			n = n ? n : 1;
			buf_add(b, text.p, n);
		}
		text = bytes_sub(text, n, text.n);
	}
}
