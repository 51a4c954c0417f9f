/*
 * Groups and values of a range aggregation straight from columns of lines that are taken apart: an
 * entry's group is found by the numbers of its words, its value from a number that never was a
 * text, so entries need no labels.
 */
#ifndef QUERY_RANGE_COLUMNS_H
#define QUERY_RANGE_COLUMNS_H

#include "query/range_groups.h"

/* What lines of a shape have. */
struct range_shape;

/* Of a block; it lies in the block's arena. */
struct range_columns {
	const struct shape_reading *reading;
	struct range_shape *shape; /* by shape; NULL: labels have to be made */
	struct elabels *el;	   /* by entry; scratch */
};

/* Looks whether b->columns say it all: the groups of g and, if unwrap is not NULL, the values. If
 * not, ret->shape is NULL, and labels are made. */
MUST_CHECK int range_columns_read(struct block *b, const struct range_groups *g,
				  const struct unwrap *unwrap, struct range_columns *ret,
				  struct err *e);

/* As range_groups_find. */
MUST_CHECK int64_t range_columns_find(struct range_columns *c, struct range_groups *g,
				      struct block *b, uint32_t i, struct err *e);

/* The value of entry i; false: it has none. */
bool range_columns_value(const struct range_columns *c, uint32_t i, double *ret);

#endif
