/*
 * logql delete: requests to delete, made, listed and cancelled in a store without a daemon, as its
 * API does it. The one verb that writes to a store.
 */
#ifndef QUERY_ASK_DELETE_H
#define QUERY_ASK_DELETE_H

#include "query/ask.h"

/*
 * operand: create SELECTOR | list | cancel ID, as cli_verb_fn has them; ask: the struct ask.
 * Errors: ERR_USAGE, also what the API refuses with 400, 403 and 404; ERR_QUERY; ERR_NO there is
 * nothing to be listed; ERR_IO, ERR_FULL, ERR_CORRUPT.
 */
MUST_CHECK int ask_delete(void *ask, char **operand, size_t n, struct err *e);

#endif
