/* The tree as a pattern for PCRE2 that means exactly the same there. */
#ifndef REGEX_PCRE_PATTERN_H
#define REGEX_PCRE_PATTERN_H

#include "base/buf.h"
#include "regex/tree.h"

/* What PCRE2 calls out for, at the begin of each repeat. */
enum { CALLOUT_STEP = 1, CALLOUT_SCAN = 2 };

enum pcre_guard { PCRE_PLAIN, PCRE_GUARDED }; /* with callouts, which count the work */

/*
 * Appends the pattern. It wants PCRE2_UTF, PCRE2_DOTALL, PCRE2_ALT_CIRCUMFLEX and a newline that is
 * LF. Groups have their numbers and no names.
 */
void pcre_pattern(const struct tree *t, enum pcre_guard guard, struct buf *out);

/* False when the length of the text alone, and not how it is made, bounds the work of a match that
 * begins at one place. */
bool pcre_needs_guard(const struct tree *t);

/*
 * False when PCRE2 may find another match, or other captures, than RE2 does. It always finds one
 * where RE2 does. They differ in a loop whose body can match the empty text: PCRE2 leaves the loop
 * after such an iteration and keeps what it captured, RE2 does not begin it.
 */
bool pcre_finds_same(const struct tree *t);

#endif
