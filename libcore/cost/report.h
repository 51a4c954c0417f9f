/*
 * What a report says: what each group of each breakdown cost in each period, and in all.
 */
#ifndef COST_REPORT_H
#define COST_REPORT_H

#include <stdio.h>

#include "cost/period.h"
#include "cost/sums.h"

struct cost_report {
	struct cost_sums *sums; /* breakdown 0 is all */
	size_t n_by;		/* so many of its breakdowns are shown; others are for alerts */
	const struct cost_dims *dims;
	struct bytes currency;
	uint64_t n_records;
	bool quiet_by; /* breakdowns by what no record says are left out */
};

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

/* The rows of breakdown `by`, in place of what ret has: by group (those that say nothing last),
 * then period. A period without records has no row. Errors: ERR_LIMIT, a sum does not fit. */
MUST_CHECK int cost_rows_of(const struct cost_report *r, size_t by, enum period p,
			    struct cost_rows *ret, struct err *e);

/* The sum of all records. Errors: ERR_LIMIT. */
MUST_CHECK int cost_report_total(const struct cost_report *r, int64_t *ret, struct err *e);

/* Whether a breakdown, other than that of all, has a place in the report. */
bool cost_report_shows(const struct cost_report *r, size_t by);

/* "cluster" or "resource, cluster"; of one of its groups "ops" or "loki, unattributed". */
void cost_add_by(const struct cost_report *r, size_t by, struct buf *out);
void cost_add_group(const struct cost_report *r, uint32_t group, struct buf *out);

/* The days from the first that has a record up to the one behind the last; 0 and 0 without any. */
void cost_report_days(const struct cost_report *r, int32_t *ret_first, int32_t *ret_end);

/* How many days from one up to another, which is not among them, have a record. */
size_t cost_report_count_days(const struct cost_report *r, int32_t from, int32_t to);

/* "125.50 USD from 2024-01-15 to 2024-01-31, in 17 records (days of UTC)" */
void cost_add_head(const struct cost_report *r, int64_t total, struct buf *out);

/* --- as text ---------------------------------------------------------------------------------- */

/* For people. Errors of all: ERR_LIMIT, a sum does not fit. */
MUST_CHECK int cost_report_text(const struct cost_report *r, struct buf *out, struct err *e);

/*
 * A line for each row of each breakdown, of its periods and in all:
 * {"period":"week","of":"2024-W03","by":"cluster","cluster":"ops","cost":125.50,"currency":"USD"},
 * with "unattributed":true where a value is null, since records do not say it; and the same as CSV.
 * There may be many: what is printed goes from out to `to` now and then, unless that is NULL.
 */
/* Members of such an object, with a comma before each: of one row. */
void cost_row_json(const struct cost_report *r, size_t by, enum period p,
		   const struct cost_row *row, struct buf *out);
MUST_CHECK int cost_report_jsonl(const struct cost_report *r, struct buf *out, FILE *to,
				 struct err *e);
MUST_CHECK int cost_report_csv(const struct cost_report *r, struct buf *out, FILE *to,
			       struct err *e);

#endif
