/*
 * An error budget: what may fail, what is left of that, how fast it goes, and when it will be gone.
 * All of it is exact.
 */
#ifndef SLO_BUDGET_H
#define SLO_BUDGET_H

#include "slo/counts.h"
#include "slo/period.h"
#include "slo/ratio.h"

/* "99.9%" or "0.999", from 0 to 100 %. Errors: ERR_USAGE, what is expected and found; ERR_LIMIT,
 * too many digits. */
MUST_CHECK int slo_share_read(struct bytes text, struct exact *ret, struct err *e);
/* The same, strictly between 0 and 100 %. Errors: ERR_USAGE, what is expected and found.
 */
MUST_CHECK int slo_target_read(struct bytes text, struct exact *ret, struct err *e);
/* The same as a percentage, whose sign may be missing: "99.9". */
MUST_CHECK int slo_percentage_read(struct bytes text, struct exact *ret, struct err *e);

/* The counts of a window that ends now. */
struct slo_window {
	int64_t ns;
	struct slo_counts counts;
	bool no_series; /* its total query gives nothing at all: these are no counts */
};

/* What is asked of counts. Times are those of the period that is looked at. */
struct slo_measured {
	struct exact target;
	struct slo_period period;
	int64_t now_ns;
	struct slo_counts counts; /* of the period up to now */
	const struct slo_window *window;
	size_t n_windows;
	int64_t pace_ns; /* of the window whose burn rate foretells; 0: an hour, or what is next
			    below */
};

/* NULL: it is not there. */
const struct slo_window *slo_window_find(const struct slo_measured *m, int64_t ns);

enum slo_outlook {
	SLO_NO_TRAFFIC,	 /* there was nothing that could have failed */
	SLO_NOT_BURNING, /* nothing fails */
	SLO_SUSTAINABLE, /* so little fails that the budget is never gone */
	SLO_RUNS_OUT,	 /* in .left_ns */
	SLO_EXHAUSTED,	 /* it is gone */
};

struct slo_budget {
	struct ratio sli;	/* the share that is good; of no traffic 1, as the two below */
	struct ratio remaining; /* of the budget, as a share: 1 all, 0 none, below 0 overdrawn */
	struct ratio burn;	/* of the period: 1 spends all of the budget, no more */
	struct ratio allowed;	/* events: the budget */
	struct ratio remaining_events; /* of these */
	struct ratio pace;	       /* the burn rate that the outlook goes by */
	int64_t pace_ns;	       /* of this window; 0: of the period */
	enum slo_outlook outlook;
	int64_t left_ns; /* SLO_RUNS_OUT; INT64_MAX: longer than can be said */
};

/*
 * The outlook of a rolling window is remaining * length / pace, the earliest there can be: nothing
 * of what is spent leaves the window before. When that is the window's whole length or more, it is
 * sustainable, since all that is spent now has left it by then. Of a calendar's period the budget
 * grows with the traffic as time goes on: elapsed * remaining / (pace - 1), up to the period's end.
 *
 * Errors: ERR_LIMIT, numbers of too many digits.
 */
MUST_CHECK int slo_budget_of(const struct slo_measured *m, struct slo_budget *ret, struct err *e);

/* (bad / total) / (1 - target): how many times as fast as it may the budget goes. Of no traffic 0.
 */
struct ratio slo_burn_rate(const struct slo_counts *c, struct exact target);

/* "no_traffic", "not_burning", "sustainable", "12d3h", "exhausted". */
void slo_outlook_add(struct buf *b, const struct slo_budget *budget);

#endif
