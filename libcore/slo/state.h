/* An objective, what was counted of it, and what that says: what answers are printed from. */
#ifndef SLO_STATE_H
#define SLO_STATE_H

#include "slo/alert.h"
#include "slo/objective.h"

enum { SLO_WINDOWS_MAX = 2 * SLO_ALERTS_MAX + 1 };

/* What there was to count in the objective's own window. */
enum slo_data {
	SLO_DATA,	    /* events */
	SLO_DATA_NO_EVENTS, /* of which there were none */
	SLO_DATA_NO_SERIES, /* its query gives nothing at all */
	SLO_DATA_NO_ROWS,   /* no row is of a time in it */
	SLO_DATA_OLD,	    /* the last row is of a time so long ago that others are missing */
};

struct slo_state {
	const struct slo *slo;
	enum slo_data data;
	int64_t interval_ns;   /* of the last row with a time; 0: there is none */
	struct slo_measured m; /* .window is the array below */
	struct slo_window window[SLO_WINDOWS_MAX];
	struct slo_budget budget;
	struct slo_alert_state alert[SLO_ALERTS_MAX]; /* of the alerts asked for, in their order */
	bool has_gap;				      /* a window is .no_series */
	bool is_looked_at;			      /* one of them is known */
	bool is_burning;			      /* one of them holds */
};

/* Before counts come in: nothing is counted yet. */
void slo_state_init(struct slo_state *s, const struct slo *o, int64_t now_ns, int64_t pace_ns);

/* The counts of a window. Errors: ERR_USAGE, they cannot be, or there are some of that window
 * already; ERR_LIMIT, more windows than SLO_WINDOWS_MAX. */
MUST_CHECK int slo_state_add(struct slo_state *s, int64_t window_ns, const struct slo_counts *c,
			     struct err *e);

/* What cannot be of two windows that end now: of the longer one fewer events, or fewer bad ones. */
bool slo_windows_contradict(const struct slo_window *a, const struct slo_window *b);

/* The period up to now as such a window. */
struct slo_window slo_state_own(const struct slo_state *s);

/* The windows that are to be counted: those of the alerts, and the one that foretells. At most
 * SLO_WINDOWS_MAX. */
size_t slo_state_windows(const struct slo_state *s, const struct slo_alerts *a, int64_t *ret_ns);

/* When all is counted: sets the budget and the alerts. Errors: ERR_USAGE, the counts of the period
 * cannot be, or there are none of the window that is to foretell; ERR_LIMIT. */
MUST_CHECK int slo_state_settle(struct slo_state *s, const struct slo_alerts *a, struct err *e);

#endif
