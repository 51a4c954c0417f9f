/*
 * What of a store is neither a pack nor an index file, for who checks it as a whole: requests to
 * delete and what was done about them, what is held, and the limits in force.
 */
#ifndef ERASE_BESIDE_H
#define ERASE_BESIDE_H

#include "index/options.h"

/* fsck_ask, with all that a store has: of these files, and by what has expired, as o says. What is
 * wrong with the store's own limits and hold is a fault; nothing is known to have expired then.
 * Errors: fsck_ask's; of files that o names, as overdue_load. */
MUST_CHECK int64_t beside_fsck(struct fsck_ask *ask, const struct index_opts *o, struct err *e);

#endif
