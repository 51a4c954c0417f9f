/* Why a label's value is no number, duration or size, in the words of Go's libraries, for
 * __error_details__. */
#ifndef LABELS_VALUE_ERROR_H
#define LABELS_VALUE_ERROR_H

#include "base/buf.h"

/* Each appends the reason to b; text is what convert_number and its like (base/convert.h) refused.
 */
void value_error_number(struct buf *b, struct bytes text);
void value_error_duration(struct buf *b, struct bytes text);
void value_error_bytes(struct buf *b, struct bytes text);

#endif
