/* One tenant and day that is copied. Private to compact/. */
#ifndef COMPACT_COPY_DAY_H
#define COMPACT_COPY_DAY_H

#include "compact/copy.h"

struct delete_requests;

/* Copies what o selects of sum's tenant and day, and adds to the rest of it. requests are those in
 * force, of a tenant that is to be called otherwise; none otherwise. Errors: copy_store's. */
MUST_CHECK int copy_day(const struct copy_opts *o, const struct delete_requests *requests,
			struct copy_day *sum, struct err *e);

#endif
