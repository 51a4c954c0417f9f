/* chunkpack --compact and --copy: what they do, told to whoever asked. */
#ifndef COMPACT_COMMAND_H
#define COMPACT_COMMAND_H

#include "compact/options.h"
#include "index/says.h"

/*
 * As text: the path of each new pack when it counts, of a dry run each merge that would be, and
 * what became of each day as a note. As JSON lines: an object for each tenant and day, of a dry run
 * for each merge. Errors: of compact_store, the sink.
 */
MUST_CHECK int compact_command(const struct pack_opts *o, struct store *s, struct index_says says,
			       struct err *e);

/* A line for each tenant and day with something to copy; what is written is a note. Errors: of
 * copy_store, the sink. */
MUST_CHECK int copy_command(const struct pack_opts *o, struct store *from, struct store *to,
			    struct index_says says, struct err *e);

#endif
