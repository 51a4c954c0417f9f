#include "prompt/width.h"

#include <wchar.h>

#include "base/utf8.h"

/* Length of a colour's sequence (ESC [ ... m) at the start of text, or 0. */
static size_t color_len(struct bytes text)
{
	size_t n = 2;

	if (text.n < 3 || text.p[0] != '\x1b' || text.p[1] != '[')
		return 0;
	while (n < text.n && ((text.p[n] >= '0' && text.p[n] <= '9') || text.p[n] == ';'))
		n++;
	return n < text.n && text.p[n] == 'm' ? n + 1 : 0;
}

/* The character at the start of text, which is not empty: its length, and its columns. */
static size_t step(struct bytes text, size_t at, size_t *ret_cols)
{
	size_t n = color_len(text);
	uint32_t c;
	int cols;

	*ret_cols = 0;
	if (n)
		return n;
	c = utf8_next(text, &n);
	cols = wcwidth((wchar_t)c);
	*ret_cols = c == '\t' ? 8 - at % 8 : cols < 0 ? 1 : (size_t)cols;
	return n;
}

size_t width_of(struct bytes text, size_t at)
{
	size_t from = at, cols;

	while (text.n) {
		size_t n = step(text, at, &cols);

		at += cols;
		text = bytes_sub(text, n, text.n);
	}
	return at - from;
}

size_t width_fit(struct bytes text, size_t cols)
{
	size_t off = 0, at = 0, one;

	while (off < text.n) {
		size_t n = step(bytes_sub(text, off, text.n), at, &one);

		if (at + one > cols)
			break;
		at += one;
		off += n;
	}
	return off;
}
