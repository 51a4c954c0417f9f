#include "base/bytes.h"

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct bytes bytes_trim(struct bytes b)
{
	while (b.n > 0 && is_space(b.p[0])) {
		b.p++;
		b.n--;
	}
	while (b.n > 0 && is_space(b.p[b.n - 1]))
		b.n--;
	return b;
}

bool bytes_split(struct bytes *rest, char sep, struct bytes *ret_piece)
{
	const char *at;

	if (!rest->p)
		return false;
	at = rest->n ? memchr(rest->p, sep, rest->n) : NULL;
	if (!at) {
		*ret_piece = *rest;
		*rest = (struct bytes){ NULL, 0 };
		return true;
	}
	*ret_piece = bytes_of(rest->p, (size_t)(at - rest->p));
	*rest = bytes_of(at + 1, rest->n - ret_piece->n - 1);
	return true;
}

bool bytes_eq_secret(struct bytes a, struct bytes b)
{
	volatile unsigned char differ = 0;

	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		differ = (unsigned char)(differ | (a.p[i] ^ b.p[i]));
	return differ == 0;
}
