/*
 * A query, from its tree to its answer.
 */
#ifndef QUERY_QUERY_H
#define QUERY_QUERY_H

#include "logql/tree.h"
#include "query/limits.h"
#include "query/log.h"
#include "query/range.h"
#include "query/source.h"
#include "query/vec.h"

/* A metric query's value at one time, or at each of several steps. */
/*
 * METRIC_WINDOWS: each window begins where the one before ends, all of them in from <= ts < to;
 * they stand at their last nanosecond. Those of step_ns begin at its multiples; without, there is
 * one. Groups are those of the streams' own labels; ranges in the text do not matter.
 */
struct explain;

enum metric_kind { METRIC_INSTANT, METRIC_RANGE, METRIC_WINDOWS };

/* What is asked besides the text. */
struct query_opts {
	struct source_opts source;
	int64_t from, to; /* a log query: from <= ts < to; a range query: its first and last step */
	int64_t at;	  /* an instant metric query's time */
	int64_t step_ns;  /* 0: a metric query without is instant, unless of METRIC_RANGE */
	int64_t interval_ns; /* a log query's entries are at least so far apart */
	uint64_t limit;	     /* 0 = all */
	bool no_filters;     /* packs' filters are not asked: all blocks are read */
	uint64_t max_bytes;  /* of memory for a metric query's series and values, with has_memory;
				else RANGE_BYTES_MAX */
	struct query_limits limits;
	enum metric_kind kind;
	enum direction dir; /* with has_dir; else raw lines forward, all others backward */
	unsigned jobs;	    /* 1 to WORK_JOBS_MAX */
	/* NULL: not asked. Else nodes are added to it, also by a query that fails later, and with
	 * EXPLAIN_PLAN nothing is scanned: the answer is an empty one, or one of what tables tell.
	 */
	struct explain *explain;

	/* What the user has given; raw_time: but by source.time_field. */
	bool has_from, has_to, has_at, has_step, has_dir, has_limit, has_jobs, has_memory;
	bool has_tenant, has_raw_time, has_now;
};

enum query_kind { QUERY_LOG, QUERY_METRIC, QUERY_SERIES, QUERY_FMT, QUERY_DELETE };

/* Errors: ERR_USAGE, naming an option that has no effect on a query of that kind, and why; a range
 * that ends before it begins. */
MUST_CHECK int query_check_opts(const struct query_opts *o, enum query_kind kind, struct err *e);

/* Where answers go. Log entries one by one, a metric's answer at once. */
struct query_out {
	log_out_fn *entry;
	/* steps->n is 1 for an instant query. */
	int (*metric)(void *data, const struct vec *v, const struct steps *steps,
		      enum metric_kind kind, struct err *e);
	/* More is waited for, which may take long: what was given so far is to be seen. */
	int (*pause)(void *data, struct err *e);
	void *data;
};

/*
 * Runs it. Beyond .limits it is ERR_LIMIT, or ERR_AGAIN for the time it takes. *ret_n: how many
 * entries or series the answer has. Errors: ERR_QUERY, with position, before any data is read: what
 * is not executed. Later: as range_result, metric_binary. ERR_LIMIT, ERR_IO, ERR_AGAIN. Damage
 * goes to source.damage.
 */
MUST_CHECK int query_run(const struct logql_query *q, const struct query_opts *o,
			 const struct query_out *out, uint64_t *ret_n, struct err *e);

/* Whether all that the query asks for is executed, and the options go with it; no data is looked
 * at. Errors: ERR_QUERY; ERR_USAGE. */
MUST_CHECK int query_check(const struct logql_query *q, const struct query_opts *o, struct err *e);

#endif
