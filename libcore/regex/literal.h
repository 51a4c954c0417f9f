/* What a tree says about literal text: so that it is searched for first, and often instead. */
#ifndef REGEX_LITERAL_H
#define REGEX_LITERAL_H

#include "regex/tree.h"

/* All in the tree's arena. */
struct literals {
	struct bytes needed; /* the longest text that every match holds; empty when none is known */
	bool fold;	     /* it is in lower case, and ASCII letters match in both */
	struct bytes *texts; /* a match is nothing but one of these, anywhere */
	size_t n_texts;
	bool texts_fold;
};

void literals_find(struct literals *ret, struct tree *t);

/*
 * Line filters of Loki that are nothing but literal text, or alternatives of it, are not matched as
 * a regex: a character fits when it is the same in lower case, and the first one only when its
 * first byte fits as well. So (?i)s is no U+017F there. Changes the tree to that.
 */
void literals_lower(struct tree *t);

#endif
