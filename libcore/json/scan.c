#include "json/json.h"

enum { DEPTH_MAX = 1000 };

void json_skip_space(struct json_at *j)
{
	while (j->p < j->end && (*j->p == ' ' || *j->p == '\t' || *j->p == '\n' || *j->p == '\r'))
		j->p++;
}

bool json_take(struct json_at *j, char c)
{
	json_skip_space(j);
	if (j->p == j->end || *j->p != c)
		return false;
	j->p++;
	return true;
}

bool json_string(struct json_at *j, struct bytes *ret_raw, bool *ret_escaped)
{
	const char *start, *p, *quote;

	json_skip_space(j);
	if (j->p == j->end || *j->p != '"')
		return false;
	start = p = j->p + 1;
	*ret_escaped = false;
	for (;;) {
		const char *escape;

		quote = memchr(p, '"', (size_t)(j->end - p));
		if (!quote)
			return false;
		escape = memchr(p, '\\', (size_t)(quote - p));
		if (!escape)
			break;
		*ret_escaped = true;
		p = escape + 2; /* behind the escaped byte, which may be a quote */
		if (p > j->end)
			return false;
	}
	*ret_raw = bytes_of(start, (size_t)(quote - start));
	j->p = quote + 1;
	return true;
}

static bool skip_literal(struct json_at *j)
{
	const char *start = j->p;

	while (j->p < j->end && !strchr(" \t\r\n,]}:\"[{", *j->p) && *j->p)
		j->p++;
	return j->p > start;
}

/* Brackets are counted, not matched by kind: the text is only to be delimited here. */
bool json_value(struct json_at *j, struct bytes *ret_raw)
{
	const char *start;
	struct bytes string;
	bool escaped;
	int depth = 0;

	json_skip_space(j);
	start = j->p;
	do {
		json_skip_space(j);
		if (j->p == j->end)
			return false;
		switch (*j->p) {
		case '"':
			if (!json_string(j, &string, &escaped))
				return false;
			break;
		case '{':
		case '[':
			if (++depth > DEPTH_MAX)
				return false;
			j->p++;
			break;
		case '}':
		case ']':
			if (--depth < 0)
				return false;
			j->p++;
			break;
		case ',':
		case ':':
			if (depth == 0)
				return false;
			j->p++;
			break;
		default:
			if (!skip_literal(j))
				return false;
		}
	} while (depth > 0);
	*ret_raw = bytes_of(start, (size_t)(j->p - start));
	return true;
}
