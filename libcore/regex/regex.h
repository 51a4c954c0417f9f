/*
 * Regular expressions: RE2's language on PCRE2 with JIT. PCRE2 backtracks where RE2 does not, so
 * every match has a limit. A compiled regex is for any thread; what matching needs per thread is
 * kept inside.
 */
#ifndef REGEX_REGEX_H
#define REGEX_REGEX_H

#include "base/bytes.h"
#include "base/err.h"

struct regex;

enum regex_anchor {
	REGEX_UNANCHORED,
	REGEX_ANCHORED
}; /* anchored at both ends, as label matchers are */

/* NULL on error: ERR_QUERY with what is wrong. */
struct regex *regex_new(struct bytes pattern, enum regex_anchor anchor, struct err *e);
void regex_free(struct regex *r);

/* 1 match, 0 none, -1 error (ERR_LIMIT: the match was given up). ret_at, when not NULL, gets where
 * the leftmost match begins and ends, as offsets into text. text need not be UTF-8. */
MUST_CHECK int regex_match(struct regex *r, struct bytes text, size_t ret_at[2], struct err *e);

/* The pattern's own text. Valid as long as r. */
struct bytes regex_pattern(const struct regex *r);

#endif
