/*
 * Counters, gauges and histograms, and their text form for Prometheus (version 0.0.4). Values may
 * be changed from any thread without a lock; looking a series up takes one, so who changes it often
 * keeps it.
 */
#ifndef METRICS_METRICS_H
#define METRICS_METRICS_H

#include <stdint.h>

#include "base/buf.h"

enum metrics_type { METRICS_COUNTER, METRICS_GAUGE, METRICS_HISTOGRAM };

/* What series of one name have in common. Lives as long as the registry: best static const. */
struct metrics_family {
	const char *name, *help;
	enum metrics_type type;
	const char *const *label; /* names, NULL-ended; NULL: none */
	const double *bucket;	  /* of a histogram: upper bounds, ascending, without +Inf */
	size_t n_buckets;
};

struct metrics;
struct metrics_series;

enum { METRICS_LABELS_MAX = 8 };

struct metrics *metrics_new(void);
void metrics_free(struct metrics *m);

/* A family is seen in the text from now on, also without series. */
void metrics_register(struct metrics *m, const struct metrics_family *f);

/* The series of the family with these values of its labels (as many as it has), made with 0 when it
 * is new; values are copied, bytes that are no UTF-8 replaced. Valid as long as m. */
struct metrics_series *metrics_get(struct metrics *m, const struct metrics_family *f,
				   const struct bytes *value);

void metrics_add(struct metrics_series *s, double by); /* counter: by is not negative */
void metrics_set(struct metrics_series *s, double to); /* of a gauge; of a counter kept elsewhere */
void metrics_observe(struct metrics_series *s, double v); /* of a histogram */
double metrics_value(const struct metrics_series *s);	  /* not of a histogram */

/* Called before the text is made: sets gauges that are looked at only then. */
typedef void metrics_collect_fn(struct metrics *m, void *data);
void metrics_on_collect(struct metrics *m, metrics_collect_fn *fn, void *data);

/* Appends the text: families by name, series by labels. */
void metrics_write(struct metrics *m, struct buf *out);

#endif
