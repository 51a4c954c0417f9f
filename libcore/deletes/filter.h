/* Which entries a request to delete means. */
#ifndef DELETES_FILTER_H
#define DELETES_FILTER_H

#include "deletes/requests.h"
#include "labels/matcher.h"
#include "lines/line_filter.h"

/* Owns all that it points to. Once made it is for any thread. */
struct delete_filter {
	char id[DELETES_ID_LEN + 1];
	int64_t start_ns, end_ns; /* both included */
	size_t n_match, n_lines;
	struct matcher *match;
	struct line_filter *line; /* all must keep it; none: every line is meant */
	struct logql_query tree;
	struct arena mem;
};

/* To be released, on failure too. Errors: ERR_QUERY no selector with line filters alone; one that
 * fits streams without any label of it. */
MUST_CHECK int delete_filter_init(struct delete_filter *f, const struct delete_request *r,
				  struct err *e);
void delete_filter_release(struct delete_filter *f);

/* Whether it means entries of a stream with these labels of its own; of a time within min_ts and
 * max_ts, both included. */
bool delete_filter_wants(const struct delete_filter *f, const struct labels *stream);

static inline bool delete_filter_touches(const struct delete_filter *f, int64_t min_ts,
					 int64_t max_ts)
{
	return f->start_ns <= max_ts && min_ts <= f->end_ns;
}

/* Whether it means this entry of a stream that it wants. */
bool delete_filter_means(const struct delete_filter *f, int64_t ts_ns, struct bytes line);

#endif
