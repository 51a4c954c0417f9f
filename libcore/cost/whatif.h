/*
 * What would change in a store if entries stayed for another time, were packed otherwise, lay in
 * other classes, or were flushed more often: bytes, objects, requests and their cost. What the
 * store shows is measured; what it cannot show is assumed, and said.
 */
#ifndef COST_WHATIF_H
#define COST_WHATIF_H

#include "cost/measure.h"
#include "cost/prices.h"

struct whatif_ask {
	int32_t today;
	uint32_t retention;	       /* days; 0: as it is */
	int encoding;		       /* enum codec_id; -1: as it is */
	double ratio;		       /* of that encoding; 0: as measured, or assumed */
	int64_t flush_now_ns;	       /* between two flushes */
	int64_t flush_ns;	       /* 0: as it is */
	const struct usage_tier *tier; /* ascending */
	size_t n_tiers;
	const char *class;	     /* from which tiers take */
	const struct prices *prices; /* NULL: nothing is priced */
};

/* Of now, or of then. */
struct whatif_side {
	uint64_t bytes, objects;
	uint64_t puts;		    /* a month, of flushes alone */
	int64_t storage, puts_cost; /* nano a month */
	bool has_puts_cost;
};

struct whatif {
	struct whatif_side now, then;
	struct measured measured;
	uint32_t days;	     /* from the first that the store has entries of to today */
	uint32_t days_used;  /* so many of them, and of later ones, have some */
	uint32_t extra_days; /* that retention adds to them, each as the mean of the last days */
	double ratio;	     /* of lines to chunks of the encoding; 0: it does not change */
	bool is_ratio_assumed;
};

/* Errors: ERR_USAGE, a class has no price; the retention is longer than what the store has, and
 * there is no whole day to go by; ERR_LIMIT, it is too large. */
MUST_CHECK int whatif_reckon(const struct usage *u, const struct whatif_ask *ask,
			     struct whatif *ret, struct err *e);

#endif
