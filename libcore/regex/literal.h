/* What a tree says about literal text: so that it is searched for first, and often instead. */
#ifndef REGEX_LITERAL_H
#define REGEX_LITERAL_H

#include "base/find.h"
#include "regex/tree.h"

enum {
	LITERALS_NEEDED_MAX = 8,
	LITERALS_REQUIRED_MAX = 8,
	LITERALS_REQUIRED_LENGTH = 4 /* at least */
};

/* What a letter of ASCII matches where case is ignored, in a text: itself in both cases; or also
 * U+017F and U+212A, which are s and k there. */
enum literals_letters { LETTERS_OF_ASCII, LETTERS_OF_ALL, LETTERS_COUNT };

/* A text that every match holds. */
struct literal_required {
	struct bytes text;
	bool fold; /* it is in lower case, and letters match as they do where case is ignored */
};

/* All in the tree's arena. */
struct literals {
	/* Every match holds one of these; none when that is not known. */
	struct bytes needed[LITERALS_NEEDED_MAX];
	size_t n_needed;
	bool fold;   /* they are in lower case, and ASCII letters match in both */
	bool begins; /* there is one, and every match begins with it */

	/* Of those of some length that every match holds the first ones, in their order. */
	struct literal_required required[LETTERS_COUNT][LITERALS_REQUIRED_MAX];
	size_t n_required[LETTERS_COUNT];

	struct literal_text { /* a match is nothing but one of these */
		struct bytes text;
		bool around; /* with .* before or behind it */
	} * texts;
	size_t n_texts;
	bool texts_fold;

	struct find *piece; /* a match is two or more of these in their order, on one line of text
			     */
	size_t n_pieces;
};

/* All but the texts, which are left as they are. */
void literals_find(struct literals *ret, struct tree *t);
/* The texts alone: of what only means the same, or of what Loki takes for text in values of labels
 * (a group there is a text alone, and none is repeated). */
enum literals_how { TEXTS_BY_MEANING, TEXTS_BY_FORM };
void literals_find_texts(struct literals *ret, struct tree *t, enum literals_how how);

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
