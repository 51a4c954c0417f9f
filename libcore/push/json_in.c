#include "push/json_in.h"

int json_in_bad(const struct json_in *in, const char *what)
{
	struct bytes rest = bytes_of(in->j.p, (size_t)(in->j.end - in->j.p)), value;
	struct json_at j = in->j;

	if (rest.n == 0)
		return err_set(in->e, ERR_USAGE, "expected %s, found the body's end", what);
	if (json_value(&j, &value)) /* alone, without what stands behind it */
		rest = value;
	rest = bytes_sub(rest, 0, 20);
	return err_set(in->e, ERR_USAGE, "expected %s at byte %zu, found %.*s", what,
		       (size_t)(in->j.p - in->start), BYTES_ARG(rest));
}

bool json_in_string(struct json_in *in, struct arena *a, struct bytes *ret)
{
	struct json_at j = in->j;
	struct bytes raw;
	bool escaped;
	char *to;

	if (!json_string(&j, &raw, &escaped))
		return false;
	*ret = raw;
	if (escaped) {
		in->unescaped = true;
		to = arena_alloc(a, raw.n); /* which the body's size bounds */
		ret->p = to;
		if (!json_unescape_to(raw, to, &ret->n))
			return false;
	}
	in->j = j;
	return true;
}

bool json_in_word(struct json_in *in, struct bytes *ret)
{
	struct json_at j;
	struct bytes word;

	json_skip_space(&in->j);
	j = in->j;
	if (j.p == j.end || !*j.p || !strchr("-0123456789tfn", *j.p) || !json_value(&j, &word))
		return false;
	if (word.p[0] >= 'f' && !bytes_is(word, "true") && !bytes_is(word, "false") &&
	    !bytes_is(word, "null"))
		return false;
	*ret = word;
	in->j = j;
	return true;
}

bool json_in_null(struct json_in *in)
{
	struct json_at j;
	struct bytes raw;

	json_skip_space(&in->j);
	j = in->j;
	if (j.p == j.end || *j.p != 'n' || !json_value(&j, &raw) || !bytes_is(raw, "null"))
		return false;
	in->j = j;
	return true;
}

bool json_in_any(struct json_in *in, struct bytes *ret_raw)
{
	struct json_at j;

	json_skip_space(&in->j);
	j = in->j;
	if (!json_value(&j, ret_raw))
		return false;
	in->j = j;
	return true;
}

int json_in_end(struct json_in *in)
{
	json_skip_space(&in->j);
	return in->j.p == in->j.end ? 0 : json_in_bad(in, "nothing behind the body");
}
