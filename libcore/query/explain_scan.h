/*
 * What a selector and its pipeline read and do, as nodes of an explanation: one for what is read,
 * one for a merge, one for each stage, one for what is made of what is left.
 */
#ifndef QUERY_EXPLAIN_SCAN_H
#define QUERY_EXPLAIN_SCAN_H

#include "query/explain.h"
#include "query/query.h"

/* Bytes of lines: where a store's packs have less to be read, filters do not matter. */
enum { EXPLAIN_WORTH_A_FILTER = 1 << 20 };

/* How a scan went, or, with EXPLAIN_PLAN, would go: scan_look. */
struct explain_scan {
	const struct logql_log *log;
	const struct query_opts *o;
	const struct scan *scan; /* after scan_run; also one that failed */
	int64_t plan_ns;	 /* what planning took */
	bool is_stream;		 /* there is more than what is planned at once */
	bool failed;
};

/* Adds the nodes, as children of the one at hand, and hints. The last one, of what is made of the
 * entries that are left, is given back: its title and notes are the caller's. */
struct explain_node *explain_scan(struct explain *x, const struct explain_scan *s);

/* Notes on what there is, what of it is needed, and what not, and why. */
void explain_sources(struct explain_node *n, const struct plan *p, const struct source_opts *o);

/*
 * The nodes of a question about streams, called what: their plan is made and told. Nothing else is
 * read with EXPLAIN_PLAN; else files are left out, since they may be pipes, which can be read but
 * once. Errors: ERR_QUERY a selector; those of sources_plan.
 */
struct series_opts;
MUST_CHECK int explain_series(struct explain *x, struct bytes what, const struct series_opts *o,
			      char *const *selectors, size_t n, struct err *e);

/* The node of a whole query, and what it may take; its end, after n entries or series. */
void explain_query_begin(struct explain *x, const struct logql_query *q,
			 const struct query_opts *o);
void explain_query_end(struct explain *x, uint64_t n, const struct range_memory *m);

/* The node of a metric expression; v: its series, NULL when it failed. */
void explain_expr_begin(struct explain *x, const struct logql_expr *expr);
void explain_expr_end(struct explain *x, const struct vec *v);

/* For the node that explain_scan gives. is_stream: lines come as they are read. */
void explain_log(struct explain_node *n, const struct log_sink *l, bool is_stream);
/* Notes on the steps and windows of a range aggregation, and on how it groups. */
void explain_range(struct explain_node *n, const struct range_sink *r,
		   const struct logql_range *range);

/* Hints what might be asked instead. */
void explain_advise(struct explain *x, const struct explain_scan *s);

#endif
