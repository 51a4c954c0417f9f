/* costrep whatif: what a store would cost if it were kept otherwise. */
#ifndef COST_ASK_WHATIF_H
#define COST_ASK_WHATIF_H

#include "base/exact.h"
#include "cost/plan_options.h"

struct cost_whatif_opts {
	struct cost_base base;
	struct cost_plan_opts plan;
	int64_t retention_ns, flush_ns, flush_now_ns; /* 0: not given */
	const char *encoding;			      /* NULL: not given */
	double ratio;				      /* 0: not given */
};

extern const struct cli_taken cost_whatif_options[];

/* No operands. Errors: ERR_USAGE, nothing is to change; those of cost_plan_usage, cost_plan_prices,
 * whatif_reckon. */
int cost_ask_whatif(void *opts, char **operand, size_t n, struct err *e);

#endif
