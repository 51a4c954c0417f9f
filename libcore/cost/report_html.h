/* The report as a page with charts, and as a chart alone. */
#ifndef COST_REPORT_HTML_H
#define COST_REPORT_HTML_H

#include "cost/alert.h"

/*
 * Bars by day, or by week or month when there are too many days; the page has those by month too,
 * and all tables. marks: thresholds of all costs, shown where they are of the chart's period.
 * Errors of both: ERR_LIMIT, a sum does not fit.
 */
MUST_CHECK int cost_report_html(const struct cost_report *r, const struct cost_alerts *alerts,
				const struct cost_threshold *marks, size_t n_marks, struct buf *out,
				struct err *e);
MUST_CHECK int cost_report_svg(const struct cost_report *r, const struct cost_threshold *marks,
			       size_t n_marks, struct buf *out, struct err *e);

#endif
