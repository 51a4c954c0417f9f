/*
 * Decimal numbers of any length: addf and its kin count with them, so that 0.1 + 0.2 is 0.3. They
 * are what the shortest text of each float says.
 */
#ifndef TEMPLATE_DECIMAL_H
#define TEMPLATE_DECIMAL_H

#include "base/arena.h"
#include "base/buf.h"

enum { DECIMAL_DIGITS_MAX = 20000 };

/* digits[0..n) times ten to the power of exp, most significant first; n is 0 for zero. */
struct decimal {
	bool negative;
	uint8_t *digits;
	size_t n;
	int exp;
};

/* f is finite. */
struct decimal decimal_of(struct arena *mem, double f);
/* The nearest float; infinite when it is too large. */
double decimal_to_float(const struct decimal *d);

/* Each false when the result would have more than DECIMAL_DIGITS_MAX digits. */
bool decimal_add(struct arena *mem, const struct decimal *a, const struct decimal *b,
		 struct decimal *ret);
bool decimal_mul(struct arena *mem, const struct decimal *a, const struct decimal *b,
		 struct decimal *ret);
/* Rounded to 16 digits behind the point, half away from zero. b is not zero. */
bool decimal_div(struct arena *mem, const struct decimal *a, const struct decimal *b,
		 struct decimal *ret);

#endif
