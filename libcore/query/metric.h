/* Operators of metric expressions, on values that are there: sums, topk, binary operations. */
#ifndef QUERY_METRIC_H
#define QUERY_METRIC_H

#include "logql/tree.h"
#include "query/vec.h"

/* x is a VECTOR_AGG. Series of `in` may be moved to *ret; both are to be released. */
void metric_aggregate(const struct logql_expr *x, struct vec *in, struct vec *ret);

/* x is a BINARY. Errors: ERR_QUERY: elements that belong together are not one to one, as the
 * matching asks. */
MUST_CHECK int metric_binary(const struct logql_expr *x, const struct vec *left,
			     const struct vec *right, struct vec *ret, struct err *e);

/* x is a LABEL_REPLACE. Errors: ERR_QUERY its regex is none. */
MUST_CHECK int metric_label_replace(const struct logql_expr *x, const struct vec *in,
				    struct vec *ret, struct err *e);

/* What a variant is made of: the function over time that it is, or aggregates; NULL when it is
 * neither, which Loki does not execute. */
const struct logql_expr *metric_variant_leaf(const struct logql_expr *x);

/* Adds the series of the variant x, whose number is given, to ret; in is what its function over
 * time gives, and is released. */
enum variant_keep { VARIANT_KEEP_ALL, VARIANT_KEEP_MARKED };
void metric_add_variant(const struct logql_expr *x, size_t number, enum variant_keep keep,
			struct vec *in, struct vec *ret);

#endif
