/*
 * Receipts: what was done about a request. One of each day, which grows while there is something to
 * do, and one of all days when there is nothing left. Format: lokid-deletes(5), "RECEIPT". Private
 * to erase/.
 *
 * For any thread, each with a target of its own.
 */
#ifndef ERASE_RECEIPT_H
#define ERASE_RECEIPT_H

#include "compact/rewrite.h"
#include "erase/target.h"

/* Adds a row to t->rows: what a pack has lost, when it is written anew. */
void receipt_add_pack(struct target *t, const struct rewrite_pack *p, const struct found *f,
		      int64_t now_ns);

/*
 * Writes t->rows to the receipt of the day, behind what is there already; of that, rows stay whose
 * new pack is among `known`: the others are of a run that did not come to its commit. Errors:
 * ERR_IO, ERR_FULL, ERR_LIMIT.
 */
MUST_CHECK int receipt_put_day(struct store *s, struct bytes tenant, const struct target *t,
			       int32_t day, const struct hash_list *known, struct err *e);

/* Is there one of all days? 1, 0. Errors: ERR_IO. */
MUST_CHECK int receipt_is_there(struct store *s, struct bytes tenant, struct bytes id,
				struct err *e);

/* Deletes the receipt of all days, as there is more to be done: t->has_receipt is false then.
 * Errors: ERR_IO. */
MUST_CHECK int receipt_withdraw(struct store *s, struct bytes tenant, struct target *t,
				struct err *e);

/* Writes the receipt of all days from those of each. Errors: as above. */
MUST_CHECK int receipt_put_whole(struct store *s, struct bytes tenant, const struct target *t,
				 int64_t now_ns, struct err *e);

#endif
