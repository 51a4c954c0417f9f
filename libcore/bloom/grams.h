/*
 * The values that stand for a text in a filter: hashes of short pieces of it, grams. A text that
 * holds another has every value that the other must have. Format: lokid-chunk(5), "FILTERS".
 *
 * Texts are folded first, A to Z to lower case. A text with characters beyond ASCII that some
 * search takes for letters of ASCII has also the values of what it is with these letters instead.
 */
#ifndef BLOOM_GRAMS_H
#define BLOOM_GRAMS_H

#include "bloom/fold.h"

/*
 * The kinds of grams. Letters are g to z and bytes that are not ASCII; hex are 0 to 9, a to f and
 * '-'; all else but newlines is rest. No gram has a newline. Of a window of grams that follow one
 * another the one with the least hash counts, where all of the window are of the kind; a window of
 * one is each gram.
 */
enum gram_kind {
	GRAM_LETTERS, /* 4 bytes, one of them a letter; each */
	GRAM_SPARSE,  /* 6 bytes, one of them a letter; windows of 9 */
	GRAM_HEX,     /* 6 bytes of hex; windows of 11 */
	GRAM_REST,    /* 5 bytes without a letter, one of them of the rest; windows of 5 */
	GRAM_ESCAPE,  /* two values: the text has \u00 before what JSON need not escape */
	GRAM_KINDS
};

/* How many rows a value of the kind sets in its column. */
extern const uint8_t gram_rows[GRAM_KINDS];

/* Values of one kind; each once in what one call adds. {0} is a valid empty one. */
struct gram_list {
	uint64_t *v;
	size_t n, cap;
};

void gram_list_release(struct gram_list *l);

/* Scratch: kept between calls, for one thread. {0} is a valid one. */
struct gram_scratch {
	struct folded text, latin; /* latin: with these letters instead; empty: there are none */
	struct buf replaced;	   /* what latin was made of */
	uint64_t *slot;		   /* the set of keys of one call: cap_slots, of room_slots */
	size_t cap_slots, room_slots;
	uint64_t *seen; /* pieces of the text, in one call: 2^seen_log, of 2^room_seen_log */
	unsigned seen_log, room_seen_log;
};

void gram_scratch_release(struct gram_scratch *s);

/* Takes a text, whatever bytes it has; it is not needed any more then. */
void grams_begin(struct gram_scratch *s, struct bytes text);
/* Appends the values of that kind of the text that grams_begin took last. */
void grams_add(struct gram_scratch *s, enum gram_kind kind, struct gram_list *ret);

/*
 * Appends the values of that kind which every text has that holds the needle: none, when it is too
 * short. GRAM_CASE_FOLD: also a text that differs from it in the case of letters, whichever.
 */
enum gram_case { GRAM_CASE_AS_IS, GRAM_CASE_FOLD };
void grams_of_needle(struct gram_scratch *s, enum gram_kind kind, struct bytes needle,
		     enum gram_case how, struct gram_list *ret);

#endif
