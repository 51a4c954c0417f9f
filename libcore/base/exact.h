/*
 * Decimal numbers as they are written, without rounding: what money and shares are counted with.
 */
#ifndef BASE_EXACT_H
#define BASE_EXACT_H

#include "base/num.h"

enum { EXACT_DIGITS_MAX = 36, EXACT_SCALE_MAX = 36 };

struct exact {
	num_wide units; /* times 10 to the power of -scale; less than 10^EXACT_DIGITS_MAX */
	int scale;	/* 0 to EXACT_SCALE_MAX: digits behind the point, the last of them not 0 */
};

/* "12", "-0.50", ".5", "1.", "1e-7", "+2.5E+3": the whole of text; no blanks, inf or nan. False of
 * anything else, and of what needs more digits. */
bool exact_read(struct bytes text, struct exact *ret);

/* As people write it: "-0.5". */
void exact_add(struct buf *b, struct exact v);

#endif
