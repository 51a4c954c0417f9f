/*
 * Counts from a file: CSV below a row of names, JSON lines, or a JSON array. lokid-slo(5) describes
 * the fields.
 */
#ifndef SLO_ROWS_H
#define SLO_ROWS_H

#include "base/arena.h"
#include "slo/budget.h"

enum { SLO_ROWS_SIZE_MAX = 256 << 20 };

struct slo_row {
	struct bytes name, service; /* empty: not given */
	struct slo_counts counts;
	bool has_target, has_window, has_time;
	struct exact target;
	struct slo_period window; /* the counts of the last of it */
	int64_t time_ns;	  /* or those of an interval that begins then */
	uint64_t line;
};

/* {0} is a valid empty one. Texts lie in mem. */
struct slo_rows {
	struct arena mem;
	struct slo_row *v;
	size_t n, cap;
};

void slo_rows_release(struct slo_rows *r);

/* Adds the rows of a text, one at least. Errors: ERR_CORRUPT, "line 3: field 'bad': ...": what
 * stands there cannot be read, or be, or "has no counts"; ERR_LIMIT, a number has too many digits.
 */
MUST_CHECK int slo_rows_read(struct bytes text, struct slo_rows *r, struct err *e);

#endif
