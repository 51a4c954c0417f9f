/*
 * Verbs: first operands that say what is done, one row each. A program with verbs lists them in
 * --help (cli.verbs), from where completions take them.
 */
#ifndef CLI_VERBS_H
#define CLI_VERBS_H

#include <stddef.h>

#include "base/err.h"

struct cli_taken;

typedef int cli_verb_fn(void *data, char **operand, size_t n, struct err *e);

/* A row of zeros ends the table. */
struct cli_verb {
	const char *name;
	const char *operands; /* for the synopsis */
	const char *help;     /* one line, lower case, no full stop */
	cli_verb_fn *run;     /* with the operands behind the verb */
};

/* What a verb has for itself; one for each row of the verbs. */
struct cli_verb_options {
	const struct cli_taken *taken; /* or NULL: no options */
	size_t at;		       /* in cli.data: what the rows of .taken count from */
	const char *examples;	       /* lines for the end of its own --help, or NULL */
};

/*
 * *ret: the row that word names, or NULL when it looks like no verb at all (a verb is letters, '-'
 * and '_' alone, after a backslash perhaps). else_what: what such a word may be instead, for the
 * message: "a query"; NULL: nothing.
 * Errors: ERR_USAGE, a word that is no verb, with the verb most like it, or all of them.
 */
MUST_CHECK int cli_verb_find(const struct cli_verb *verbs, const char *word, const char *else_what,
			     const struct cli_verb **ret, struct err *e);

/* The one of n names that is like word in all but a third of its letters, the first of the best; or
 * NULL. */
const char *cli_most_like(const char *const *names, size_t n, const char *word);

#endif
