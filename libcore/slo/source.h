/* Where queries are answered: a Prometheus, a server with Loki's API, a store. */
#ifndef SLO_SOURCE_H
#define SLO_SOURCE_H

#include "base/err.h"
#include "base/exact.h"

/* At how many times, which are step_ns apart, the first of them at from_ns. */
struct slo_times {
	int64_t from_ns, step_ns; /* step_ns: whole seconds; of no matter when n is 1 */
	size_t n;
};

enum { SLO_TIMES_MAX = 1000 };

/* Of one time: no series at all, or NaN, which Prometheus gives of nothing by nothing, or v. */
enum slo_value_is { SLO_NO_SERIES, SLO_NAN, SLO_NUMBER };
struct slo_value {
	enum slo_value_is is;
	struct exact v;
};

/*
 * The values of a query at some times. A query gives one series, or nothing.
 * Errors: ERR_QUERY, the query is wrong, or gives several series; ERR_AGAIN, who is asked is not
 * there; ERR_CORRUPT, the answer is none, or a value is infinite; ERR_LIMIT, a value has too many
 * digits.
 */
struct slo_source {
	int (*values)(void *data, struct bytes query, const struct slo_times *at,
		      struct slo_value *ret, struct err *e);
	void *data;
	/* It is asked for one time after the other: LogQL's ranges are put to multiples of their
	 * step. */
	bool one_by_one;
};

/* A number of an answer. Errors: ERR_CORRUPT, ERR_LIMIT as above. */
MUST_CHECK int slo_value_read(struct bytes text, struct slo_value *ret, struct err *e);

#endif
