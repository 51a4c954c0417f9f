/* Retention as it is asked for: its files are read, and what goes is a line each. */
#ifndef RETENTION_RETAIN_ASK_H
#define RETENTION_RETAIN_ASK_H

#include "index/options.h"
#include "index/says.h"
#include "retention/retain.h"

/* Errors: of limits_load, hold_load, retain_store, the sink. */
MUST_CHECK int retain_ask(struct store *s, const struct index_opts *o, struct index_says says,
			  struct err *e);

#endif
