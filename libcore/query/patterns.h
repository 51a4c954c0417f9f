/* The patterns of the lines that a log query finds, and how many lines of each there are by time.
 * How they are found: drain.h. */
#ifndef QUERY_PATTERNS_H
#define QUERY_PATTERNS_H

#include "query/format.h"

#define PATTERNS_STEP_NS (10 * NS_PER_S)

/*
 * Prints the patterns of the lines of the log query `text`, those with most lines first, at most
 * o->limit of them; samples (API, JSON lines) are counts by o->step_ns, or PATTERNS_STEP_NS,
 * doubled until 11,000 suffice. flags: of enum logql_flags; without LOGQL_ANY_SELECTOR only
 * selectors are taken, as in Loki. *ret_n: how many. Errors: ERR_QUERY, also too many steps; those
 * of query_run.
 */
MUST_CHECK int patterns_ask(const struct query_opts *o, const char *text, unsigned flags,
			    enum format format, FILE *out, uint64_t *ret_n, struct err *e);

#endif
