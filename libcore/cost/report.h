/* What a report says, from sums to rows: what each group cost in each period. */
#ifndef COST_REPORT_H
#define COST_REPORT_H

#include "cost/period.h"
#include "cost/sums.h"

struct cost_row {
	uint32_t group; /* cost_sums_group */
	int32_t start;	/* of the period */
	int64_t nano;
};

/* {0} is a valid empty one. */
struct cost_rows {
	struct cost_row *v;
	size_t n, cap;
};

void cost_rows_release(struct cost_rows *r);

/* Appends the rows of breakdown `by`: by group (those that say nothing last), then period. A period
 * without records has no row. Errors: ERR_LIMIT, a sum does not fit. */
MUST_CHECK int cost_rows_add(struct cost_sums *s, size_t by, enum period p, struct cost_rows *ret,
			     struct err *e);

/* Each row of each breakdown and each period, of total too, as an object a line:
 * {"period":"week","of":"2024-W03","cluster":"ops","cost":125.50,"currency":"USD"}; a value that
 * records do not say is null. */
MUST_CHECK int cost_report_jsonl(struct cost_sums *s, const struct cost_dims *dims,
				 struct bytes currency, struct buf *out, struct err *e);

#endif
