/* What a query may ask for, as a tenant's limits have it: each 0 when there is none. The messages
 * begin as Loki's do. */
#ifndef QUERY_LIMITS_H
#define QUERY_LIMITS_H

#include "logql/tree.h"

/* Of which kind a query is, for who refuses some. A filter is of lines or labels. */
enum limits_kind { LIMITS_METRIC = 1, LIMITS_FILTER = 2, LIMITS_LIMITED = 4 };

/* Loki's words: of such a one, and of one that takes too long. */
#define LIMITS_BLOCKED "query blocked by policy"
#define LIMITS_TIMED_OUT                                                                      \
	"request timed out, decrease the duration of the request or add more label matchers " \
	"(prefer exact match over regex match) to reduce the amount of data processed"

struct query_limits {
	uint64_t entries;  /* of a log query's answer */
	uint64_t matchers; /* of each selector */
	uint64_t matchers_min;
	struct bytes labels; /* "a,b": each selector names them */
	unsigned kinds;	     /* that are refused, of enum limits_kind */
	uint64_t series;     /* of a metric query's answer */
	uint64_t bytes;	     /* of lines in what a selector finds in its time */
	int64_t length_ns;   /* from the first to the last moment asked for */
	int64_t interval_ns; /* of each [range] */
	int64_t lookback_ns; /* before now: what is older is not seen */
	int64_t timeout_ns;
};

/* All of these functions: ERR_LIMIT. Of which kind it is; the ranges in the query; the matchers of
 * a selector; how many entries it asks for (0 all); how long it reaches (INT64_MAX: without an
 * end). */
MUST_CHECK int limits_check_kind(const struct query_limits *l, const struct logql_query *q,
				 struct err *e);
MUST_CHECK int limits_check_intervals(const struct query_limits *l, const struct logql_expr *x,
				      struct err *e);
MUST_CHECK int limits_check_matchers(const struct query_limits *l, const struct logql_log *log,
				     struct err *e);
MUST_CHECK int limits_check_entries(const struct query_limits *l, uint64_t n, struct err *e);
MUST_CHECK int limits_check_length(const struct query_limits *l, int64_t length_ns, struct err *e);
MUST_CHECK int limits_check_bytes(const struct query_limits *l, uint64_t bytes, struct err *e);
MUST_CHECK int limits_check_series(const struct query_limits *l, uint64_t n, struct err *e);
MUST_CHECK int limits_check_volumes(const struct query_limits *l, uint64_t n, struct err *e);

/* When the query that begins now is too late, of time_mono_ns; 0: never. */
int64_t limits_deadline(const struct query_limits *l);

/* from, or the first moment that is to be seen, if that is later. */
int64_t limits_from(const struct query_limits *l, int64_t from, int64_t now_ns);

#endif
