/* Reading JSON as Loki's scanner does, for the stages that take apart JSON (json, unpack). */
#ifndef QUERY_STAGE_JSON_H
#define QUERY_STAGE_JSON_H

#include "query/stage.h"

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json_val {
	enum json_type type;
	bool escaped;	  /* a string with escapes */
	struct bytes raw; /* as written; of a string, what stands between the quotes */
};

const char *json_skip(const char *p, const char *end);

/* The value at p. Returns behind it, or NULL with the fault's text. */
const char *json_get(const char *p, const char *end, struct json_val *ret, const char **ret_error);

/* The members of an object, one by one; .error tells why json_next gave no more: NULL at the
 * object's end. Escapes of a key are resolved, into the block's arena. */
struct json_obj {
	const char *p, *end, *error;
	bool begun;
};
struct json_obj json_open(struct bytes text);
bool json_next(struct block *b, struct json_obj *o, struct bytes *ret_key, struct json_val *ret);

/* A value as the text of a label; it lies in the line or in the block's arena. */
struct bytes json_val_text(struct block *b, const struct json_val *v);

/* v with each byte that is not UTF-8, and each U+FFFD, as a blank: what labels may hold. */
struct bytes stage_clean_utf8(struct block *b, struct bytes v);

/* Sets the error labels of an entry whose line could not be parsed. */
void stage_parse_error(const struct hints *h, struct block *b, uint32_t i, const char *error,
		       struct bytes details);

#endif
