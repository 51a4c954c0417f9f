/*
 * A text as grams are taken of it: A to Z to lower case, and which class each byte is of. For one
 * thread. Format: lokid-chunk(5), "FILTERS".
 */
#ifndef BLOOM_FOLD_H
#define BLOOM_FOLD_H

#include "base/buf.h"
#include "base/bytes.h"

/* Of 64 bytes a bit each, the first one lowest: g to z and what is not ASCII; 0 to 9, a to f and
 * '-'; newlines. */
struct fold_classes {
	uint64_t letter, hex, newline;
};

/* Kept between texts. {0} is a valid one. */
struct folded {
	size_t n;		      /* bytes of the text */
	struct fold_classes *classes; /* n / 64 + 1, of newlines behind the text */
	size_t cap_classes;
	struct buf padded; /* private */
};

void folded_release(struct folded *f);

/* Takes a text, whatever bytes it has, which is not needed any more then. Returns whether it was
 * all ASCII. */
bool fold(struct folded *f, struct bytes text);

/* Its bytes. 8 newlines stand before it and 64 behind, which no gram has: so grams may be read as
 * 8 bytes. */
const char *folded_text(const struct folded *f);

/*
 * Makes *ret a text that was folded, with letters of ASCII for what a search that ignores the case
 * takes for them. False, and an empty *ret: there are none.
 */
bool fold_twins(struct bytes text, struct buf *ret);

#endif
