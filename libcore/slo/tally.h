/* Rows of counts by objective, and what they come to. */
#ifndef SLO_TALLY_H
#define SLO_TALLY_H

#include "base/map.h"
#include "slo/rows.h"
#include "slo/series.h"
#include "slo/state.h"

/* Rows of each objective, in order. {0} is a valid empty one; the rows must stay. */
struct slo_tally {
	const struct slo_rows *rows;
	struct map by_name;
	struct arena mem;
	uint32_t *next; /* of each row, the next of its name, or MAP_NONE */
	uint32_t *last; /* of the first row of a name, the last */
	/* Whose rows they are: of each objective of the set the first, or MAP_NONE. */
	const struct slo_set *set;
	uint32_t *first;
};

void slo_tally_init(struct slo_tally *t, const struct slo_rows *r);
void slo_tally_release(struct slo_tally *t);

/* What is said outside of the rows. */
struct slo_tally_opts {
	const struct slo *base; /* of rows that say nothing else: name, target, period */
	bool has_target, has_window;
};

/*
 * Instead of that, adds an objective for each name to an empty set, with the target of its rows,
 * and the longest of their windows. Errors: "line 3: ...": ERR_USAGE, no target is given;
 * ERR_CORRUPT, several of one name; ERR_LIMIT, more than SLO_OBJECTIVES_MAX names.
 */
MUST_CHECK int slo_tally_objectives(struct slo_tally *t, const struct slo_tally_opts *o,
				    struct slo_set *set, struct err *e);

/*
 * The rows of each objective of a set, which must stay: those of its name and service, or those
 * without a service when no other objective has its name, or those without a name when there is no
 * other objective. Errors: ERR_CORRUPT, "line 3: ...": a row is of no objective, or of several.
 */
MUST_CHECK int slo_tally_match(struct slo_tally *t, const struct slo_set *set, struct err *e);

/* Of an objective of that set: the rows with times, if there are any (else .n is 0). Errors:
 * ERR_CORRUPT, two of one time. */
MUST_CHECK int slo_tally_series(const struct slo_tally *t, const struct slo *o,
				struct slo_series *ret, struct err *e);

/* When it is now: as the state has it, or when the last interval ends. */
enum slo_now { SLO_NOW_GIVEN, SLO_NOW_LAST };

/*
 * Counts of the period, and of each window. Of rows with times these end where the last interval
 * ends before now, and those of the alerts are counted, as far as they begin where intervals do.
 * s is as slo_state_init left it; its now becomes that end, unless the calendar's period has begun
 * since; and its data says whether any row is in it. Errors: ERR_CORRUPT, no counts of the period,
 * two of one window, two of one time, or the period begins inside of an interval that has counts;
 * ERR_LIMIT.
 */
MUST_CHECK int slo_tally_state(const struct slo_tally *t, const struct slo_alerts *a,
			       enum slo_now now, struct slo_state *s, struct err *e);

#endif
