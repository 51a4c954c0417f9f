#include "cost/ask.h"

const struct cli_verb cost_verbs[] = {
	{ "report", "[FILE]...", "what cost records add up to: by day, week and month",
	  cost_ask_report },
	{ "usage", "", "what lies in a store, and what that costs a month", cost_ask_usage },
	{ "compare", "[FILE]...", "what several ways of keeping logs cost a month",
	  cost_ask_compare },
	{ "forecast", "[FILE]...", "what will be paid in the months to come", cost_ask_forecast },
	{ "capacity", "[FILE]...", "how many pods, nodes and disks logs will need, and their cost",
	  cost_ask_capacity },
	{ "whatif", "", "what a store would cost if it were kept otherwise", cost_ask_whatif },
	{ "volume", "[FILE]...", "how many bytes the lines of services come to", cost_ask_volume },
	{ "check", "[FILE]...", "do the totals of documents follow from their parts?",
	  cost_ask_check },
	{ "iam-check", "[FILE]...", "do policies grant what lokid needs on its bucket?",
	  cost_ask_iam_check },
	{ 0 },
};

#define OF(verb) offsetof(struct cost_ask, verb)

/* In the order of cost_verbs. */
const struct cli_verb_options cost_verb_options[] = {
	{ cost_report_options, OF(report), "costrep report costs.jsonl" },
	{ cost_usage_options, OF(usage),
	  "costrep usage --store S --prices prices.yaml -o jsonl | costrep report --by tenant" },
	{ cost_compare_options, OF(compare), "costrep compare examples/cost/cloudwatch.yaml" },
	{ cost_forecast_options, OF(forecast),
	  "costrep forecast --growth 10 --budget 200 costs.jsonl" },
	{ cost_capacity_options, OF(capacity),
	  "costrep capacity --current-ingestion-rate 100 --ingestion-growth-rate 10 "
	  "--compression-ratio 10" },
	{ cost_whatif_options, OF(whatif),
	  "costrep whatif --store S --prices prices.yaml --retention 30d --encoding zstd --flush "
	  "15s" },
	{ cost_volume_options, OF(volume),
	  "costrep volume --bytes-per-line 970 --compression 10 services.csv" },
	{ cost_check_options, OF(check), "costrep check estimate.md" },
	{ cost_iam_options, OF(iam),
	  "aws iam get-role-policy --role-name lokid --policy-name s3 | costrep iam-check" },
};
