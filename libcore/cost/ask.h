/*
 * What costrep does for each of its verbs: one row each. A verb's function, its options and their
 * table lie in ask_VERB.h and ask_VERB.c; here stands which there are.
 */
#ifndef COST_ASK_H
#define COST_ASK_H

#include "cli/verbs.h"
#include "cost/ask_capacity.h"
#include "cost/ask_check.h"
#include "cost/ask_compare.h"
#include "cost/ask_forecast.h"
#include "cost/ask_iam_check.h"
#include "cost/ask_report.h"
#include "cost/ask_usage.h"
#include "cost/ask_volume.h"
#include "cost/ask_whatif.h"

/* The options of each verb; each begins with a struct cost_base. */
struct cost_ask {
	struct cost_report_opts report;
	struct cost_usage_opts usage;
	struct cost_compare_opts compare;
	struct cost_forecast_opts forecast;
	struct cost_capacity_opts capacity;
	struct cost_whatif_opts whatif;
	struct cost_volume_opts volume;
	struct cost_check_opts check;
	struct cost_iam_opts iam;
};

/* For cli.verbs and cli.verb_options, with cli.data a struct cost_ask: .run is given what of it is
 * the verb's own. */
extern const struct cli_verb cost_verbs[];
extern const struct cli_verb_options cost_verb_options[];

#endif
