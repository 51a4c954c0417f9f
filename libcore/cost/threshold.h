/* What costs too much: a threshold, in all or of some groups, for a time; or a growth. */
#ifndef COST_THRESHOLD_H
#define COST_THRESHOLD_H

#include "cost/period.h"
#include "cost/record.h"

enum cost_limit { COST_AMOUNT, COST_GROWTH };

struct cost_threshold {
	enum cost_limit limit;
	size_t dim;	    /* whose groups are looked at, or COST_DIMS_MAX: all together */
	struct buf pattern; /* of fnmatch(3), for the names of groups; owned; ends with a NUL */
	enum period period; /* PERIOD_ALL: the whole time */
	int64_t nano;	    /* of an amount; of a growth, billionths of a percent */
	const char *text;   /* as given, borrowed */
	size_t by;	    /* the breakdown of sums that has it; set by who makes them */
};

void cost_threshold_release(struct cost_threshold *t);

/* Whether a group of this name is looked at; value: "" is what belongs to none. */
bool cost_threshold_takes(const struct cost_threshold *t, struct bytes value);

/*
 * "[NAME=PATTERN:]AMOUNT[/PERIOD]" or "[NAME=PATTERN:]RATE%[/PERIOD]", such as
 * "cluster=prod:100/day" and "20%"; a period is day, week, month or total. Without one an amount is
 * for the whole time, a growth from month to month. *ret_name is NAME, empty when there is none,
 * and lies in text. Errors: ERR_USAGE.
 */
MUST_CHECK int cost_threshold_parse(enum cost_limit limit, const char *text, struct bytes *ret_name,
				    struct cost_threshold *ret, struct err *e);

#endif
