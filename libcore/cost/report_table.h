/* The tables of a report: periods downward, the largest groups of one breakdown across; and groups
 * downward with their shares. */
#ifndef COST_REPORT_TABLE_H
#define COST_REPORT_TABLE_H

#include "cost/report.h"
#include "report/table.h"

enum { COST_COLUMNS_MAX = 6 }; /* groups with a column of their own; the others share one */

/* Costs of one breakdown, or of all, by period: n_x periods, each that has records, and a column
 * for each of the largest groups, for those that say nothing, and for all others together. Sums of
 * columns are exactly those of the periods. {0} is a valid empty one. */
struct cost_pivot {
	int32_t *start; /* of period x */
	size_t n_x;
	struct buf *name; /* of column y: groups by cost, then others, then unattributed */
	size_t n_y;
	int64_t *nano; /* [x * n_y + y] */
	int64_t *sum;  /* of period x */
};

/* by: a breakdown; 0: no columns. Errors: ERR_LIMIT. */
MUST_CHECK int cost_pivot_make(const struct cost_report *r, size_t by, enum period p,
			       struct cost_pivot *ret, struct err *e);
void cost_pivot_release(struct cost_pivot *p);

/* The breakdown whose groups are columns: the first that is shown; or 0. */
size_t cost_report_columns(const struct cost_report *r);

/* Fill an empty table. Errors: ERR_LIMIT. */
MUST_CHECK int cost_table_periods(const struct cost_report *r, size_t by, enum period p,
				  struct table *t, struct err *e);
MUST_CHECK int cost_table_groups(const struct cost_report *r, size_t by, struct table *t,
				 struct err *e);

#endif
