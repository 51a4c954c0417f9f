/*
 * Under which name a document speaks of an amount: the words of a heading, a label or what stands
 * about a number, without those that say nothing of what it is ("the", "monthly", "cost").
 */
#ifndef COST_CLAIMS_WORDS_H
#define COST_CLAIMS_WORDS_H

#include "base/bytes.h"

enum { CLAIMS_WORDS_MAX = 16 };

/* Words are borrowed of the text. {0} is an empty one. */
struct claims_words {
	struct bytes word[CLAIMS_WORDS_MAX]; /* each once, without its ending */
	size_t n;
	bool total;    /* "total", which is none of the words, stood there */
	bool too_many; /* some were left out: it is like no other */
};

/* Adds those of a text. */
void claims_words_add(struct claims_words *w, struct bytes text);

bool claims_words_has(const struct claims_words *w, struct bytes word);

/* Whether both are the same words; no words are not. Totals are not looked at. */
bool claims_words_same(const struct claims_words *a, const struct claims_words *b);

/* Whether one of a is in b. */
bool claims_words_meet(const struct claims_words *a, const struct claims_words *b);

#endif
