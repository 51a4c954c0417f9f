/*
 * The options of logql: one row each, with what takes its value into a struct ask. A further option
 * is a row here, a place in struct ask, and, when it does nothing for some queries, a rule in
 * options.c.
 */
#ifndef QUERY_ASK_OPTIONS_H
#define QUERY_ASK_OPTIONS_H

#include "cli/cli.h"
#include "query/ask.h"

/* cli.data: the struct ask, with .q.source.now_ns set, of which times are counted. */
extern const struct cli_taken ask_options[];

/* Behind the last option: sets those not given that have a default. Errors: ERR_USAGE, options that
 * do not go together, whatever is asked. */
MUST_CHECK int ask_check_options(struct ask *a, struct err *e);

/* What ask_check_options made; on failure too. */
void ask_release(struct ask *a);

/* Takes one option by its long name, later. Errors: ERR_USAGE, of its value. */
MUST_CHECK int ask_take_option(struct ask *a, const char *name, const char *value, struct err *e);

#endif
