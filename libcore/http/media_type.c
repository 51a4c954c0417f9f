#include "http/media_type.h"

static bool is_token(char c)
{
	return c > ' ' && c < 0x7f && !strchr("()<>@,;:\\\"/[]?=", c);
}

static size_t token(struct bytes b, size_t at)
{
	size_t n = at;

	while (n < b.n && is_token(b.p[n]))
		n++;
	return n - at;
}

static int check_type(struct bytes type, struct err *e)
{
	size_t n = token(type, 0), sub;

	if (n == 0)
		return err_set(e, ERR_USAGE, "mime: no media type");
	if (n == type.n)
		return 0;
	if (type.p[n] != '/')
		return err_set(e, ERR_USAGE, "mime: expected slash after first token");
	sub = token(type, n + 1);
	if (sub == 0)
		return err_set(e, ERR_USAGE, "mime: expected token after slash");
	if (n + 1 + sub != type.n)
		return err_set(e, ERR_USAGE, "mime: unexpected content after media subtype");
	return 0;
}

static size_t skip_space(struct bytes b, size_t at)
{
	while (at < b.n && (b.p[at] == ' ' || b.p[at] == '\t'))
		at++;
	return at;
}

/* The length of a value: a token, or text in quotes; 0: neither. */
static size_t value(struct bytes b, size_t at)
{
	size_t i = at;

	if (i >= b.n || b.p[i] != '"')
		return token(b, at);
	for (i++; i < b.n && b.p[i] != '"'; i++)
		i += b.p[i] == '\\';
	return i < b.n ? i + 1 - at : 0;
}

/* "; charset=utf-8; a="b"", a last ; allowed. */
static bool are_parameters(struct bytes b)
{
	size_t at = skip_space(b, 0);

	while (at < b.n) {
		size_t n;

		if (b.p[at] != ';')
			return false;
		at = skip_space(b, at + 1);
		if (at == b.n)
			return true;
		n = token(b, at);
		at = skip_space(b, at + n);
		if (n == 0 || at == b.n || b.p[at] != '=')
			return false;
		at = skip_space(b, at + 1);
		n = value(b, at);
		if (n == 0)
			return false;
		at = skip_space(b, at + n);
	}
	return true;
}

int media_type_parse(struct bytes text, char ret[MEDIA_TYPE_MAX + 1], struct err *e)
{
	struct bytes rest = text, type = { 0 };

	bytes_split(&rest, ';', &type);
	type = bytes_trim(type);
	if (check_type(type, e) < 0)
		return -1;
	if (type.n > MEDIA_TYPE_MAX)
		return err_set(e, ERR_USAGE, "a media type of %zu bytes, at most %d", type.n,
			       MEDIA_TYPE_MAX);
	if (rest.p && !are_parameters(bytes_of(rest.p - 1, rest.n + 1)))
		return err_set(e, ERR_USAGE, "mime: invalid media parameter");
	for (size_t i = 0; i < type.n; i++)
		ret[i] =
			(char)(type.p[i] >= 'A' && type.p[i] <= 'Z' ? type.p[i] | 0x20 : type.p[i]);
	ret[type.n] = '\0';
	return 0;
}
