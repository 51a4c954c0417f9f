/*
 * How many bytes of lines there are, by labels of their streams: Loki's volume. Counted as
 * bytes_over_time counts: from tables where they tell, doubles once.
 */
#ifndef QUERY_VOLUME_H
#define QUERY_VOLUME_H

#include "query/format.h"

enum volume_by { VOLUME_BY_SERIES, VOLUME_BY_LABELS };

struct volume_opts {
	/* Names of labels with commas between: only streams that have them all count, and are told
	 * apart by them alone. Empty: by those that the selector names, or by all if it names none.
	 */
	struct bytes target_labels;
	enum volume_by by; /* LABELS: a name and what the streams have that have it */
};

/*
 * The volume of the streams that fit the selector (NULL: all) in o's time, largest first, at most
 * o->limit of them, to f: one value each, or with o->step_ns one for each step. flags: of enum
 * logql_flags. *ret_n: how many. Errors: ERR_QUERY the selector; ERR_USAGE a name that none can
 * have; those of query_run.
 */
MUST_CHECK int volume_ask(const struct query_opts *o, const struct volume_opts *v,
			  const char *selector, unsigned flags, struct formatter *f,
			  uint64_t *ret_n, struct err *e);

#endif
