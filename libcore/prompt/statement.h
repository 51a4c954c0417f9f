/*
 * One statement from lines as they are typed: a query, which may go on for several lines, or a
 * command, which begins with a backslash. No I/O.
 */
#ifndef PROMPT_STATEMENT_H
#define PROMPT_STATEMENT_H

#include "logql/parse.h"

enum statement_state {
	STATEMENT_NONE,	   /* nothing but blanks, comments and ';' so far */
	STATEMENT_BEGUN,   /* more is to come */
	STATEMENT_QUERY,   /* done */
	STATEMENT_COMMAND, /* done */
};

/* {0} is an empty one; .text is that of the statement, without what ends it. */
struct statement {
	struct buf text;
};

void statement_release(struct statement *s);

/* Adds a line, without its newline. A query is done when the parser takes it, when it refuses what
 * no further line can mend, behind a ';', or with an empty line. Start the next with
 * buf_reset(&s->text). */
enum statement_state statement_add(struct statement *s, struct bytes line,
				   const struct logql_opts *o);

/* What it is when no further line comes. */
enum statement_state statement_end(const struct statement *s);

#endif
