/* costrep usage: what lies in a store, and what that costs a day, as cost records. */
#ifndef COST_ASK_USAGE_H
#define COST_ASK_USAGE_H

#include "cost/plan_options.h"
#include "cost/requests.h"

enum { COST_ADDED_MAX = 64 };

/* "requests.put=500000": so much of what the store does not know, a day. */
struct cost_added {
	const char *name; /* "requests.put"; in the arena */
	struct exact quantity;
};

struct cost_usage_opts {
	struct cost_base base;
	struct cost_plan_opts plan;
	const char *label, *cluster, *resource; /* NULL: not given */
	int32_t from;				/* the first day; 0: only --at */
	bool by_day;
	struct cost_added added[COST_ADDED_MAX];
	size_t n_added;
	const char *requests; /* a log with lines of --store-stats; NULL: not given */
	struct arena mem;
};

extern const struct cli_taken cost_usage_options[];

/* No operands. Errors: cost_plan_usage, cost_plan_prices; ERR_USAGE, a price is missing, or is of
 * another currency than cost records have; ERR_LIMIT. */
int cost_ask_usage(void *opts, char **operand, size_t n, struct err *e);

#endif
