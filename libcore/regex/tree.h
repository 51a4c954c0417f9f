/*
 * The tree of a regular expression in RE2's language, as Go's regexp/syntax reads it. It says what
 * is meant and nothing about how it is matched: the program of the Pike VM, the pattern for PCRE2
 * and the literals that a match must hold are all made from it.
 */
#ifndef REGEX_TREE_H
#define REGEX_TREE_H

#include "regex/runes.h"

enum node_op {
	NODE_EMPTY, /* the empty text */
	NODE_CHAR,  /* c; with fold whatever differs from it only in case */
	NODE_SET,   /* one character of a set */
	NODE_BEGIN_TEXT,
	NODE_END_TEXT,
	NODE_BEGIN_LINE,
	NODE_END_LINE,
	NODE_WORD,     /* \b */
	NODE_NOT_WORD, /* \B */
	NODE_CAT,      /* of two or more */
	NODE_ALT,      /* of two or more, the first one that fits */
	NODE_REPEAT,   /* of one */
	NODE_GROUP,    /* that captures one */
};

enum { NODE_NO_MAX = -1 };

struct node {
	enum node_op op;
	bool fold;		 /* CHAR: and c is the first of its ring */
	bool bytes;		 /* CHAR: as it is in UTF-8, so U+FFFD is no other byte */
	bool lazy;		 /* REPEAT */
	bool no_newline;	 /* SET: all but \n */
	bool nullable;		 /* it can match the empty text */
	uint32_t c;		 /* CHAR */
	int min, max;		 /* REPEAT: max may be NODE_NO_MAX */
	uint32_t group;		 /* GROUP: its number, from 1 */
	struct bytes name;	 /* GROUP: empty when it has none */
	uint32_t height;	 /* of the tree below, itself included */
	double size;		 /* about how many instructions it takes */
	const struct runes *set; /* SET: clean */
	struct bytes property; /* SET: PCRE2's text for it, when it is one escape; of the pattern or
				  mem */
	struct node *sub, *last; /* its first and its last child */
	struct node *next;	 /* its sibling */
};

/* {0} is a valid empty one. */
struct tree {
	struct arena mem;
	struct node *root;
	uint32_t n_groups;
	struct bytes *names; /* by number, [0] is not used; empty when it has none; of mem */
};

enum {
	TREE_DOT_ALL = 1,	/* . is any character */
	TREE_REPEAT_MAX = 1000, /* of {n,m}, nested ones multiplied */
	TREE_HEIGHT_MAX = 1000,
	TREE_SIZE_MAX = 500 * 1000 /* instructions */
};

/* Errors: ERR_QUERY "error parsing regexp: WHAT: `WHERE`", in Go's words. */
MUST_CHECK int tree_parse(struct tree *t, struct bytes pattern, unsigned flags, struct err *e);
void tree_release(struct tree *t);

/* Makes the tree match whole texts only. */
void tree_anchor(struct tree *t);
/* True when it matches the empty text, all of it. */
bool tree_matches_empty(const struct tree *t);

/* --- tree.c, for who makes trees --- */

struct node *node_new(struct tree *t, enum node_op op);
void node_add(struct node *parent, struct node *child);
/* Fills in names from the groups. */
void tree_set_names(struct tree *t);
/* Fills in height, size and nullable from the children. */
void node_measure(struct node *n);

#endif
