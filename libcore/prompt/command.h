/* Commands: what begins with a backslash. */
#ifndef PROMPT_COMMAND_H
#define PROMPT_COMMAND_H

#include "prompt/complete.h"
#include "prompt/session.h"

/* Does what the line says; it begins with the backslash. Errors: ERR_USAGE, what it is not, and
 * which one is meant perhaps; those of what it does. */
MUST_CHECK int command_run(struct session *s, struct bytes line, struct err *e);

/* text was refused as a query: when it is a command without its backslash, or exit or quit, *e says
 * so instead. */
void command_hint(struct bytes text, struct err *e);

/* Adds what may stand at the end of a line that begins with a backslash. */
void command_complete(struct completions *c, struct bytes line, complete_fetch_fn *fetch,
		      void *data);

#endif
