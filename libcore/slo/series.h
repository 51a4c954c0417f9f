/* Counts over time. */
#ifndef SLO_SERIES_H
#define SLO_SERIES_H

#include "slo/counts.h"

/* An interval, which goes on until the next one begins. */
struct slo_point {
	int64_t from_ns;
	struct slo_counts counts;
};

/* Intervals one behind the other, of any lengths. Their borders are where each begins, and where
 * the last one ends. {0} is a valid empty one. */
struct slo_series {
	struct slo_point *v; /* owned; in order */
	size_t n;
	int64_t end_ns; /* of the last one */
	size_t cap;	/* private */
};

enum { SLO_SERIES_MAX = 1000000 }; /* intervals, of those that somebody makes up */

void slo_series_release(struct slo_series *s);

/* An interval behind the last one. */
void slo_series_add(struct slo_series *s, int64_t from_ns, int64_t end_ns,
		    const struct slo_counts *c);

/* Where the i-th begins; i may be s->n, where the last one ends. Of an empty one it is 0. */
int64_t slo_series_border(const struct slo_series *s, size_t i);

/* The first one that begins at ns or later, or s->n. */
size_t slo_series_find(const struct slo_series *s, int64_t ns);

/*
 * When what is counted ends, of a time that is now: at the last border that is not after it. Behind
 * the last interval borders go on in its length; when it ends is a guess, so a time within the last
 * twentieth of it is its end. Before the first one it is the time itself. s is not empty.
 */
int64_t slo_series_now(const struct slo_series *s, int64_t ns);

/*
 * The first interval of a window that is to begin at ns: where the nearest border is, if that
 * differs by at most a twentieth of the window, or it begins outside of all, or the interval that
 * it cuts has no events. False: it begins inside of one, and what it has of that nobody knows.
 */
MUST_CHECK bool slo_series_begin(const struct slo_series *s, int64_t ns, int64_t window_ns,
				 size_t *ret_first);

/* The intervals of the window [from, to), where `to` is a border, or as slo_series_now has it: from
 * the first one to before the last. False: as above. */
MUST_CHECK bool slo_series_within(const struct slo_series *s, int64_t from_ns, int64_t to_ns,
				  size_t *ret_first, size_t *ret_last);

/* The sum of intervals, from the first one to before the last. Errors: ERR_LIMIT. */
MUST_CHECK int slo_series_sum(const struct slo_series *s, size_t first, size_t last,
			      struct slo_counts *ret, struct err *e);

#endif
