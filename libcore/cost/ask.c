#include "cost/ask.h"

const struct cli_verb cost_verbs[] = {
	{ "report", "[FILE]...", "what cost records add up to: by day, week and month",
	  cost_ask_report },
	{ 0 },
};

#define OF(verb) offsetof(struct cost_ask, verb)

/* In the order of cost_verbs. */
const struct cli_verb_options cost_verb_options[] = {
	{ cost_report_options, OF(report), "costrep report costs.jsonl" },
};
