/*
 * What a prompt remembers between statements, and how it answers one.
 */
#ifndef PROMPT_SESSION_H
#define PROMPT_SESSION_H

#include "cli/cli.h"
#include "prompt/page.h"
#include "query/ask.h"

/* What is told about an answer, once each, when it has been shown. */
struct told {
	enum told_kind { TOLD_DAMAGE, TOLD_WARNING, TOLD_NOTE } kind;
	struct err err;
};

enum { TOLD_MAX = 32 };

struct session {
	struct ask ask; /* as the command line and \limit, \format, ... have it; copied for each
			   answer */
	struct cli *cli;
	char **files; /* to be asked instead of a store */
	size_t n_files;
	bool terminal; /* a person types and reads, or else a script is read */
	struct page page;
	struct buf since, from, to; /* as \since, \from and \to have them, or empty: of the moment
				       of each query */
	bool timing, quit;
	struct buf last; /* the last query, for \explain */
	struct told *told;
	size_t n_told, cap_told;
};

void session_release(struct session *s);

/* Answers a query. Nothing found is no error, nor an answer that the user stopped. Errors: those of
 * ask_query; of ERR_QUERY the place was shown already, on stderr. */
MUST_CHECK int session_query(struct session *s, struct bytes text, struct err *e);

/* Prints how a query is answered; the last one, when text is empty. Errors: those of ask_explain.
 */
MUST_CHECK int session_explain(struct session *s, enum explain_how how, struct bytes text,
			       struct err *e);

/* Answers one of ask_verbs: labels, values, series; the first operand is its name. */
MUST_CHECK int session_verb(struct session *s, char **operand, size_t n, struct err *e);

/* The session's ask as of now, with its times and without what says nothing about that kind.
 * Errors: ERR_USAGE, of a time. */
MUST_CHECK int session_ask(const struct session *s, enum query_kind kind, struct ask *ret,
			   struct err *e);

/* Its words on what is asked: "store 'x', tenant fake, all time". */
void session_describe(const struct session *s, struct buf *ret);

/* To a person, on stderr; not for scripts. */
void session_say(const struct session *s, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
