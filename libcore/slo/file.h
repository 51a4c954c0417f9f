/*
 * Files of objectives, YAML of one or several documents, in the forms that lokid-slo(5) describes:
 * a list of "slos", as sloth has it and with targets and windows of their own; and OpenSLO's.
 */
#ifndef SLO_FILE_H
#define SLO_FILE_H

#include "slo/objective.h"
#include "yaml/report.h"

struct slo_file_opts {
	struct slo_period period; /* of objectives that say none */
	struct report *report;	  /* told every fault, and what is not read or hardly meant so */
};

/*
 * Adds the objectives of the text; file, its name for messages, must outlive the set.
 * Errors: ERR_CORRUPT, it is no YAML; ERR_USAGE, it is no such file, or objectives in it are
 * faulty: all faults are reported, the last is in e; ERR_LIMIT. All are "FILE:LINE:COL: ...".
 */
MUST_CHECK int slo_file_read(struct bytes text, const char *file, const struct slo_file_opts *o,
			     struct slo_set *set, struct err *e);

#endif
