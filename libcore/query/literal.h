/* What a regex says about literal text: so that it is searched for first, and often instead. */
#ifndef QUERY_LITERAL_H
#define QUERY_LITERAL_H

#include "base/buf.h"

/*
 * Appends to ret the longest text that every match of the regex (unanchored, RE2's language) must
 * hold; nothing when none is known. *ret_whole: the regex is nothing but this text. *ret_fold: the
 * text (then in lower case) is meant without regard to case.
 */
void literal_of_regex(struct bytes pattern, struct buf *ret, bool *ret_whole, bool *ret_fold);

#endif
