/* Answers in forms that logql does not have: those of Loki's old paths, and shards. */
#ifndef SERVER_QUERY_SHAPE_H
#define SERVER_QUERY_SHAPE_H

#include "base/buf.h"
#include "base/err.h"

/* Appends to out what `json`, an answer of logql, is in the other form. For any thread. */
typedef int query_shape_fn(struct bytes json, struct buf *out, struct err *e);

/* {"values":[...]}, of names or values. Errors: ERR_BUG: json is not of that kind, as in all. */
query_shape_fn query_shape_old_values;
/* {"streams":[{"labels":"{a=\"b\"}","entries":[{"ts":...,"line":...}]}],"stats":{...}} of lines.
 * Errors: ERR_QUERY of numbers. */
query_shape_fn query_shape_old_streams;
/* {"shards":[...]}: one, of all, of what index/stats has told. */
query_shape_fn query_shape_shards;

#endif
