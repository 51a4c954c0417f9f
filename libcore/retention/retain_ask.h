/* Retention as it is asked for: its files are read, and what goes is a line each. */
#ifndef RETENTION_RETAIN_ASK_H
#define RETENTION_RETAIN_ASK_H

#include "index/options.h"
#include "index/says.h"
#include "retention/retain.h"

/* Returns how many of the goals of --keep-bytes and --keep-free cannot be reached. Errors: of
 * limits_load, hold_load, retain_store, the sink; ERR_USAGE, what is said to be now is more than a
 * day ahead of the store's clock, and it is no dry run. */
MUST_CHECK int retain_ask(struct store *s, const struct index_opts *o, struct index_says says,
			  struct err *e);

#endif
