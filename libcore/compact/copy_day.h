/* One tenant and day that is copied. Private to compact/. */
#ifndef COMPACT_COPY_DAY_H
#define COMPACT_COPY_DAY_H

#include "compact/copy.h"

/* Copies what o selects of sum's tenant and day, and adds to the rest of it. Errors: copy_store's.
 */
MUST_CHECK int copy_day(const struct copy_opts *o, struct copy_day *sum, struct err *e);

#endif
