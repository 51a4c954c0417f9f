/* costrep forecast: what will be paid in the months to come. */
#ifndef COST_ASK_FORECAST_H
#define COST_ASK_FORECAST_H

#include "cost/base.h"
#include "cost/growth.h"

struct cost_forecast_opts {
	struct cost_base base;
	const char *cost, *budget; /* NULL: not given */
	bool has_growth;
	struct exact growth;
	uint64_t months; /* 0: not given */
	int32_t at;	 /* 0: today */
};

extern const struct cli_taken cost_forecast_options[];

/* operand: files of cost records; none, or "-": stdin, unless an amount was given. Errors: ERR_NO,
 * a month is above the budget, which was printed; ERR_CORRUPT, there is no growth to be seen; those
 * of cost_gather. CLI_OUTPUT_NONE: there is no whole month, which was told. */
int cost_ask_forecast(void *opts, char **operand, size_t n, struct err *e);

#endif
