/* What the rules of claims_check share: cells and rows of tables, ranges, findings. */
#ifndef COST_CLAIMS_ROWS_H
#define COST_CLAIMS_ROWS_H

#include "cost/claims.h"

struct bytes claims_cell(const struct claims_table *t, size_t row, size_t column);

enum claims_row { CLAIMS_PART, CLAIMS_TOTAL, CLAIMS_OTHER };

/* A row with "total" is one; behind it, one about compression is no part of the next. */
enum claims_row claims_row_of(const struct claims_table *t, size_t row);

/* Adds up the parts of a column in rows [from, to): how many there are; 0, they are not all
 * quantities like `total`. */
size_t claims_parts(const struct claims_table *t, size_t column, size_t from, size_t to,
		    const struct quantity *total, num_wide *ret_low, num_wide *ret_high);

bool claims_overlap(const struct quantity *a, num_wide low, num_wide high);

/* "200", "4.5 to 4.7", in a unit as that of `like`. */
void claims_add_range(struct buf *b, const struct quantity *like, num_wide low, num_wide high);

void claims_tell(struct claims_sink *s, uint32_t line, const char *rule, struct buf *text);

/* A cell in quotes, cut when it is long. */
void claims_add_shown(struct buf *b, struct bytes text);

/* What the number says when it was cut, not rounded: up to one more in its last digit. */
bool claims_about(const struct quantity *a, num_wide low, num_wide high);

/* How many of `small` there are in one `large`, at least and at most; false when that is not
 * known. */
bool claims_times_of(enum quantity_per small, enum quantity_per large, num_wide *ret_least,
		     num_wide *ret_most);

/* Columns of one thing, by the time in their headings. */
void claims_check_periods(const struct claims_table *t, size_t row, struct claims_sink *sink);

/* Rows of one thing, in a table of two columns. */
void claims_check_period_rows(const struct claims_table *t, struct claims_sink *sink);

/* What is said of the same thing in several places. Errors: those of claims_check. */
MUST_CHECK int claims_check_statements(const struct claims_doc *d, struct claims_sink *sink,
				       struct err *e);

#endif
