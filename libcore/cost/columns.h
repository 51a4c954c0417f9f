/*
 * Cost records as CSV: which column of a heading is what. Four forms are told by their headings:
 * our own (date, cost_usd, resource, ...), AWS's Cost and Usage Report of the first and the second
 * version, and FOCUS.
 */
#ifndef COST_COLUMNS_H
#define COST_COLUMNS_H

#include "base/arena.h"
#include "cost/record.h"
#include "csv/csv.h"

enum { COST_MAPPED_MAX = 32 };

/* What the user says of columns. Strings are borrowed. */
struct cost_mapping {
	struct {
		struct bytes name; /* of a dimension, or "date", "cost", "currency" */
		const char *column;
	} column[COST_MAPPED_MAX];
	size_t n_columns;
	/* The resource of a row in a bill, whose service or resource id is like the pattern of
	 * fnmatch(3); the first that is. */
	struct {
		struct bytes name;
		const char *pattern;
	} resource[COST_MAPPED_MAX];
	size_t n_resources;
	const char *negative[COST_MAPPED_MAX]; /* types of rows, as patterns, that may be below 0 */
	size_t n_negative;
};

enum cost_form { COST_PLAIN, COST_CUR, COST_CUR2, COST_FOCUS };

/* Where the value of a dimension stands: in a column, or in a JSON object there, under a key. */
struct cost_place {
	size_t column; /* SIZE_MAX: nowhere */
	struct bytes key;
};

enum { COST_METRICS_MAX = 8 };

/* {0} is a valid empty one. */
struct cost_columns {
	enum cost_form form;
	size_t n;	       /* fields of each row */
	struct bytes *name;    /* of each */
	const char *type_name; /* what the form calls .type; NULL: it has none */
	size_t date, cost, currency, service, resource_id, type, correction, id; /* or SIZE_MAX */
	size_t metric[COST_METRICS_MAX], n_metrics;
	struct cost_place dim[COST_DIMS_MAX];
	size_t n_dims;
	const struct cost_mapping *map;
	struct arena mem; /* of names and keys */
};

void cost_columns_release(struct cost_columns *c);

/* dims and map are borrowed as long as *ret is used. Errors: ERR_CORRUPT, no form that is known, or
 * a column that is not there or stands there twice. */
MUST_CHECK int cost_columns_make(const struct csv_row *heading, const struct cost_dims *dims,
				 const struct cost_mapping *map, struct cost_columns *ret,
				 struct err *e);

/*
 * The record of one row. What it needs that does not lie in `text`, the block that the row is of,
 * goes to scratch.
 * Errors: ERR_CORRUPT: the column, what was expected, what was found.
 */
MUST_CHECK int cost_record_csv(const struct csv_row *row, const struct cost_columns *c,
			       struct bytes text, struct arena *scratch, struct cost_record *ret,
			       struct err *e);

#endif
