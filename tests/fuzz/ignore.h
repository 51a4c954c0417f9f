/*
 * Somebody who asks a query, and looks neither at its answer nor at what is said about its input:
 * for targets that try whether it ends as it may.
 */
#ifndef TESTS_IGNORE_H
#define TESTS_IGNORE_H

#include "query/query.h"

static inline int ignore_entry(void *data, const struct log_entry *x, struct err *e)
{
	(void)data;
	(void)x;
	(void)e;
	return 0;
}

static inline int ignore_metric(void *data, const struct vec *v, const struct steps *steps,
				enum metric_kind kind, struct err *e)
{
	(void)data;
	(void)v;
	(void)steps;
	(void)kind;
	(void)e;
	return 0;
}

static inline int ignore_pause(void *data, struct err *e)
{
	(void)data;
	(void)e;
	return 0;
}

static const struct query_out ignore_answer = { ignore_entry, ignore_metric, ignore_pause, NULL };

/* For source_opts: damage, warn, note. */
static inline void ignore_message(void *data, const struct err *e)
{
	(void)data;
	(void)e;
}

#endif
