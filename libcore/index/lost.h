/*
 * What a repair has set aside, "~lokid/lost/NAME/HASH", goes for good after a while: it may hold
 * what was deleted, rewritten or has expired since, of which nobody looks for anything there.
 */
#ifndef INDEX_LOST_H
#define INDEX_LOST_H

#include "index/sweep.h"
#include "time/time.h"

#define LOST_FOLDER "~lokid/lost/"

/* So long, by the store's clock. */
static const int64_t LOST_KEEP_NS = 30 * 86400 * NS_PER_S;

/* Deletes what was set aside longer ago, of one tenant, or all when it is empty, and tells of each
 * by its name. Errors: ERR_IO, ERR_FULL; what gone gave. */
typedef int lost_gone_fn(const char *name, void *data, struct err *e);
MUST_CHECK int lost_sweep(struct store *s, struct bytes tenant, enum sweep_mode mode,
			  lost_gone_fn *gone, void *data, struct err *e);

#endif
