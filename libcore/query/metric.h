/* Operators of metric expressions, on values that are there: sums, topk, binary operations. */
#ifndef QUERY_METRIC_H
#define QUERY_METRIC_H

#include "logql/tree.h"
#include "query/vec.h"

/* x is a VECTOR_AGG. Takes what it needs from in; *ret is to be released, in stays the caller's. */
void metric_aggregate(const struct logql_expr *x, const struct vec *in, struct vec *ret);

/* x is a BINARY. Errors: ERR_QUERY: elements that belong together are not one to one, as the
 * matching asks. */
MUST_CHECK int metric_binary(const struct logql_expr *x, const struct vec *left,
			     const struct vec *right, struct vec *ret, struct err *e);

/* x is a LABEL_REPLACE. Errors: ERR_QUERY its regex is none. */
MUST_CHECK int metric_label_replace(const struct logql_expr *x, const struct vec *in,
				    struct vec *ret, struct err *e);

#endif
