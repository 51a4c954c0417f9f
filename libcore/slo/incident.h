/* An incident: when it was, what it took of the budgets, whom it met, and what happened when. */
#ifndef SLO_INCIDENT_H
#define SLO_INCIDENT_H

#include "slo/state.h"

/* What it did to one objective. */
struct slo_loss {
	const struct slo_state *state; /* of the period that ends with it */
	bool known;		       /* there are counts of its time: */
	struct slo_counts counts;
	struct ratio burn;  /* the burn rate meanwhile */
	struct ratio spent; /* the share of the period's budget that went */
};

/* What it did to one tenant, or to whoever a query tells apart. */
struct slo_hit {
	struct bytes name;
	struct exact bad;
	struct slo_counts counts; /* with has_total */
	bool has_total;
};

enum slo_moment_kind { SLO_ALERT_FIRED, SLO_ALERT_RESET, SLO_LINE };

struct slo_moment {
	int64_t ts_ns;
	struct bytes text;
	enum slo_moment_kind kind;
};

struct slo_incident {
	const char *title, *author; /* NULL: not known */
	struct slo_span span;
	struct slo_loss *loss;
	size_t n_losses;
	struct slo_hit *hit;
	size_t n_hits;
	struct slo_moment *moment; /* by time */
	size_t n_moments;
};

/* Appends a post-mortem as Markdown: what is known is filled in, the rest is left to be written, in
 * brackets. */
void slo_incident_write(struct buf *out, const struct slo_incident *in);

/* Sets burn and spent of a loss whose counts are known. Errors: ERR_LIMIT. */
MUST_CHECK int slo_loss_settle(struct slo_loss *l, struct err *e);

#endif
