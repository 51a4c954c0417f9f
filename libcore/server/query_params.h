/*
 * What a request to a query endpoint asks logql for: its parameters, with Loki's names, defaults
 * and refusals, as a command line. A table has a row for each endpoint; a new parameter is a
 * function and a word in the rows that have it. For one thread.
 */
#ifndef SERVER_QUERY_PARAMS_H
#define SERVER_QUERY_PARAMS_H

#include "base/arena.h"
#include "http/form.h"
#include "limits/limits.h"
#include "server/query_queue.h"

enum query_endpoint {
	ENDPOINT_QUERY,
	ENDPOINT_QUERY_RANGE,
	ENDPOINT_OLD_QUERY, /* of lines, with a regexp */
	ENDPOINT_LABELS,
	ENDPOINT_LABEL_VALUES,
	ENDPOINT_SERIES,
	ENDPOINT_STATS,
	ENDPOINT_VOLUME,
	ENDPOINT_VOLUME_RANGE,
	ENDPOINT_PATTERNS,
	ENDPOINT_DETECTED_LABELS,
	ENDPOINT_DETECTED_FIELDS,
	ENDPOINT_DETECTED_VALUES,
	ENDPOINT_FORMAT_QUERY,
	ENDPOINT_TAIL,
	ENDPOINTS,
};

struct query_request {
	const struct form *form;
	struct bytes tenant;	     /* "a|b" of several; of format_query none is needed */
	struct bytes name;	     /* of a label or field, from the path */
	struct bytes encoding_flags; /* X-Loki-Response-Encoding-Flags, or empty */
	struct bytes tags;	     /* X-Query-Tags, or empty */
	struct bytes matchers;	     /* "{team=\"a\"}", or empty: added to each selector */
	const struct limits *limits;
	const char *wal, *store; /* folder; folder or URL */
	const char *cache;	 /* of cache_bytes; or NULL */
	uint64_t cache_bytes;
	unsigned jobs; /* logql's threads */
	int64_t now_ns;
	int64_t tail_max_duration_ns; /* of ENDPOINT_TAIL; 0: for ever */
};

struct query_command {
	enum query_class class;
	const char **argv; /* of logql, NULL-ended */
	size_t gate_at;	   /* see struct query */
	struct bytes query;
	bool has_range;
	int64_t from_ns, to_ns;
};

/* Strings are of the arena. Errors: ERR_USAGE, ERR_LIMIT: all are 400, most in Loki's words. */
MUST_CHECK int query_params(const struct query_request *r, enum query_endpoint which,
			    struct arena *a, struct query_command *ret, struct err *e);

#endif
