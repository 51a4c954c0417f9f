/*
 * JSON text, on the hot path: scanning in place and quoting. No tree is built.
 * What is read is RFC 8259; a scanner stops at the first byte that is not.
 */
#ifndef JSON_JSON_H
#define JSON_JSON_H

#include "base/buf.h"
#include "base/err.h"

/* A position in a text. {text.p, text.p + text.n} to start. */
struct json_at {
	const char *p, *end;
};

static inline struct json_at json_start(struct bytes text)
{
	return (struct json_at){ text.p, text.n ? text.p + text.n : text.p };
}

void json_skip_space(struct json_at *j);

/* Moves behind c after blanks; false, and only the blanks skipped, when something else stands
 * there. */
bool json_take(struct json_at *j, char c);

/*
 * A string at j: *ret_raw is what stands between the quotes, escapes not resolved; *ret_escaped
 * tells whether there are any (when not, *ret_raw is the value). False when none stands there or it
 * does not end.
 */
bool json_string(struct json_at *j, struct bytes *ret_raw, bool *ret_escaped);

/* The first quote or backslash at or behind p, or end. */
const char *json_find_quote_or_escape(const char *p, const char *end);

/* The end of a number at p, as RFC 8259 has them, or NULL when none stands there. */
const char *json_number_end(const char *p, const char *end);

/* Any value at j, whole: *ret_raw is its text, which may be none: brackets are counted, and nothing
 * else is looked at. Nesting deeper than 1000 fails. */
bool json_value(struct json_at *j, struct bytes *ret_raw);

/* Whether the text is a value by all of JSON's grammar, with nothing behind it but blanks. Nesting
 * deeper than 1000 is none; names may stand twice, and UTF-8 is not looked at. Takes no memory. */
bool json_is_value(struct bytes text);

/* The value of the first member of this name in an object, names compared as they stand there.
 * False when there is none, or the text is no object up to it. */
bool json_member(struct bytes object, const char *name, struct bytes *ret_raw);

/* Appends raw with its escapes resolved, as UTF-8. A lone surrogate becomes U+FFFD. False on a bad
 * escape. */
bool json_unescape(struct bytes raw, struct buf *out);
/* The same, to memory that has room for raw.n bytes; all of them may be written. */
bool json_unescape_to(struct bytes raw, char *ret, size_t *ret_n);

/*
 * Appends text in quotes, escaped: " \ and control bytes; bytes that are not UTF-8 become U+FFFD
 * (whoever must keep them checks with utf8_valid (base/utf8.h) and writes base64).
 */
void json_add_quoted(struct buf *out, struct bytes text);

/* RFC 4648, standard alphabet, padded. */
void base64_add(struct buf *out, struct bytes data);
/* With or without padding. False, and out cut back, when text is not base64. */
bool base64_decode(struct bytes text, struct buf *out);

#endif
