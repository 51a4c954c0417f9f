/* Alerts: what of a report is strictly above a threshold. */
#ifndef COST_ALERT_H
#define COST_ALERT_H

#include "cost/report.h"
#include "cost/threshold.h"

struct cost_alert {
	const struct cost_threshold *threshold;
	struct cost_row row; /* what is too much */
	int64_t before;	     /* of a growth: of the period before */
};

/* {0} is a valid empty one. */
struct cost_alerts {
	struct cost_alert *v;
	size_t n, cap;
};

void cost_alerts_release(struct cost_alerts *a);

/*
 * Appends those of one threshold, by group, then period. A growth is from one period to the next,
 * where records began with the first one at the latest and ended with the second one at the
 * earliest: what is not over is not compared, nor is a period with one of which there is no record
 * of any group. Months are compared by the day: each is divided by its days. From nothing to
 * something is more than any growth. Errors: ERR_LIMIT.
 */
MUST_CHECK int cost_alerts_add(const struct cost_report *r, const struct cost_threshold *t,
			       struct cost_alerts *ret, struct err *e);

/* "cluster ops: 125.50 USD in 2024-01, above 100.00" */
void cost_alert_text(const struct cost_report *r, const struct cost_alert *a, struct buf *out);
/* {"alert":"threshold","period":"month","of":"2024-01","by":"cluster","cluster":"ops",
 * "cost":125.50,"threshold":100.00,"currency":"USD"}; of a growth "before" and "growth", in
 * percent, in place of "threshold". */
void cost_alert_json(const struct cost_report *r, const struct cost_alert *a, struct buf *out);

#endif
