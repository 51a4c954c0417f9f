/*
 * What cost records add up to, by day: in all, and for each group of some breakdowns ("cluster",
 * "cluster,team"). Sums are exact; memory grows with groups, their names and days alone, up to
 * bounds of both.
 * For one thread.
 */
#ifndef COST_SUMS_H
#define COST_SUMS_H

#include "cost/record.h"

/* Of groups and their days; of bytes of groups and their names. */
enum { COST_BREAKDOWNS_MAX = 32, COST_CELLS_MAX = 3 << 18, COST_GROUPS_MAX = 24 << 20 };

/* By which dimensions groups are made; none: one group, which is all. */
struct cost_by {
	size_t dim[COST_DIMS_MAX];
	size_t n;
};

/* What one group cost on one day. */
struct cost_cell {
	uint32_t group;
	int32_t day;
	int64_t nano;
};

/* A group: its breakdown, and one value for each dimension of that; "" where records say none. */
struct cost_group {
	size_t by;
	struct bytes *value; /* owned by the sums */
	int64_t objects;     /* that its records of objects_day counted; -1: none did */
	int32_t objects_day; /* the last one with such a record */
};

struct cost_sums;

/* Borrowed as long as the sums live. */
struct cost_sums *cost_sums_new(const struct cost_by *by, size_t n_by);
void cost_sums_free(struct cost_sums *s); /* NULL is fine */

/* Errors: ERR_LIMIT: there are too many groups and days, or names of them; *s is then not to be
 * added to. */
MUST_CHECK int cost_sums_add(struct cost_sums *s, const struct cost_record *r, struct err *e);

/* Whether what was added fits, in whatever order it came; to be asked before cells are. Errors:
 * ERR_LIMIT: the sum of a group on a day does not. */
MUST_CHECK int cost_sums_check(const struct cost_sums *s, struct err *e);

/* All of them, by breakdown, then group by their values (those that say nothing last), then day;
 * valid until the next addition. */
const struct cost_cell *cost_sums_cells(struct cost_sums *s, size_t *ret_n);
const struct cost_by *cost_sums_by(const struct cost_sums *s, size_t by);
size_t cost_sums_n_groups(const struct cost_sums *s);
const struct cost_group *cost_sums_group(const struct cost_sums *s, uint32_t group);

#endif
