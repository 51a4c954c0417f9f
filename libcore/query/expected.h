/*
 * What is expected of sources, and how much of it there is: which sources, and how many lines of
 * each. Whole numbers are compared, so that what is just enough is enough.
 */
#ifndef QUERY_EXPECTED_H
#define QUERY_EXPECTED_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"

/* num / den, between 0 and 1; den is a power of ten. */
struct share {
	uint64_t num, den;
};

/* "0.95" or "95%", of at most 15 digits. Errors: ERR_USAGE. */
MUST_CHECK int share_read(struct bytes text, struct share *ret, struct err *e);

struct expected_source {
	struct bytes name;     /* as it was given */
	struct bytes selector; /* what its lines are asked with */
	uint64_t expected;
	uint64_t stored; /* set by who counts */
};

struct expected {
	struct expected_source *v; /* in the order in which they come first */
	size_t n, cap;
	struct map by_name;
	struct arena mem;
};

/*
 * Adds the sources of a text: a line each, JSON {"source":"web","expected":1000}, or CSV
 * web,1000 (the source perhaps in quotes, which are doubled inside), of which the first line may
 * name the columns. Empty lines and those that begin with '#' are none. A source is a selector,
 * {app="web"}, or else a value of the label. One that comes again adds up. Errors: ERR_CORRUPT,
 * with the number of the line; ERR_LIMIT, all together beyond 2^63.
 */
MUST_CHECK int expected_read(struct bytes text, struct bytes label, struct expected *ret,
			     struct err *e);
void expected_release(struct expected *x);

/* Is what is stored less than that share of what is expected? Of nothing everything is there; what
 * there is more counts as that. */
bool expected_is_short(uint64_t stored, uint64_t expected, struct share threshold);

struct expected_sum {
	uint64_t expected, stored; /* of each source at most what is expected */
	size_t n_short;
};
struct expected_sum expected_sum(const struct expected *x, struct share threshold);

/* Appends stored / expected with at most six digits behind the point, rounded down; "1" of nothing
 * expected. */
void expected_add_ratio(struct buf *b, uint64_t stored, uint64_t expected);

#endif
