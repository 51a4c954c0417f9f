/* What a tree says about literal text: so that it is searched for first, and often instead. */
#ifndef REGEX_LITERAL_H
#define REGEX_LITERAL_H

#include "base/find.h"
#include "regex/tree.h"

enum { LITERALS_NEEDED_MAX = 8 };

/* All in the tree's arena. */
struct literals {
	/* Every match holds one of these; none when that is not known. */
	struct bytes needed[LITERALS_NEEDED_MAX];
	size_t n_needed;
	bool fold;   /* they are in lower case, and ASCII letters match in both */
	bool begins; /* there is one, and every match begins with it */

	struct bytes *texts; /* a match is nothing but one of these, anywhere */
	size_t n_texts;
	bool texts_fold;

	struct find *piece; /* a match is two or more of these in their order, on one line of text
			     */
	size_t n_pieces;
};

void literals_find(struct literals *ret, struct tree *t);

/* Whether the pieces say that text matches at `from` or behind it: 1 or 0; -1 when they do not, for
 * there are none, or newlines stand between them. */
int literals_match(const struct literals *l, struct bytes text, size_t from);

/*
 * Line filters of Loki that are nothing but literal text, or alternatives of it, are not matched as
 * a regex: a character fits when it is the same in lower case, and the first one only when its
 * first byte fits as well. So (?i)s is no U+017F there. Changes the tree to that.
 */
void literals_lower(struct tree *t);

#endif
