/* The report as metrics, for the textfile collector of node_exporter. */
#ifndef COST_REPORT_PROM_H
#define COST_REPORT_PROM_H

#include "cost/report.h"

/*
 * Of the groups of breakdown `by`, with a label for each of its dimensions: daily_cost_usd, what
 * the newest day of the records cost, monthly_cost_usd, what its month did so far, and
 * s3_object_count, where records count them. Their sum is that of all. Of another currency than USD
 * daily_cost and monthly_cost, with a label currency. Errors: ERR_USAGE, more dimensions than
 * metrics have labels, or two that are one label; ERR_LIMIT.
 */
MUST_CHECK int cost_report_prom(const struct cost_report *r, size_t by, struct buf *out,
				struct err *e);

#endif
