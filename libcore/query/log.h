/*
 * The answer of a log query: entries by time over all streams, given out as soon as nothing can
 * come before them.
 */
#ifndef QUERY_LOG_H
#define QUERY_LOG_H

#include "query/cutoff.h"
#include "query/scan.h"

struct log_label {
	struct bytes name, value;
	enum label_kind kind; /* STREAM, META or PARSED */
};

/* Labels of an entry, sorted by name. Neighbours of one stream often share one. */
struct log_labels {
	size_t n;
	struct log_label v[];
};

struct log_entry {
	int64_t ts_ns;
	struct bytes line;
	struct bytes tenant; /* empty of raw lines */
	const struct log_labels *labels;
};

/* Of all that it says, by which one that is met twice is known. key is scratch. */
uint64_t log_entry_hash(const struct log_entry *entry, struct buf *key);

/* Called in order, on the thread of scan_run. The entry is valid during the call. Returns 0 or -1.
 */
typedef int log_out_fn(void *data, const struct log_entry *entry, struct err *e);

/* Labels of an entry as a block numbers them, and where each stands by name: mostly those of the
 * entry before. */
struct log_shape {
	uint32_t *name, *place;
	struct log_named *order; /* scratch */
	size_t n, cap_name, cap_place, cap_order;
};

struct log_sink {
	struct scan *scan;
	enum direction dir;
	uint64_t limit; /* 0 = all */
	/* Instead of limit: entries at least so far apart, at most so many (0 = all) of them. */
	int64_t interval_ns;
	uint64_t spaced_limit;
	bool hold; /* what scan_run reads later may come before what it has read */
	log_out_fn *out;
	void *data;

	struct log_batch **slot; /* private from here: results of units being read */
	struct log_batch **heap; /* those with entries to give, the next one first */
	size_t n_heap, cap_heap, n_pending;
	uint64_t n_out;
	int64_t last_ns; /* of the last one given out */
	struct cutoff cutoff;
	bool puts_off; /* stages that drop nothing, until the rest is done */
	struct log_batch **later;
	struct log_shape *shape; /* of each worker */
};

/* scan's plan, pipeline and jobs are set, and what stands above; sets its sink. */
void log_sink_init(struct log_sink *l, struct scan *scan);
void log_sink_release(struct log_sink *l);

/* Gives out what is before `bound` (all, at the end of the query: INT64_MIN backward, INT64_MAX
 * forward). scan_run gives out what is before its next unit by itself. 1 when the limit is reached.
 */
MUST_CHECK int log_sink_flush(struct log_sink *l, int64_t bound, struct err *e);

#endif
