/* logql --addr: the verbs that a server's API answers. For ask.c and ask_options.c. */
#ifndef QUERY_ASK_REMOTE_H
#define QUERY_ASK_REMOTE_H

#include "query/ask.h"

/* Errors: ERR_USAGE, naming an option that a server has no ear for, and why. */
MUST_CHECK int ask_remote_check(const struct ask *a, struct err *e);

/*
 * Asks a->remote.addr. verb: NULL for a query; operand as ask_run has them, verb included. A log
 * query is asked for in pages, each printed when it is there. Errors: ERR_USAGE, operands; a verb
 * that is about a store itself; ERR_QUERY; ERR_NO, nothing was found; those of remote_open,
 * remote_get, remote_read_...
 */
MUST_CHECK int ask_remote(struct ask *a, const struct cli_verb *verb, char **operand, size_t n,
			  struct err *e);

#endif
