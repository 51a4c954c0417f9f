/* costrep report: what cost records add up to. */
#ifndef COST_ASK_REPORT_H
#define COST_ASK_REPORT_H

#include "cli/verbs.h"
#include "cost/base.h"
#include "cost/alert_send.h"
#include "cost/columns.h"
#include "cost/sums.h"

enum { COST_BY_MAX = 16, COST_MATCHES_MAX = 16, COST_THRESHOLDS_MAX = 64 };

/* Only records whose value of a dimension is like a pattern of fnmatch(3). */
struct cost_match {
	size_t dim;
	const char *pattern;
};

struct cost_report_opts {
	struct cost_base base;
	struct cost_dims dims;		/* 0 of them: the usual ones */
	struct cost_by by[COST_BY_MAX]; /* of these, those that --by names */
	size_t n_by;
	struct cost_match match[COST_MATCHES_MAX];
	size_t n_match;
	struct cost_mapping map;
	const char *from, *to, *currency; /* as given, or NULL */
	struct cost_threshold threshold[COST_THRESHOLDS_MAX];
	size_t n_thresholds;
	struct cost_sending sending;
	bool quiet, unique;
};

/* The dimensions that all records have, before others are added. */
void cost_report_begin_dims(struct cost_dims *d);

extern const struct cli_taken cost_report_options[];

/* operand: files of records; none, or "-": stdin. Errors: ERR_CORRUPT, records are wrong, each of
 * which was reported; ERR_NO, there is none, or CLI_OUTPUT_NONE when
 * the answer would go to a file; ERR_USAGE, an input twice; those of cost_read. */
int cost_ask_report(void *opts, char **operand, size_t n, struct err *e);

#endif
