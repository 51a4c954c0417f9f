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

/* How many groups it captures; the name of group i (from 1), or an empty one. Valid as long as r.
 */
size_t regex_n_groups(const struct regex *r);
struct bytes regex_group_name(const struct regex *r, size_t i);

enum { REGEX_GROUPS_MAX = 255 };

/* As regex_match, and *ret[0..n] get the text of the match and of its n groups, at most n =
 * REGEX_GROUPS_MAX; p is NULL for a group that took no part. */
MUST_CHECK int regex_match_groups(struct regex *r, struct bytes text, struct bytes *ret, size_t n,
				  struct err *e);

/* The same for the leftmost match that begins at `from` or behind it. What stands before counts for
 * ^ and \b. from is at most text.n. */
MUST_CHECK int regex_match_from(struct regex *r, struct bytes text, size_t from, struct bytes *ret,
				size_t n, struct err *e);

/* The pattern's own text. Valid as long as r. */
struct bytes regex_pattern(const struct regex *r);

#endif
