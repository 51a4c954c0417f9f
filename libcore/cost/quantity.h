/*
 * Quantities as people write them in tables and sentences: "4,300", "~$34.50/month", "6.0 GB/day",
 * "500K requests", "$15-30"; with a decimal comma "1,50" and "1.234,50", where a comma before three
 * digits divides thousands. What was rounded to the last digit that is written stands for all that
 * rounds to it: an interval, in whole billionths.
 */
#ifndef COST_QUANTITY_H
#define COST_QUANTITY_H

#include "base/buf.h"
#include "base/num.h"

enum quantity_kind { QUANTITY_NUMBER, QUANTITY_BYTES, QUANTITY_MONEY };
enum quantity_per {
	QUANTITY_AT_ALL, /* no time is named */
	QUANTITY_SECOND,
	QUANTITY_MINUTE,
	QUANTITY_HOUR,
	QUANTITY_DAY,
	QUANTITY_MONTH,
	QUANTITY_YEAR,
};

struct quantity {
	enum quantity_kind kind;
	enum quantity_per per;
	num_wide low, high; /* billionths; what may have been rounded to it */
	num_wide step;	    /* of its last digit */
	struct bytes text;  /* as written: of the number to the last word that counts */
	bool compressed;    /* "3GB compressed/day" */
	bool negative;	    /* "-$2.00", "($2.00)": low to high are without the sign */
	/* What a price is for: "/GB", "/1K"; 0: not said. */
	num_wide unit;
	enum quantity_kind unit_kind;
	/* "100Gi x 3": 3, else 0. */
	uint64_t times;
};

/* The next quantity of *rest, which is moved behind it. False when there is none. */
bool quantity_next(struct bytes *rest, struct quantity *ret);

/* Of a cell that is one, with words around it perhaps: the first there. A '-' or U+2212 that begins
 * a word before it, or round brackets about the whole cell, make it negative. False: "-", no digit.
 */
bool quantity_of_cell(struct bytes cell, struct quantity *ret);

/* The time that a heading names: "Daily Volume", "Cost/month", "Lines/sec". */
enum quantity_per quantity_per_of_heading(struct bytes heading);

/* Adds what it names but for that: its letters and digits, as small letters. */
void quantity_add_subject(struct buf *b, struct bytes heading);

/* Whether two headings are the same but for the time that they name: "Daily cost", "Cost/month". */
bool quantity_same_subject(struct bytes a, struct bytes b);

/* Whether a text has the word, in any case. word: small letters. */
bool quantity_has_word(struct bytes text, const char *word);

/* The middle of the interval, as a number of the quantity's text would be: for messages. */
void quantity_add(struct buf *b, num_wide billionths);

#endif
