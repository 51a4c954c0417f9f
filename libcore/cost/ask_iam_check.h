/* costrep iam-check: do policies grant what lokid needs on its bucket? */
#ifndef COST_ASK_IAM_CHECK_H
#define COST_ASK_IAM_CHECK_H

#include "cost/base.h"

struct cost_iam_opts {
	struct cost_base base;
	struct bytes bucket, partition; /* empty: any that the policies name */
	struct bytes prefix;		/* "" or "prod/" */
	unsigned purposes;		/* a bit for each; 0: reading, writing, retention */
};

extern const struct cli_taken cost_iam_options[];

/* operand: files with policies, which count together; none, or "-": stdin. Errors: ERR_NO, what
 * lokid needs is not granted, which was printed; ERR_USAGE, no bucket is named; those of iam_add.
 */
int cost_ask_iam_check(void *opts, char **operand, size_t n, struct err *e);

#endif
