/*
 * What may stand at the cursor of a query that is being typed: by its lexemes, since what is not
 * complete does not parse. No I/O.
 */
#ifndef PROMPT_CONTEXT_H
#define PROMPT_CONTEXT_H

#include "base/arena.h"
#include "base/bytes.h"

enum context_want {
	WANT_NOTHING,
	WANT_FUNCTION,	    /* an aggregation, a function, a selector */
	WANT_GROUPING,	    /* by, without */
	WANT_SELECTOR_NAME, /* a label's, in {} */
	WANT_NAME,	    /* a label's, anywhere else */
	WANT_VALUE,	    /* of the label .name */
	WANT_STAGE,	    /* or a label's name */
	WANT_UNWRAP,	    /* a conversion, or a label's name */
};

struct context {
	enum context_want want;
	struct bytes prefix; /* what is typed of it already: the end of the text */
	struct bytes name;
	char quote; /* VALUE: " or ` when the string is begun, and prefix is inside; else 0 */
	bool regex; /* VALUE: it is one */
	struct bytes
		selector; /* the matchers that come before, without {}, which say which streams */
};

/* Of the text before the cursor. What is returned is borrowed from text. */
struct context context_find(struct bytes text);

#endif
