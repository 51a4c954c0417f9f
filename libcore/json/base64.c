#include "json/json.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_add(struct buf *out, struct bytes data)
{
	const unsigned char *p = (const unsigned char *)data.p;
	char *to = buf_reserve(out, data.n / 3 * 4 + 4);

	for (size_t i = 0; i < data.n; i += 3) {
		size_t n = data.n - i < 3 ? data.n - i : 3;
		uint32_t v = (uint32_t)p[i] << 16;

		if (n > 1)
			v |= (uint32_t)p[i + 1] << 8;
		if (n > 2)
			v |= p[i + 2];
		*to++ = alphabet[v >> 18];
		*to++ = alphabet[v >> 12 & 63];
		*to++ = n > 1 ? alphabet[v >> 6 & 63] : '=';
		*to++ = n > 2 ? alphabet[v & 63] : '=';
	}
	out->n = (size_t)(to - out->p);
}

bool base64_decode(struct bytes text, struct buf *out)
{
	size_t start = out->n;
	uint32_t v = 0;
	int bits = 0;

	if (text.n % 4 == 0)
		for (int pad = 0; pad < 2 && text.n > 0 && text.p[text.n - 1] == '='; pad++)
			text.n--;
	for (size_t i = 0; i < text.n; i++) {
		const char *at = text.p[i] ? strchr(alphabet, text.p[i]) : NULL;

		if (!at) {
			out->n = start;
			return false;
		}
		v = (v << 6 | (uint32_t)(at - alphabet)) & 0xffffff;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			buf_add_char(out, (char)(v >> bits));
		}
	}
	if (bits == 6) { /* one digit alone holds no byte */
		out->n = start;
		return false;
	}
	return true;
}
