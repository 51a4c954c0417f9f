/* costrep compare: models beside each other, and what each saves against the first. */
#ifndef COST_ASK_COMPARE_H
#define COST_ASK_COMPARE_H

#include "cost/base.h"

struct cost_compare_opts {
	struct cost_base base;
	const char *prices; /* NULL: not given */
	int32_t at;	    /* 0: today */
};

extern const struct cli_taken cost_compare_options[];

/* operand: files of models; none, or "-": stdin. Errors: models_add's; ERR_USAGE, there is none. */
int cost_ask_compare(void *opts, char **operand, size_t n, struct err *e);

#endif
