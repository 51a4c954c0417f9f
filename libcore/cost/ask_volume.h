/* costrep volume: how many bytes the lines of services make, a day and a month. */
#ifndef COST_ASK_VOLUME_H
#define COST_ASK_VOLUME_H

#include "cost/plan_options.h"

struct cost_volume_opts {
	struct cost_base base;
	struct cost_plan_opts plan; /* a store to measure compression in */
	uint64_t bytes_per_line;    /* of services that do not say; 0: not given */
	uint64_t days;		    /* of a month; 0: not given */
	double compression;	    /* 0: not given */
};

extern const struct cli_taken cost_volume_options[];

/* operand: CSV files of services; none, or "-": stdin. Errors: ERR_CORRUPT, "FILE:LINE: ...", what
 * is no row of a service; ERR_LIMIT; ERR_USAGE; cost_plan_usage's. */
int cost_ask_volume(void *opts, char **operand, size_t n, struct err *e);

#endif
