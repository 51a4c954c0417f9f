/* Label values as numbers, as label filters and unwrap take them: what Go's libraries accept, and
 * nothing else. */
#ifndef BASE_CONVERT_H
#define BASE_CONVERT_H

#include "base/bytes.h"

/* strconv.ParseFloat: also inf and nan; hexadecimal only with an exponent. */
bool convert_number(struct bytes text, double *ret);
/* time.ParseDuration: units ns us ms s m h; a bare number only when it is 0. */
bool convert_duration(struct bytes text, int64_t *ret_ns);

enum duration_fault {
	DURATION_GOOD,
	DURATION_INVALID,
	DURATION_NO_UNIT,
	DURATION_UNKNOWN_UNIT, /* *ret_unit is it */
};
/* The same, and what is wrong. */
enum duration_fault convert_duration_fault(struct bytes text, int64_t *ret_ns,
					   struct bytes *ret_unit);

/* "1.5MB", "10 KiB", "512": k, m, g ... are powers of 1000, ki, mi ... of 1024, in any case. */
bool convert_bytes(struct bytes text, uint64_t *ret);
/* As Go's Duration.Seconds. */
static inline double convert_seconds(int64_t ns)
{
	int64_t whole = ns / 1000000000;

	return (double)whole + (double)(ns % 1000000000) / 1e9;
}

/* What of such a text follows the number. */
struct bytes convert_bytes_unit(struct bytes text);

#endif
