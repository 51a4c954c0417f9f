/* Label values as numbers, as label filters and unwrap take them: what Go's libraries accept, and
 * nothing else. */
#ifndef BASE_CONVERT_H
#define BASE_CONVERT_H

#include "base/bytes.h"

/* strconv.ParseFloat: also inf and nan; hexadecimal only with an exponent. */
bool convert_number(struct bytes text, double *ret);
/* time.ParseDuration: units ns us ms s m h; a bare number only when it is 0. */
bool convert_duration(struct bytes text, int64_t *ret_ns);
/* "1.5MB", "10 KiB", "512": k, m, g ... are powers of 1000, ki, mi ... of 1024, in any case. */
bool convert_bytes(struct bytes text, uint64_t *ret);

#endif
