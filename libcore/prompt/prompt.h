/*
 * `logql -i`: queries and commands, typed by a person or read from a script, answered one after the
 * other.
 */
#ifndef PROMPT_PROMPT_H
#define PROMPT_PROMPT_H

#include "cli/cli.h"
#include "query/ask.h"

/* Without --limit a person gets at most so many entries. */
enum { PROMPT_LIMIT = 1000 };

/*
 * Reads stdin to its end, or to \q. a: as the options have it; cli's operands are files to be asked
 * instead of a store. Reports what goes wrong with a statement, and goes on; of a script cli's exit
 * status is then that of the first failure ("nothing found" is none). At a terminal SIGINT ends a
 * query and not the program, and the characters of the locale become UTF-8's. Errors, before
 * anything is read: ERR_USAGE, options that do not go with it, nothing to ask; ERR_IO.
 */
MUST_CHECK int prompt_run(struct ask *a, struct cli *cli, struct err *e);

#endif
