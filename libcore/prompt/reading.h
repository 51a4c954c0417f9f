/* Statements from a terminal, with a prompt, completion and history, or from a script. */
#ifndef PROMPT_READING_H
#define PROMPT_READING_H

#include "prompt/edit.h"
#include "prompt/statement.h"

struct reading {
	struct edit *edit; /* NULL: a script */
	struct logql_opts parse;
	struct statement statement;
	size_t line; /* of a script: where the statement begins */

	size_t n_lines; /* private from here */
	struct buf one, history_path;
	bool ended;
};

/* With edit: statements of the last sessions can be had back from the history's file. */
void reading_init(struct reading *in, struct edit *edit, const struct logql_opts *parse);
void reading_release(struct reading *in); /* not edit */

/* The next statement, in .statement.text until the next call: QUERY or COMMAND, or NONE at the end.
 * Errors: ERR_IO, ERR_LIMIT: a line of a script is too long. */
MUST_CHECK int reading_next(struct reading *in, enum statement_state *ret, struct err *e);

#endif
