/*
 * --explain and --analyze: instead of an answer, how it is come to.
 */
#ifndef QUERY_ASK_EXPLAIN_H
#define QUERY_ASK_EXPLAIN_H

#include "query/ask.h"

/*
 * Prints to a->out how ask_run would do what the operands say (a query and files, or a verb), as
 * a->explain tells: EXPLAIN_PLAN scans nothing, EXPLAIN_ANALYZE does it, drops the answer and has
 * times and counts. As text, or with FORMAT_JSONL and FORMAT_API as an object. ask_run calls this;
 * a prompt may, with a copy of its own struct ask that has .explain, .out and .format set.
 *
 * That nothing was found is no error here. Errors: ERR_USAGE, another format; those of ask_run,
 * when what could be told until then was printed; ERR_IO.
 */
MUST_CHECK int ask_explain(const struct ask *a, char **operand, size_t n, struct err *e);

#endif
