/*
 * Money: whole billionths of a currency's unit (nano-dollars), so that sums are exact, whatever
 * their order. The largest amount is 9,223,372,036.854775807; nothing ever wraps round: what does
 * not fit is said to the caller.
 *
 * There is one rounding, where digits behind the ninth are met in what is read, and at the end of a
 * product: to the nearest, halves away from zero.
 */
#ifndef COST_MONEY_H
#define COST_MONEY_H

#include "base/buf.h"
#include "base/exact.h"

#define MONEY_ONE  INT64_C(1000000000)
#define MONEY_MOST "9223372036.85" /* for messages */

enum money_read { MONEY_READ, MONEY_NO_NUMBER, MONEY_TOO_LARGE };

/* "12", "-0.50", "125.5000000001", "4.45e-07": the whole of text. */
enum money_read money_read(struct bytes text, int64_t *ret_nano);

/* The code of a currency: three capital letters, "USD". */
bool money_is_currency(struct bytes text);

/* False when the sum does not fit; *sum is then untouched. */
MUST_CHECK bool money_add(int64_t *sum, int64_t nano);

/*
 * The price of a quantity: nano for each `per` of something (1, or "per 1000 requests"), of which
 * there are `quantity`. False when it does not fit, or has so many digits that the product cannot
 * be made.
 */
MUST_CHECK bool money_times(int64_t nano, struct exact quantity, uint64_t per, int64_t *ret_nano);

/* To the nearest cent, halves away from zero. */
num_wide money_cents(num_wide nano);

/* As people write it: "34.50", "-0.07", and all digits when there are more: "0.000000445". */
void money_text(struct buf *b, num_wide nano);

#endif
