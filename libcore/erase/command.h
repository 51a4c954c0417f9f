/* chunkpack --delete and --scrub. */
#ifndef ERASE_COMMAND_H
#define ERASE_COMMAND_H

#include "base/buf.h"
#include "compact/options.h"

/* Lines of it, without a newline. */
struct erase_out {
	int (*print)(void *data, struct buf *b, struct err *e); /* releases b; -1 ends the work */
	void (*note)(void *data, const char *text);
	void (*warn)(void *data, const char *text);
	void (*fault)(void *data, const struct err *fault);
	void *data;
};

/* Errors: those of reading the limits, of erase_store. */
MUST_CHECK int erase_command(const struct pack_opts *o, struct store *s,
			     const struct erase_out *out, struct err *e);

#endif
