/* How much of what is expected of sources is there: expected.h, counted. */
#ifndef QUERY_COMPLETENESS_H
#define QUERY_COMPLETENESS_H

#include <stdio.h>

#include "query/expected.h"
#include "query/format.h"
#include "query/query.h"

struct completeness_opts {
	const char *path; /* of the file that says what is expected; "-" is stdin */
	struct share threshold;
	struct bytes label; /* which sources that are no selectors are values of */
	enum format format; /* FORMAT_DEFAULT or FORMAT_JSONL */
	unsigned flags;	    /* of enum logql_flags, for selectors */
	FILE *out;
};

/*
 * Counts the entries of each source in o's time, prints those of which less than the threshold is
 * there, and last how much there is of all. Errors: ERR_NO, some source is short; expected_read's;
 * ERR_CORRUPT, nothing is expected of anybody; ERR_QUERY a selector, with the source; those of
 * query_run.
 */
MUST_CHECK int completeness_ask(const struct query_opts *o, const struct completeness_opts *c,
				struct err *e);

#endif
