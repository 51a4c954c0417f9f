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
 * False when one does not fit.
 */
MUST_CHECK bool growth_apply(int64_t nano, struct exact percent, unsigned n, int64_t *ret);

/* The percent a month, to GROWTH_SCALE_MAX digits, by which `first` has become `last` in so many
 * months, 1 or more. False when there is none: of nothing, to nothing, or beyond what growth_read
 * takes. */
MUST_CHECK bool growth_between(int64_t first, int64_t last, unsigned months, struct exact *ret);

#endif
