/* What a repair of one tenant and day cannot bring back. Private to index/. */
#ifndef INDEX_REPAIR_LOSS_H
#define INDEX_REPAIR_LOSS_H

#include "index/repair_day.h"

/* Of a pack: what of it can no longer be read. */
typedef void repair_lost_fn(const char *pack, const char *what, void *data);

/*
 * After repair_build, before anything is set aside. missing: packs that only such index files name
 * as are set aside, and that are not there; a dry run leaves those out that it would put there.
 * Nothing is told where packs that they had replaced count again, with as many entries. Errors:
 * ERR_IO, ERR_AGAIN.
 */
MUST_CHECK int repair_tell_losses(const struct repair_day *r, const struct repair_packs *unusable,
				  const struct hash_list *missing, repair_lost_fn *lost, void *data,
				  struct err *e);

#endif
