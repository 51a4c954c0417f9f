/*
 * A log query that goes on: what is there, then each entry that comes into the log, as it is
 * written. A slow reader delays it and loses nothing; memory does not grow with what is waited for.
 */
#ifndef QUERY_TAIL_H
#define QUERY_TAIL_H

#include "query/query.h"

struct tail_opts {
	int out_fd;	  /* when its reader goes away it ends: 0; -1: nobody */
	int64_t delay_ns; /* how long entries are waited for, so that those that are late come in
			     order */
};

/*
 * First, with o->has_from, the newest o->limit (0: all) entries from then on, oldest first; then
 * what is written to the log o->source.wal from now on, whatever its time. An entry that is written
 * meanwhile is given once. out->pause is called when nothing more is there for now. Ends with an
 * error alone, or when the reader of out_fd has gone: ERR_AGAIN the log went on without us, or
 * o->limits.timeout_ns are over; those of query_run.
 */
MUST_CHECK int tail_run(const struct logql_query *q, const struct query_opts *o,
			const struct tail_opts *t, const struct query_out *out, struct err *e);

#endif
