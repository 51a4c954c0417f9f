/*
 * What of a store is neither a pack nor an index file, for who checks it as a whole: requests to
 * delete and what was done about them, what is held, and the limits in force.
 */
#ifndef ERASE_BESIDE_H
#define ERASE_BESIDE_H

#include "index/fsck.h"

/* Names of the store's own, the last NULL: for index_fsck's besides. */
extern const char *const beside_names[];

/* An fsck_beside_fn; data is not looked at. */
int beside_check(struct store *s, const char *name, enum fault_kind *ret_kind, void *data,
		 struct err *e);

#endif
