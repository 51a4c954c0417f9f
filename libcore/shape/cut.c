#include "shape/cut.h"

#include "json/members.h"

bool cut_line(struct bytes line, struct cut *ret)
{
	ret->n = 0;
	if (line.n && line.p[0] == '{')
		return cut_json(line, ret);
	if (cut_logfmt(line, ret))
		return true;
	ret->n = 0;
	return cut_access(line, ret);
}

/* A number, true or false: what else a word of JSON is belongs to the shape. */
static const char *token_end(const char *p, const char *end)
{
	const char *q = json_token_close(p, end);
	struct bytes word;

	if (!q || q == p)
		return NULL;
	if (*p == '-' || (*p >= '0' && *p <= '9'))
		return q;
	word = bytes_of(p, (size_t)(q - p));
	return bytes_is(word, "true") || bytes_is(word, "false") ? q : NULL;
}

static const char *word_end(const char *p, const char *end)
{
	const char *q = near_blank_or(p, end, '=', '"');

	if (q >= end)
		return end;
	return (unsigned char)*q <= ' ' ? q : NULL;
}

/* Up to a blank or a quote, which what stands in quotes ends with. */
static const char *plain_end(const char *p, const char *end)
{
	const char *q = near_blank_or(p, end, '"', '"');

	return q < end ? q : end;
}

const char *cut_value_end(enum shape_class class, const char *p, const char *end)
{
	const char *q;
	bool escaped;

	switch (class) {
	case SHAPE_QUOTED:
		return json_string_close(p, end, &escaped);
	case SHAPE_TOKEN:
		return p < end ? token_end(p, end) : NULL;
	case SHAPE_LIST:
		return p < end && *p == '[' ? json_block_close(p, end, '[', ']') : NULL;
	case SHAPE_WORD:
		return word_end(p, end);
	case SHAPE_PLAIN:
		return plain_end(p, end);
	case SHAPE_BRACKETED:
		q = near_either(p, end, ']', ']');
		return q < end ? q : NULL;
	default:
		return end;
	}
}

bool shape_class_may(enum shape_class class, char c)
{
	unsigned char u = (unsigned char)c;

	switch (class) {
	case SHAPE_TOKEN:
		return u > ' ' && c != ',' && c != ']' && c != '}';
	case SHAPE_WORD:
		return u > ' ' && c != '"' && c != '=';
	case SHAPE_PLAIN:
		return u > ' ' && c != '"';
	case SHAPE_BRACKETED:
		return c != ']' && c != '\n';
	default:
		return c != '\n';
	}
}
