/* costrep capacity: how many pods, nodes and disks logs will need, month by month. */
#ifndef COST_ASK_CAPACITY_H
#define COST_ASK_CAPACITY_H

#include "cost/capacity.h"
#include "cost/plan_options.h"

struct cost_capacity_opts {
	struct cost_base base;
	struct cost_plan_opts plan;
	struct capacity capacity;
	enum capacity_model model;
	uint64_t days; /* of which the mean is taken; 0: not given */
};

extern const struct cli_taken cost_capacity_options[];

/* operand: files of fields. Errors: capacity_read's, capacity_complete's, capacity_project's;
 * cost_plan_usage's. */
int cost_ask_capacity(void *opts, char **operand, size_t n, struct err *e);

#endif
