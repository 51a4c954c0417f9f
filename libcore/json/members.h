/*
 * The pieces of a fast walk over an object's members: where strings, values and objects end, in
 * lines as Loki's scanner reads them, which does not look into numbers nor behind the object.
 *
 * All is inline, and reads up to NEAR_PAD bytes behind end (base/near.h). Whatever is not the plain
 * case, a fault above all, is told by NULL: the caller reads the line again, slowly, to say what it
 * is.
 */
#ifndef JSON_MEMBERS_H
#define JSON_MEMBERS_H

#include "base/bytes.h"
#include "base/near.h"

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json_val {
	enum json_type type;
	bool escaped;	  /* a string with escapes */
	struct bytes raw; /* as written; of a string, what stands between the quotes */
};

static inline bool json_is_blank(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* The first byte at or behind p that is no blank, or end. */
static inline const char *json_skip(const char *p, const char *end)
{
	while (p < end && json_is_blank(*p))
		p++;
	return p;
}

/* p stands behind the opening quote: the closing one, or NULL. Sets *escaped when there are
 * escapes. */
static inline const char *json_string_close(const char *p, const char *end, bool *escaped)
{
	while ((p = near_either(p, end, '"', '\\')) < end) {
		if (*p == '"')
			return p;
		*escaped = true;
		if (end - p < 2)
			return NULL;
		p += 2;
	}
	return NULL;
}

/* p stands on the opening sign: behind the closing one, or NULL. Strings are stepped over; of other
 * brackets nothing is asked. */
static inline const char *json_block_close(const char *p, const char *end, char open, char close)
{
	size_t depth = 0;
	bool escaped;

	while ((p = near_any(p, end, '"', open, close)) < end) {
		if (*p == '"') {
			p = json_string_close(p + 1, end, &escaped);
			if (!p)
				return NULL;
		} else if (*p == open) {
			depth++;
		} else if (--depth == 0) {
			return p + 1;
		}
		p++;
	}
	return NULL;
}

/* The end of a number or word, or NULL when a control byte is in it, which does not end it. */
static inline const char *json_token_close(const char *p, const char *end)
{
	const char *q = near_token_end(p, end);

	if (q >= end)
		return end;
	return (unsigned char)*q > ' ' || json_is_blank(*q) ? q : NULL;
}

/* The value at p, blanks before it skipped: behind it, or NULL. */
static inline const char *json_value_close(const char *p, const char *end, struct json_val *ret)
{
	const char *q;
	bool escaped = false;

	p = json_skip(p, end);
	if (p >= end)
		return NULL;
	if (*p == '"') {
		q = json_string_close(p + 1, end, &escaped);
		if (!q)
			return NULL;
		*ret = (struct json_val){ JSON_STRING, escaped,
					  bytes_of(p + 1, (size_t)(q - p - 1)) };
		return q + 1;
	}
	if (*p == '{' || *p == '[') {
		q = *p == '{' ? json_block_close(p, end, '{', '}')
			      : json_block_close(p, end, '[', ']');
		if (!q)
			return NULL;
		*ret = (struct json_val){ *p == '{' ? JSON_OBJECT : JSON_ARRAY, false,
					  bytes_of(p, (size_t)(q - p)) };
		return q;
	}
	q = json_token_close(p, end);
	if (!q)
		return NULL;
	ret->raw = bytes_of(p, (size_t)(q - p));
	ret->escaped = false;
	if (*p == '-' || (*p >= '0' && *p <= '9'))
		ret->type = JSON_NUMBER;
	else if (bytes_is(ret->raw, "true") || bytes_is(ret->raw, "false"))
		ret->type = JSON_BOOL;
	else if (bytes_is(ret->raw, "null"))
		ret->type = JSON_NULL;
	else
		return NULL;
	return q;
}

#endif
