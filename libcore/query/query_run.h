/* A query while it runs, for the files that share the work: query.c, query_scan.c, steps.c,
 * metric_eval.c, metric_leaf.c. */
#ifndef QUERY_QUERY_RUN_H
#define QUERY_QUERY_RUN_H

#include "query/query.h"

struct query {
	const struct query_opts *o;
	struct sources *sources;
	struct steps steps;	    /* of a metric query: query_find_steps */
	int64_t from, to;	    /* of all METRIC_WINDOWS together: likewise */
	struct range_memory memory; /* of all its leaves together */
	int64_t deadline_ns;	    /* of time_mono_ns; 0: none */
	struct again *again;	    /* of its runs */
};

/* Sets .steps, and .from and .to of METRIC_WINDOWS; .o and .sources are set. What the options do
 * not say is where the data begins and ends, for which the sources are planned and kept. Errors:
 * ERR_QUERY the range ends before it begins, no multiple of the step lies near it, too many steps;
 * ERR_USAGE windows end before they begin; those of sources_plan. */
MUST_CHECK int query_find_steps(struct query *q, struct err *e);

/* The series of a metric expression at .steps, explained if that is asked for; *ret is to be
 * released. Errors: of query_scan_init and query_scan_run, range_result, metric_binary,
 * metric_label_replace; ERR_LIMIT more series of a variant than .limits allow. */
MUST_CHECK int query_eval(struct query *q, const struct logql_expr *x, struct vec *ret,
			  struct err *e);

/* For query_eval: x is a RANGE_AGG; outer is the VECTOR_AGG whose argument it is, or NULL. */
MUST_CHECK int query_eval_range(struct query *q, const struct logql_expr *x,
				const struct logql_expr *outer, struct vec *ret, struct err *e);

/* For query_eval: x is a VARIANTS, as query_check wants it. */
MUST_CHECK int query_eval_variants(struct query *q, const struct logql_expr *x, struct vec *ret,
				   struct err *e);

#endif
