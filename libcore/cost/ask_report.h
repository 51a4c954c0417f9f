/* costrep report: what cost records add up to. */
#ifndef COST_ASK_REPORT_H
#define COST_ASK_REPORT_H

#include "cli/verbs.h"
#include "cost/base.h"

struct cost_report_opts {
	struct cost_base base;
};

extern const struct cli_taken cost_report_options[];

/* operand: files of records; none, or "-": stdin. Errors: ERR_CORRUPT, a record is wrong, which was
 * told; those of cost_read, cost_sums_add. */
int cost_ask_report(void *opts, char **operand, size_t n, struct err *e);

#endif
