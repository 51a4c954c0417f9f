/*
 * Counters, gauges and histograms, and their text form for Prometheus (version 0.0.4). Values may
 * be changed from any thread without a lock; looking a series up takes one, so who changes it often
 * keeps it. All of a registry is for any thread, but metrics_free.
 */
#ifndef METRICS_METRICS_H
#define METRICS_METRICS_H

#include <stdint.h>

#include "base/buf.h"

enum metrics_type {
	METRICS_COUNTER,
	METRICS_GAUGE,
	METRICS_HISTOGRAM,
	METRICS_UNTYPED /* a gauge, or a counter, whose name is one of another type */
};

/* What series of one name have in common. Lives as long as the registry: best static const. */
struct metrics_family {
	const char *name, *help;
	enum metrics_type type;
	const char *const *label; /* names, NULL-ended, at most METRICS_LABELS_MAX; NULL: none */
	const double *bucket;	  /* of a histogram: upper bounds, ascending, without +Inf */
	size_t n_buckets;
};

struct metrics;
struct metrics_series;

enum { METRICS_LABELS_MAX = 8 };

/* Values of labels come from outside (tenants): beyond so many series of one family all new ones
 * are one, with METRICS_OTHER for each value. */
enum { METRICS_SERIES_MAX = 20000 };
#define METRICS_OTHER "~other"

struct metrics *metrics_new(void);
void metrics_free(struct metrics *m);

/* A family is seen in the text from now on, also without series; one without labels has its series,
 * at 0. A name is that of one family only; the same family again is nothing. */
void metrics_register(struct metrics *m, const struct metrics_family *f);

/* The series of the family with these values of its labels (as many as it has; NULL when it has
 * none), made with 0 when it is new; values are copied, bytes that are no UTF-8, and NULs, replaced
 * by U+FFFD. The family is registered when it is not yet. Valid as long as m. */
struct metrics_series *metrics_get(struct metrics *m, const struct metrics_family *f,
				   const struct bytes *value);

/* Sums of whole numbers are exact up to 2^53. */
void metrics_add(struct metrics_series *s, double by); /* counter: by is not negative */
void metrics_set(struct metrics_series *s, double to); /* of a gauge; of a counter kept elsewhere */
void metrics_observe(struct metrics_series *s, double v); /* of a histogram; not NaN */
void metrics_observe_n(struct metrics_series *s, double v, uint64_t n); /* the same n times */
double metrics_value(const struct metrics_series *s);			/* not of a histogram */

/* Called before the text is made: sets gauges that are looked at only then. Calls are one at a
 * time, also when several threads make the text. */
typedef void metrics_collect_fn(struct metrics *m, void *data);
void metrics_on_collect(struct metrics *m, metrics_collect_fn *fn, void *data);
/* Not any more: when it returns fn is not running, and will not be called. Not from such a call.
 * One that is not there is nothing. */
void metrics_off_collect(struct metrics *m, metrics_collect_fn *fn, const void *data);

/* Appends the text: families by name, series by labels. A histogram's count is always the sum of
 * its buckets; its sum may be ahead of them or behind by what is observed at the time. */
void metrics_write(struct metrics *m, struct buf *out);

#endif
