/* Whole numbers of a fixed, generous size: what exact shares are made of. What does not fit is
 * told, never cut. */
#ifndef SLO_BIG_H
#define SLO_BIG_H

#include "base/buf.h"
#include "base/num.h"

enum { BIG_LIMBS = 40 }; /* of 32 bits */

/* {0} is 0. */
struct big {
	unsigned n; /* limbs in use; the last of them is not 0 */
	uint32_t limb[BIG_LIMBS];
};

/* v is not negative. */
struct big big_of(num_wide v);

static inline bool big_is_zero(const struct big *a)
{
	return a->n == 0;
}

/* <0, 0, >0 */
int big_cmp(const struct big *a, const struct big *b);

/* Each false, with *ret untouched, when the result does not fit. */
MUST_CHECK bool big_add(const struct big *a, const struct big *b, struct big *ret);
MUST_CHECK bool big_mul(const struct big *a, const struct big *b, struct big *ret);
MUST_CHECK bool big_pow10(unsigned exponent, struct big *ret);

/* How a * b compares with c * d, whatever their size. */
int big_cmp_products(const struct big *a, const struct big *b, const struct big *c,
		     const struct big *d);

/* a is at least b. */
struct big big_sub(const struct big *a, const struct big *b);

/* The quotient; what is left over is *ret_rest. b is not 0. ret_rest may be NULL, or a or b. */
struct big big_div(const struct big *a, const struct big *b, struct big *ret_rest);

/* The greatest common divisor; of 0 and b it is b. */
struct big big_gcd(struct big a, struct big b);

/* About as many, for pictures: infinite when too many. */
double big_double(const struct big *a);

/* Its decimal digits. */
void big_add_text(struct buf *out, const struct big *a);

#endif
