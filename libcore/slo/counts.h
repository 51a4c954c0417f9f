/* How many events there were, and how many of them were bad: what all else is made of. */
#ifndef SLO_COUNTS_H
#define SLO_COUNTS_H

#include "base/err.h"
#include "base/exact.h"

struct slo_counts {
	struct exact total, bad; /* 0 <= bad <= total */
	/* Only the share of bad ones is known: bad of a total of 1, which stands for all of them.
	 */
	bool is_share;
};

/* Neither is negative, nor is there more that is bad than there is. Errors: ERR_USAGE, with what
 * was expected and found. */
MUST_CHECK int slo_counts_check(const struct slo_counts *c, struct err *e);

/* Both sums are exact. Errors: ERR_LIMIT, one has too many digits. */
MUST_CHECK int slo_counts_add(struct slo_counts *sum, const struct slo_counts *c, struct err *e);

/* False when the result needs more than EXACT_DIGITS_MAX digits. */
MUST_CHECK bool exact_sum(struct exact a, struct exact b, struct exact *ret);
MUST_CHECK bool exact_product(struct exact a, struct exact b, struct exact *ret);
struct exact exact_negative(struct exact a);
int exact_cmp(struct exact a, struct exact b);

#endif
