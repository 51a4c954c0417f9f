/*
 * Range aggregations: over counts and bytes (count_over_time, rate, bytes_over_time, bytes_rate,
 * absent_over_time), and over values that unwrap gives (samples.h).
 *
 * Step i stands at start + i * step, and its window is (t - range, t]. An entry lies in the windows
 * of neighbouring steps, so each group keeps differences: an entry adds to the first step that sees
 * it and takes away behind the last. Counts and bytes are whole numbers, so nothing is lost by
 * that, and an entry costs the same whether one window holds it or a thousand. Values are kept as
 * they are.
 */
#ifndef QUERY_RANGE_H
#define QUERY_RANGE_H

#include "query/range_memory.h"
#include "query/scan.h"
#include "query/vec.h"

struct steps {
	int64_t start_ns, step_ns; /* step_ns is above 0 */
	size_t n;		   /* at least 1 */
};

static inline int64_t step_at(const struct steps *s, size_t i)
{
	/* The step is a time, but how far it is from the first one may be more than an int64_t. */
	return (int64_t)((uint64_t)s->start_ns + (uint64_t)i * (uint64_t)s->step_ns);
}

enum { STEPS_MAX = 11000 };

struct range_sink {
	struct scan *scan;
	struct steps steps;
	enum logql_range_op op;
	double param; /* of quantile_over_time */
	int64_t range_ns, offset_ns;
	struct grouping group;
	const struct unwrap *unwrap; /* NULL: entries are counted */
	struct range_memory *memory;
	struct range_sink *next; /* a further one, over the same entries; or NULL */

	uint32_t *group_name; /* private from here: numbers of the group's labels, the same in all
				 workers */
	struct range_worker *worker;
};

static inline bool range_is_bytes(enum logql_range_op op)
{
	return op == LOGQL_BYTES_OVER_TIME || op == LOGQL_BYTES_RATE;
}

/* The timestamps that some window sees: *ret_from <= ts < *ret_to. */
void range_bounds(const struct steps *steps, int64_t range_ns, int64_t offset_ns, int64_t *ret_from,
		  int64_t *ret_to);

/* .steps to .next, of .next and so on too, and the scan's pipeline and jobs, are set; sets the
 * scan's sink. Released is each for itself. */
void range_sink_init(struct range_sink *first, struct scan *scan);
void range_sink_release(struct range_sink *r);

/* After the last scan_run: the series, which stay counted in .memory. Errors: ERR_QUERY an entry
 * with an error label was counted; ERR_LIMIT over .memory, as in scan_run. */
MUST_CHECK int range_result(struct range_sink *r, const struct logql_log *log, struct vec *ret,
			    struct err *e);

#endif
