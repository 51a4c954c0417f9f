/* A body of JSON, read value by value: what the decoders of JSON share beside json/json.h. */
#ifndef PUSH_JSON_IN_H
#define PUSH_JSON_IN_H

#include "base/arena.h"
#include "base/err.h"
#include "json/json.h"

struct json_in {
	struct json_at j;
	const char *start; /* of the body */
	struct err *e;
	bool unescaped; /* something was written to an arena since the caller made this false */
};

static inline struct json_in json_in_init(struct bytes body, struct err *e)
{
	return (struct json_in){ json_start(body), body.p, e, false };
}

/* "expected WHAT at byte 7, found ..."; returns -1. */
int json_in_bad(const struct json_in *in, const char *what);

/* These are false, and stand where they stood but for blanks, when it is not what they read. */

/* The value of a string: borrowed, or in a when it has escapes, which are good. */
bool json_in_string(struct json_in *in, struct arena *a, struct bytes *ret);
/* A number, true, false or null. */
bool json_in_word(struct json_in *in, struct bytes *ret);
bool json_in_null(struct json_in *in);
/* Any value. */
bool json_in_any(struct json_in *in, struct bytes *ret_raw);

/* Nothing stands behind it but blanks; -1 with ERR_USAGE else. */
MUST_CHECK int json_in_end(struct json_in *in);

#endif
