/*
 * Exact fractions: shares of a budget, burn rates. Nothing is rounded before it is printed.
 *
 * A result that does not fit is "over", and so is all that is made of it: calculations read like
 * formulas, and ratio_check stands at their end.
 */
#ifndef SLO_RATIO_H
#define SLO_RATIO_H

#include "base/err.h"
#include "base/exact.h"
#include "slo/big.h"

struct ratio {
	struct big num, den; /* in lowest terms; den is not 0 */
	bool negative;
	bool over;
};

struct ratio ratio_int(int64_t v);
struct ratio ratio_exact(struct exact v);

struct ratio ratio_add(struct ratio a, struct ratio b);
struct ratio ratio_sub(struct ratio a, struct ratio b);
struct ratio ratio_mul(struct ratio a, struct ratio b);
struct ratio ratio_div(struct ratio a, struct ratio b); /* b is not 0 */

/* <0, 0, >0. Of what is over it is 0: ratio_check first. */
int ratio_cmp(struct ratio a, struct ratio b);
int ratio_sign(struct ratio a);

/* Errors: ERR_LIMIT, it is over; what: what was calculated. */
MUST_CHECK int ratio_check(const struct ratio *a, const char *what, struct err *e);

/* What a whole number of it is, rounded down; INT64_MAX when that is more. a is not negative. */
int64_t ratio_floor(struct ratio a);

/* For pictures alone. */
double ratio_double(const struct ratio *a);

enum { RATIO_EVENT_DIGITS = 9, RATIO_DIGITS = 17, RATIO_ALL_DIGITS = 80 };

/* Decimal, with so many significant digits, half of the last rounded away from 0; fewer when they
 * say it all: "0.5", "-1.33333". a is not over. */
void ratio_add_text(struct buf *out, const struct ratio *a, unsigned digits);
/* The same times 100 with '%' behind. */
void ratio_add_percent(struct buf *out, const struct ratio *a, unsigned digits);

/* A number of events as people read it: rounded to RATIO_EVENT_DIGITS, but no whole event. */
void ratio_add_events(struct buf *out, struct exact v);

#endif
