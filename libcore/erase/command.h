/* chunkpack --delete and --scrub. */
#ifndef ERASE_COMMAND_H
#define ERASE_COMMAND_H

#include "compact/options.h"
#include "index/says.h"

/* Errors: those of reading the limits, of erase_store. */
MUST_CHECK int erase_command(const struct pack_opts *o, struct store *s, struct index_says says,
			     struct err *e);

#endif
