/* What slo-budget does for each of its verbs, from options and operands as they were given. */
#ifndef SLO_ASK_H
#define SLO_ASK_H

#include "slo/options.h"

struct slo_ask {
	struct slo_opts opts;
	/* Told besides the answer; a fault is of one objective or file of several, and the others
	 * are still done. */
	void (*warn)(void *data, const struct err *e);
	void (*fault)(void *data, const struct err *e);
	void *data;
};

extern const struct cli_verb slo_verbs[];

/*
 * Does what operand[0] says, one of slo_verbs, or else prints budgets; the answer goes to stdout.
 * Errors: ERR_NO, the answer is no (a budget is gone, an alert holds); ERR_USAGE; those of what is
 * read.
 */
MUST_CHECK int slo_ask_run(struct slo_ask *a, char **operand, size_t n, struct err *e);

/* Verbs of other files; operands are files of objectives. */
int slo_ask_gate(void *ask, char **operand, size_t n, struct err *e);
int slo_ask_simulate(void *ask, char **operand, size_t n, struct err *e);
int slo_ask_burndown(void *ask, char **operand, size_t n, struct err *e);
int slo_ask_report(void *ask, char **operand, size_t n, struct err *e);

#endif
