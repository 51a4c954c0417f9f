/* The text of an objective's query, in which {{.window}} stands for the window that is asked. */
#ifndef SLO_QUERY_H
#define SLO_QUERY_H

#include "base/buf.h"

/* Whether it has one: "{{.window}}", with blanks in the braces, or "{{window}}". */
bool slo_query_has_window(struct bytes query);

/* Appends the query with the window's length in place of each. */
void slo_query_add(struct buf *b, struct bytes query, int64_t window_ns);

/* Whether what it gives is a number of events by second, as rate() does: then they are as many as
 * that times the window's seconds. */
bool slo_query_is_rate(struct bytes query);

/* Whether it counts what is in a bucket of a histogram (le="1"), and takes that from nothing: these
 * are the events that were fast enough. */
bool slo_query_is_bucket(struct bytes query);

#endif
