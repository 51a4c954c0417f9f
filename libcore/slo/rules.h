/*
 * Rules for Prometheus: recordings of error ratios by window and of the budget, and alerts on them.
 * The names of what is recorded are sloth's, where it has the thing, so that dashboards made for it
 * work.
 */
#ifndef SLO_RULES_H
#define SLO_RULES_H

#include "slo/alert.h"
#include "slo/objective.h"

struct slo_rules_opts {
	const struct slo_alerts *alerts;
	struct exact low;    /* the share of a budget below which it is told to be low; 0: never */
	int64_t interval_ns; /* of evaluation; 0: Prometheus's own */
};

/* Appends the file, YAML that promtool takes. Errors: ERR_USAGE, an objective without queries,
 * with a label that cannot be one, or with a text that has control characters, other ends of lines
 * than \n, or is not UTF-8; ERR_LIMIT, its numbers have too many digits. */
MUST_CHECK int slo_rules_write(const struct slo_set *set, const struct slo_rules_opts *o,
			       struct buf *out, struct err *e);

#endif
