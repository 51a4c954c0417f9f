/* Amounts that grow by so many percent a month, compounding. */
#ifndef COST_GROWTH_H
#define COST_GROWTH_H

#include "base/err.h"
#include "base/exact.h"

enum { GROWTH_MONTHS_MAX = 120, GROWTH_SCALE_MAX = 6 };

/* Percent a month: above -100, up to 1000, with at most GROWTH_SCALE_MAX digits behind the point.
 * Errors: ERR_USAGE. */
MUST_CHECK int growth_read(struct bytes text, struct exact *ret, struct err *e);

/*
 * ret[i] is what nano has become after i + 1 months, for n months. Each month is carried on with 18
 * digits behind the point, and only what is given back is rounded to nine: it is the exact amount,
 * or the one beside it where that lies within a millionth of the middle between two.
 * Returns how many of them fit: n, or fewer.
 */
MUST_CHECK unsigned growth_apply(int64_t nano, struct exact percent, unsigned n, int64_t *ret);

/* What a month came to, and how many days it has. */
struct growth_month {
	int64_t nano;
	int days;
};

/* The percent a month, to GROWTH_SCALE_MAX digits, by which a day of `first` has become one of
 * `last` in so many months, 1 or more. False when there is none: of nothing, to nothing, or beyond
 * what growth_read takes. */
MUST_CHECK bool growth_between(struct growth_month first, struct growth_month last, unsigned months,
			       struct exact *ret);

#endif
