/*
 * What is asked of filters: clauses that an entry must all meet, each by holding one of a few
 * texts. For one thread while it is made, for any afterwards.
 */
#ifndef BLOOM_ASK_H
#define BLOOM_ASK_H

#include "bloom/grams.h"

/* The values that stand for a text; without any it may be everywhere. */
struct bloom_text {
	struct gram_list of[GRAM_KINDS];
};

struct bloom_clause {
	struct bloom_text *v;
	size_t n, cap;
};

/* {0} is a valid empty one: it asks for nothing. */
struct bloom_ask {
	struct bloom_clause *v;
	size_t n, cap;
	struct gram_scratch scratch;
};

void bloom_ask_release(struct bloom_ask *a);

/* Begins a clause. One that gets no text is met by nothing. */
void bloom_ask_clause(struct bloom_ask *a);

/* One more text that meets the clause begun last: where it stands as it is or, with
 * GRAM_CASE_FOLD, in letters of any case. */
void bloom_ask_text(struct bloom_ask *a, struct bytes text, enum gram_case how);

/* The text given last only counts where this one stands too. */
void bloom_ask_also(struct bloom_ask *a, struct bytes text, enum gram_case how);

/* Of something that cannot be asked for: the clause begun last is met everywhere. */
void bloom_ask_anything(struct bloom_ask *a);

/* The same of a value that a parser may have made of what stands in the line, as JSON and logfmt
 * escape it. */
void bloom_ask_value(struct bloom_ask *a, struct bytes value, enum gram_case how);

/* Takes clauses out that are met everywhere, since one of their texts may be. */
void bloom_ask_end(struct bloom_ask *a);

#endif
