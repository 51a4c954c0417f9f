/* The parser from inside: what parse.c, parse_group.c and parse_class.c share. */
#ifndef REGEX_SYNTAX_H
#define REGEX_SYNTAX_H

#include "regex/tree.h"

enum { FLAG_FOLD = 1, FLAG_LINES = 2, FLAG_DOT_ALL = 4, FLAG_LAZY = 8 };

/* What is open: the whole, or a group. */
struct frame {
	struct frame *up;
	unsigned flags;	    /* outside of it */
	uint32_t group;	    /* 0 when it does not capture */
	struct bytes name;  /* of it; empty without */
	struct node *items; /* a CAT being made */
	struct node *alts;  /* an ALT being made */
};

/* \p{..} as it was looked up before. */
struct named {
	struct named *next;
	struct bytes name;
	const struct runes *set;
};

struct parser {
	struct tree *tree;
	struct bytes whole, rest;
	unsigned flags;
	struct frame *top;
	struct named *named;
	size_t n_ranges; /* of all sets */
	struct err *e;
};

/* "error parsing regexp: WHAT: `WHERE`". Returns -1. */
int syntax_fail(struct parser *p, const char *what, struct bytes where);
#ifdef __clang_analyzer__ /* which would think that it may return 0, as of err_set */
#define syntax_fail(...) ((syntax_fail)(__VA_ARGS__), -1)
#endif
/* From `from` up to where the parser is now. */
struct bytes syntax_since(const struct parser *p, struct bytes from);
/* Takes one character. */
MUST_CHECK int syntax_rune(struct parser *p, uint32_t *ret);
MUST_CHECK int syntax_check_utf8(struct parser *p, struct bytes text);
void syntax_push(struct parser *p, struct node *n);
MUST_CHECK int syntax_push_set(struct parser *p, const struct runes *set, struct bytes property);

/* --- parse_group.c --- */

void syntax_open(struct parser *p, uint32_t group);
/* At "(?": a group of whatever kind, or flags. */
MUST_CHECK int syntax_perl(struct parser *p);
MUST_CHECK int syntax_close(struct parser *p);
void syntax_bar(struct parser *p);
/* What is in the frame, measured; NULL when it is too large. */
struct node *syntax_finish(struct parser *p, struct frame *f);
MUST_CHECK int syntax_check_limits(struct parser *p, const struct node *n);

/* --- parse_class.c --- */

/* At a backslash: one character. */
MUST_CHECK int syntax_escape(struct parser *p, uint32_t *ret);
/* At \p or \P, at \d and its kin: adds the set; *ret_property is its text for PCRE2, or empty. 0
 * when something else stands here, -1 on error. */
MUST_CHECK int syntax_class_escape(struct parser *p, struct runes *r, struct bytes *ret_property);
/* At "[". */
MUST_CHECK int syntax_class(struct parser *p);

#endif
