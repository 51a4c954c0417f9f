/* One tenant and day that is copied. Private to compact/. */
#ifndef COMPACT_COPY_DAY_H
#define COMPACT_COPY_DAY_H

#include "compact/copy.h"

struct copy_hidden;
struct copy_target;
struct live;

/* Copies what o selects of sum's tenant and day, and adds to the rest of it, but for
 * what is hidden: chunks of which all has expired are left out. Errors: copy_store's; ERR_AGAIN
 * requests are to be applied first. */
MUST_CHECK int copy_day(const struct copy_opts *o, const struct copy_hidden *hidden,
			struct copy_day *sum, struct err *e);

/* Whether the target, having `to` of the day, has all of what o selects of these index files, which
 * are the day's; it is counted in sum then. When in doubt it has not. */
bool copy_day_is_there(const struct copy_opts *o, const struct copy_hidden *hidden,
		       const struct live *src, const struct copy_target *to, struct copy_day *sum);

#endif
