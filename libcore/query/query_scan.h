/*
 * A selector and its pipeline, made ready, and the scan of what they find: of a log query, of each
 * function over time, or of all variants together.
 */
#ifndef QUERY_QUERY_SCAN_H
#define QUERY_QUERY_SCAN_H

#include "logql/tree.h"
#include "query/needles.h"
#include "query/scan.h"

struct explain_node;
struct query;
struct query_opts;

struct query_scan {
	struct matcher *match;
	size_t n_match;
	const struct logql_log *log;
	struct plan plan;
	struct pipeline pipeline;
	struct needles needles; /* of the pipeline */
	struct scan scan;
	int64_t plan_ns;	     /* what planning took, and waiting for what comes */
	struct explain_node *answer; /* of an explanation: what is done with what is left */
};

/* Compiles matchers and stages. log, which is borrowed, and what o has of the source outlive it; o
 * is NULL when it is not to be run. *s points into itself: it stays where it is. On failure nothing
 * is to be released. Errors: ERR_QUERY, with position, a matcher or a stage that is not executed.
 */
MUST_CHECK int query_scan_init(struct query_scan *s, const struct query_opts *o,
			       const struct logql_log *log, const struct logql_unwrap *unwrap,
			       const struct grouping *group, struct err *e);
void query_scan_release(struct query_scan *s);

/* Called behind each round, over what there was by then; more: a further one comes. 0 go on, 1 that
 * is enough, -1. */
typedef int query_flush_fn(void *data, const struct plan *p, bool more, struct err *e);

/*
 * Scans what is there, then what comes. The plan's from and to are set, and the scan's sink, which
 * is not asked any more when it has enough. With EXPLAIN_PLAN nothing is scanned. With an
 * explanation .answer is set, on failure too once the sources are planned. flush may be NULL.
 *
 * Errors: of sources_plan, sources_next, scan_run and flush; ERR_LIMIT more bytes than the limits
 * allow.
 */
MUST_CHECK int query_scan_run(struct query_scan *s, struct query *q, enum direction dir,
			      query_flush_fn *flush, void *data, struct err *e);

#endif
