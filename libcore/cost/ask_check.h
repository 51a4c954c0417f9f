/* costrep check: do the totals of documents follow from their parts? */
#ifndef COST_ASK_CHECK_H
#define COST_ASK_CHECK_H

#include "cost/base.h"

struct cost_check_opts {
	struct cost_base base;
	int input; /* 1 + enum claims_form; 0: by the file's name */
};

extern const struct cli_taken cost_check_options[];

/* operand: documents; none, or "-": stdin. Errors: ERR_NO, something does not follow, which was
 * printed; claims_read's. */
int cost_ask_check(void *opts, char **operand, size_t n, struct err *e);

#endif
