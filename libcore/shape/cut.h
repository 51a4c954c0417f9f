/* Where the values of a line stand; for the files of shape/ alone. */
#ifndef SHAPE_CUT_H
#define SHAPE_CUT_H

#include "json/members.h"
#include "shape/shape.h"

struct cut_value {
	struct bytes v;
	enum shape_class class;
	uint64_t field; /* a hash of what the value is called: those of one field are one column */
};

struct cut {
	struct cut_value value[SHAPE_SLOTS_MAX];
	size_t n;
};

/* Takes apart a line of any kind, without newlines, with NEAR_PAD readable bytes behind it. False:
 * it is of none, or has more values than a shape may. */
bool cut_line(struct bytes line, struct cut *ret);

/* For cut_line, of c that is empty: the line as one of that kind. False: it is not, or has too many
 * values; c is as it may be then. */
bool cut_json(struct bytes line, struct cut *c);
bool cut_logfmt(struct bytes line, struct cut *c);
bool cut_access(struct bytes line, struct cut *c);

/* A number, true or false: what else a word of JSON is belongs to the shape. */
static inline const char *cut_token_end(const char *p, const char *end)
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

/* Of what stands in quotes. */
static inline const char *cut_quoted_end(const char *p, const char *end)
{
	while ((p = near_any(p, end, '"', '\\', '\n')) < end) {
		if (*p == '"')
			return p;
		if (*p == '\n' || end - p < 2 || p[1] == '\n')
			return NULL;
		p += 2;
	}
	return NULL;
}

static inline const char *cut_list_end(const char *p, const char *end)
{
	const char *q = p < end && *p == '[' ? json_block_close(p, end, '[', ']') : NULL;

	return q && !memchr(p, '\n', (size_t)(q - p)) ? q : NULL;
}

/* The end of a value of the class that stands at p, or NULL. No value has a newline in it: it ends
 * before one, or there is NULL. Each line has many: inline. */
static inline const char *cut_value_end(enum shape_class class, const char *p, const char *end)
{
	const char *q;

	switch (class) {
	case SHAPE_QUOTED:
		return cut_quoted_end(p, end);
	case SHAPE_TOKEN:
		return p < end ? cut_token_end(p, end) : NULL;
	case SHAPE_LIST:
		return cut_list_end(p, end);
	case SHAPE_WORD:
		q = near_blank_or(p, end, '=', '"');
		if (q >= end)
			return end;
		return (unsigned char)*q <= ' ' ? q : NULL;
	case SHAPE_PLAIN:
		/* Up to a blank or a quote, which what stands in quotes ends with. */
		q = near_blank_or(p, end, '"', '"');
		return q < end ? q : end;
	case SHAPE_BRACKETED:
		q = near_either(p, end, ']', '\n');
		return q < end && *q == ']' ? q : NULL;
	default:
		return memchr(p, '\n', (size_t)(end - p)) ? NULL : end;
	}
}

/* False: there are SHAPE_SLOTS_MAX already. */
static inline bool cut_add(struct cut *c, struct bytes v, enum shape_class class, uint64_t field)
{
	if (c->n == SHAPE_SLOTS_MAX)
		return false;
	/* A field whose values are of several classes is several columns. */
	c->value[c->n++] = (struct cut_value){ v, class, field * SHAPE_CLASSES + class };
	return true;
}

#endif
