/* A store, and its log, that LogQL queries are answered from. */
#ifndef SLO_STORED_H
#define SLO_STORED_H

#include "query/source.h"
#include "slo/source.h"

/* What is read; must outlive the source. .now_ns is that of all queries. */
struct slo_stored {
	struct source_opts source;
};

struct slo_source slo_stored_source(struct slo_stored *s);

/* Lines of a log query, oldest first, of [from, to): at most n. text is valid during the call.
 * Errors: ERR_QUERY, and as query_run. */
typedef int slo_line_fn(void *data, int64_t ts_ns, struct bytes line, struct err *e);
MUST_CHECK int slo_stored_lines(struct slo_stored *s, struct bytes query, int64_t from_ns,
				int64_t to_ns, uint64_t n, slo_line_fn *each, void *data,
				struct err *e);

#endif
