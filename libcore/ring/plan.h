/* What would move if instances came or went, before it is done. */
#ifndef RING_PLAN_H
#define RING_PLAN_H

#include "ring/report.h"

struct ring_plan_ask {
	size_t add;	       /* so many come, */
	struct bytes add_zone; /* to this zone; empty: each to the zone that has fewest */
	struct bytes remove; /* names, with commas between, or a number: of those from the zone that
				has most, the last by name; empty: none */
	struct bytes zone;   /* all of this zone go; empty: none */
	int64_t now_ns;
};

/*
 * Tells what is where before and after, and how much moves. Errors: ERR_NO, there is no such
 * instance or zone; or, after it was told, what is left has too few zones, or too few instances for
 * a quorum.
 */
MUST_CHECK int ring_report_plan(const struct ring_report *before, const struct ring_plan_ask *a,
				struct err *e);

#endif
