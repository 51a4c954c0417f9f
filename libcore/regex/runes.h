/*
 * Sets of characters, as ranges. A set that is being made owns its memory; runes_keep() puts it
 * into an arena. Surrogates may be inside: no text has them.
 */
#ifndef REGEX_RUNES_H
#define REGEX_RUNES_H

#include "base/arena.h"
#include "base/err.h"

enum { RUNE_MAX = 0x10ffff };

struct rune_range {
	uint32_t lo, hi;
};

/* {0} is the empty set. */
struct runes {
	struct rune_range *v;
	size_t n, cap;
};

void runes_release(struct runes *r);
void runes_add(struct runes *r, uint32_t lo, uint32_t hi);
void runes_add_set(struct runes *r, const struct runes *other);
/* Sorts and joins the ranges: all functions below want them so. */
void runes_clean(struct runes *r);
/* What was not in it. */
void runes_negate(struct runes *r);
/* Adds all that differ only in case from what is in it. Cleans it itself. */
void runes_fold(struct runes *r);
bool runes_has(const struct runes *r, uint32_t c);
const struct runes *runes_keep(struct arena *a, const struct runes *r);

/* The next of the characters that differ from c only in case, in a ring; c when it is alone.
 * Unicode's simple folding. */
uint32_t rune_fold_next(uint32_t c);
/* The first character of c's ring. */
uint32_t rune_fold_first(uint32_t c);

/*
 * The set of \p{name}: a general category (L, Lu, ...), a script (Greek, Old_Italic, ...) or Any.
 * *ret_name, when not NULL, gets what PCRE2 calls it, or NULL; static. Errors: ERR_QUERY, no such
 * name; the text is not set.
 */
MUST_CHECK int runes_add_named(struct runes *r, struct bytes name, struct err *e);
/* Adds those of text's characters that \p{Ll} has; text is UTF-8. Looks at no other: of a few
 * characters it takes microseconds, the whole set milliseconds. */
void runes_add_lower(struct runes *r, struct bytes text);

#endif
