/* Answers in forms that logql does not have: those of Loki's old paths, and shards. */
#ifndef SERVER_QUERY_SHAPE_H
#define SERVER_QUERY_SHAPE_H

#include "base/buf.h"
#include "base/err.h"

/* Where an answer goes: to a file, in pieces, so that memory does not grow with it. */
struct shape_out {
	int fd;		 /* the caller's */
	struct buf text; /* not written yet */
	uint64_t n;	 /* bytes written */
};

/* Writes what is left. Errors: ERR_IO, ERR_FULL. */
MUST_CHECK int shape_out_end(struct shape_out *out, struct err *e);
void shape_out_release(struct shape_out *out);

/* Adds to out what `json`, an answer of logql, is in the other form. Errors: those of writing too.
 * For any thread. */
typedef int query_shape_fn(struct bytes json, struct shape_out *out, struct err *e);

/* {"values":[...]}, of names or values. Errors: ERR_BUG: json is not of that kind, as in all. */
query_shape_fn query_shape_old_values;
/* {"streams":[{"labels":"{a=\"b\"}","entries":[{"ts":...,"line":...}]}],"stats":{...}} of lines.
 * Errors: ERR_QUERY of numbers. */
query_shape_fn query_shape_old_streams;
/* {"shards":[...]}: one, of all, of what index/stats has told. */
query_shape_fn query_shape_shards;

#endif
