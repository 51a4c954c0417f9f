/*
 * What was typed, kept in a file for the next time: one statement a line, newlines and backslashes
 * in it escaped by one. Several programs may add to it at once.
 */
#ifndef PROMPT_HISTORY_H
#define PROMPT_HISTORY_H

#include "base/buf.h"

enum {
	HISTORY_MAX = 1000,	     /* statements that are kept */
	HISTORY_BYTES_MAX = 1 << 20, /* of the file, of which the end is kept */
};

/* $XDG_STATE_HOME/lokid/logql_history, by default in ~/.local/state. False: none of both is known.
 */
bool history_path(struct buf *ret);

/*
 * Gives the newest HISTORY_MAX statements, oldest first; text is valid during the call. A file that
 * has become much longer is cut to these. One that is not there is empty. Errors: ERR_IO.
 */
typedef void history_fn(void *data, const char *text);
MUST_CHECK int history_load(const char *path, history_fn *each, void *data, struct err *e);

/* Adds one; makes the file (0600) and its folders (0700). Errors: ERR_IO, ERR_FULL. */
MUST_CHECK int history_add(const char *path, struct bytes text, struct err *e);

#endif
