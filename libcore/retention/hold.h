/*
 * What no deleter may touch: a file of selectors with times, beside all periods, quotas and
 * requests. What is held stays stored; queries see it as long as it would be seen anyway.
 *
 * A line of the file is
 *	[TENANT] SELECTOR [FROM TO]
 * as `acme {app="pay"} 2026-01-01 2026-02-01`: entries of matching streams from FROM to TO, both
 * included, a day as TO to its end. Without TENANT it is of all, without times of all time. Empty
 *lines, and those that begin with '#', say nothing. Times are those of --from and --to, but none
 *that counts from now.
 */
#ifndef RETENTION_HOLD_H
#define RETENTION_HOLD_H

#include "base/bytes.h"
#include "base/err.h"
#include "labels/labels.h"

#define HOLD_OF_STORE "~lokid/hold"

struct hold;
struct store;

/*
 * Reads the file; with NULL that of the store, which messages name with the store's path, and where
 * there may be none: nothing is held then.
 * NULL on error: ERR_IO, ERR_AGAIN, ERR_LIMIT; ERR_USAGE a line is wrong, the message names it.
 * Who cannot know what is held deletes nothing.
 */
struct hold *hold_load(const char *file, struct store *s, struct err *e);
/* Of such a text; name is for messages. */
struct hold *hold_parse(struct bytes text, const char *name, struct err *e);
void hold_free(struct hold *h); /* NULL is fine */

/* Tells warn of each line for a tenant that the store does not have, which may be one that was
 * misspelt. Errors: of store_list_folders. */
typedef void hold_warn_fn(const char *text, void *data);
MUST_CHECK int hold_check_tenants(const struct hold *h, struct store *s, hold_warn_fn *warn,
				  void *data, struct err *e);

/* Whether anything of the tenant may be held. */
bool hold_has_tenant(const struct hold *h, struct bytes tenant);

/* Whether an entry of this stream with a time in from..through, both included, is held. For any
 * thread. */
bool hold_has(const struct hold *h, struct bytes tenant, const struct labels *stream, int64_t from,
	      int64_t through);

#endif
