/* What slo-budget works on: the objectives, and where their counts come from. */
#ifndef SLO_WORK_H
#define SLO_WORK_H

#include "slo/ask.h"
#include "slo/measure.h"
#include "slo/prometheus.h"
#include "slo/stored.h"
#include "slo/tally.h"

struct slo_work {
	struct slo_ask *ask;
	struct slo_set set;
	struct slo_rows rows; /* of --counts */
	struct slo_tally tally;
	bool has_rows;
	struct prometheus *prometheus;
	struct slo_stored stored;
	struct slo_source source; /* .values NULL: nothing is asked */
};

/* What is opened: objectives alone, or also what is counted. */
enum slo_open { SLO_OPEN_OBJECTIVES, SLO_OPEN_COUNTS };

/*
 * Reads the files of objectives ("-" is stdin), or takes that of the command line, and those of
 * rows. Errors: those of what is read; ERR_USAGE, there are no objectives, or nothing to count.
 */
MUST_CHECK int slo_work_open(struct slo_work *w, struct slo_ask *a, char **files, size_t n,
			     enum slo_open what, struct err *e);
void slo_work_close(struct slo_work *w);

/*
 * Counts all objectives: an array of as many as *ret_n, to be freed. Of objectives that fail
 * ask->fault is told, and they are left out. Errors: ERR_AGAIN, who is asked is not there.
 */
MUST_CHECK int slo_work_count(struct slo_work *w, struct slo_state **ret, size_t *ret_n,
			      struct err *e);

/*
 * Counts of an objective over its period, in intervals: those of its rows, or as many as fit well
 * into a picture, each of which is asked for; of step_ns, when that is not 0. ret_span: from the
 * begin of the period to now. Errors: ERR_USAGE, its counts have no times; those of what is asked.
 */
MUST_CHECK int slo_work_series(struct slo_work *w, const struct slo *o, int64_t step_ns,
			       struct slo_series *ret, struct slo_span *ret_span, struct err *e);

/* Puts in front of a message whose it is, where there are several. Returns -1. */
int slo_work_say_whose(const struct slo_work *w, const struct slo *o, struct err *e);

#endif
