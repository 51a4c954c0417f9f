#include "base/utf8.h"

static bool is_tail(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

size_t utf8_len(struct bytes text)
{
	const unsigned char *p = (const unsigned char *)text.p;
	size_t n;

	if (text.n == 0)
		return 0;
	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (text.n < n)
		return 0;
	for (size_t i = 1; i < n; i++)
		if (!is_tail(p[i]))
			return 0;
	/* the second byte rules out overlong forms, surrogates and what is above U+10FFFF */
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return n;
}

uint32_t utf8_next(struct bytes text, size_t *ret_len)
{
	const unsigned char *p = (const unsigned char *)text.p;
	size_t n = utf8_len(text);

	*ret_len = n ? n : 1;
	switch (n) {
	case 0:
		return UTF8_REPLACEMENT;
	case 1:
		return p[0];
	case 2:
		return (p[0] & 0x1fU) << 6 | (p[1] & 0x3fU);
	case 3:
		return (p[0] & 0xfU) << 12 | (p[1] & 0x3fU) << 6 | (p[2] & 0x3fU);
	default:
		return (p[0] & 7U) << 18 | (p[1] & 0x3fU) << 12 | (p[2] & 0x3fU) << 6 |
		       (p[3] & 0x3fU);
	}
}

/* The next byte at or behind i that is not ASCII; text.n when there is none. */
static size_t skip_ascii(struct bytes text, size_t i)
{
	while (i + 32 <= text.n) {
		uint64_t w[4];

		memcpy(w, text.p + i, 32);
		if ((w[0] | w[1] | w[2] | w[3]) & UINT64_C(0x8080808080808080))
			break;
		i += 32;
	}
	while (i + 8 <= text.n) {
		uint64_t w;

		memcpy(&w, text.p + i, 8);
		if (w & UINT64_C(0x8080808080808080))
			break;
		i += 8;
	}
	while (i < text.n && !(text.p[i] & 0x80))
		i++;
	return i;
}

bool utf8_valid(struct bytes text)
{
	size_t i = 0;

	while ((i = skip_ascii(text, i)) < text.n) {
		size_t n = utf8_len(bytes_sub(text, i, text.n));

		if (n == 0)
			return false;
		i += n;
	}
	return true;
}

void utf8_add(struct buf *b, uint32_t c)
{
	if (c < 0x80) {
		buf_add_char(b, (char)c);
	} else if (c < 0x800) {
		buf_add_char(b, (char)(0xc0 | c >> 6));
		buf_add_char(b, (char)(0x80 | (c & 0x3f)));
	} else if (c < 0x10000) {
		buf_add_char(b, (char)(0xe0 | c >> 12));
		buf_add_char(b, (char)(0x80 | (c >> 6 & 0x3f)));
		buf_add_char(b, (char)(0x80 | (c & 0x3f)));
	} else {
		buf_add_char(b, (char)(0xf0 | c >> 18));
		buf_add_char(b, (char)(0x80 | (c >> 12 & 0x3f)));
		buf_add_char(b, (char)(0x80 | (c >> 6 & 0x3f)));
		buf_add_char(b, (char)(0x80 | (c & 0x3f)));
	}
}

void utf8_add_valid(struct buf *b, struct bytes text)
{
	size_t start = 0, i = 0;

	while ((i = skip_ascii(text, i)) < text.n) {
		size_t n = utf8_len(bytes_sub(text, i, text.n));

		if (n == 0) {
			buf_add(b, text.p + start, i - start);
			utf8_add(b, UTF8_REPLACEMENT);
			start = i + 1;
		}
		i += n ? n : 1;
	}
	buf_add_bytes(b, bytes_sub(text, start, text.n));
}
