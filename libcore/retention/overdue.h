/* What of a store should be gone by now, for who goes through its index files. */
#ifndef RETENTION_OVERDUE_H
#define RETENTION_OVERDUE_H

#include "labels/labels.h"

struct hold;
struct limits_set;
struct store;

struct overdue {
	struct limits_set *limits; /* NULL: there are none, and all is kept */
	struct hold *hold;
	int64_t now_ns;
};

/*
 * By the limits and what is held in these files, or in the store's own, at so long ago by its
 * clock, or by the local one where the store cannot be written to. To be released, on failure too.
 * Errors: as limits_load, hold_load.
 */
MUST_CHECK int overdue_load(struct overdue *o, const char *limits, const char *hold,
			    struct store *s, int64_t grace_ns, struct err *e);
void overdue_release(struct overdue *o);

/* Whether all from..through of a stream has expired, and nothing of it is held. overdue: a struct
 * overdue, so that this is an fsck_overdue_fn (index/fsck.h). */
bool overdue_has(struct bytes tenant, const struct labels *stream, int64_t from, int64_t through,
		 void *overdue);

#endif
