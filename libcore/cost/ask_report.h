/* costrep report: what cost records add up to. */
#ifndef COST_ASK_REPORT_H
#define COST_ASK_REPORT_H

#include "cli/verbs.h"
#include "cost/base.h"
#include "cost/sums.h"

struct cost_report_opts {
	struct cost_base base;
	struct cost_dims dims;			/* 0 of them: the usual ones */
	struct cost_by by[COST_BREAKDOWNS_MAX]; /* of these, those that --by names */
	size_t n_by;
	uint64_t jobs; /* 0: as many as there are processors */
};

extern const struct cli_taken cost_report_options[];

/* operand: files of records; none, or "-": stdin. Errors: ERR_CORRUPT, records are wrong, each of
 * which was reported; ERR_NO, there is none; ERR_USAGE, an input twice; those of cost_read. */
int cost_ask_report(void *opts, char **operand, size_t n, struct err *e);

#endif
