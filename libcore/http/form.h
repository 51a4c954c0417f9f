/*
 * Parameters of a request, from the query string and a form in the body, decoded as Go's net/http
 * does, since clients know its refusals. For one thread.
 */
#ifndef HTTP_FORM_H
#define HTTP_FORM_H

#include "base/arena.h"
#include "base/err.h"
#include "base/bytes.h"

struct form_value {
	struct bytes name, value;
};

struct form {
	struct form_value *v; /* in order */
	size_t n;
};

enum { FORM_VALUES_MAX = 1000 };

/* Appends the pairs of text ("a=b&c=d") to f; array and strings are of the arena. Errors:
 * ERR_USAGE, in Go's words (a bad escape, a semicolon); ERR_LIMIT. */
MUST_CHECK int form_parse(struct bytes text, struct arena *a, struct form *f, struct err *e);

/* The first value of name; p is NULL when there is none. */
struct bytes form_get(const struct form *f, const char *name);
/* The same, and an empty one is none. */
struct bytes form_text(const struct form *f, const char *name);

/* A path's piece with its %XX decoded. Errors: ERR_USAGE. */
MUST_CHECK int form_unescape_path(struct bytes piece, struct arena *a, struct bytes *ret,
				  struct err *e);

#endif
