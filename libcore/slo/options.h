/* Options of slo-budget as people write them. */
#ifndef SLO_OPTIONS_H
#define SLO_OPTIONS_H

#include "cli/cli.h"
#include "httpc/options.h"
#include "slo/state.h"

enum slo_verb {
	SLO_BUDGET,
	SLO_CHECK,
	SLO_GATE,
	SLO_BURNDOWN,
	SLO_SIMULATE,
	SLO_REPORT,
	SLO_RULES,
};

enum slo_format { SLO_TEXT, SLO_JSONL, SLO_CSV, SLO_SVG, SLO_HTML };

struct slo_opts {
	struct slo one; /* the objective of the command line, with has_target */
	struct slo_counts counts;
	struct exact good;
	struct exact min;		       /* of gate */
	struct exact low;		       /* of slo_rules_opts */
	struct slo_window in[SLO_WINDOWS_MAX]; /* counts of windows */
	struct slo_alerts alerts;	       /* the usual ones when none are given */
	size_t n_in;
	const char *counts_file, *prometheus, *addr, *store, *wal; /* where counts come from */
	struct httpc_given given;
	struct bytes tenant;
	struct time_zone *zone; /* of one.period, owned */
	int64_t pace_ns, at_ns, interval_ns, step_ns;
	const char *errors; /* of simulate: phases */
	/* Of report --postmortem. */
	const char *title, *author, *events, *impact;
	int64_t from_ns, to_ns;
	const char *output;
	int format; /* enum slo_format */
	bool postmortem, quiet, pass_no_traffic;
	bool has_target, has_window, has_total, has_bad, has_good, has_at, has_low, has_min,
		has_no_traffic, has_from, has_to, has_format;
};

/* Rows of cli.taken whose data is a struct slo_opts, which outlives what they are given. */
extern const struct cli_taken slo_options[];

/* Before they are read, and at the end. */
void slo_opts_init(struct slo_opts *o);
void slo_opts_release(struct slo_opts *o);

/* Do they go together, and with the verb? Sets what was not given. Errors: ERR_USAGE. */
MUST_CHECK int slo_opts_check(struct slo_opts *o, enum slo_verb verb, size_t n_files,
			      struct err *e);

#endif
