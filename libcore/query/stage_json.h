/* Reading JSON as Loki's scanner does, for the stages that take apart JSON (json, unpack). */
#ifndef QUERY_STAGE_JSON_H
#define QUERY_STAGE_JSON_H

#include "json/members.h"
#include "query/stage.h"

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

/* | json without expressions, of entry i: whether it stays (false: a filter has refused it). */
bool json_extract_slowly(const struct stage *s, struct block *b, uint32_t i);
/* The same for the plain case, into *ret_stays. False: it is none, and nothing was done. */
bool json_extract_fast(const struct stage *s, struct block *b, uint32_t i, bool *ret_stays);

/* The same of lines that are taken apart. */
struct shape_parser;
extern const struct shape_parser json_shapes;

/* v with each byte that is not UTF-8, and each U+FFFD, as a blank: what labels may hold. */
struct bytes stage_clean_utf8(struct block *b, struct bytes v);

/* Sets the error labels of an entry whose line could not be parsed. */
void stage_parse_error(const struct hints *h, struct block *b, uint32_t i, const char *error,
		       struct bytes details);

#endif
