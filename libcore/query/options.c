/* Options that would change nothing are refused: whoever gives one expects that it does. But those
 * that clients give along with any query, --limit, --direction and --step, are taken with any, as
 * Loki takes them. */
#include "query/explain.h"
#include "query/query.h"

struct rule {
	bool given;
	const char *name;
	const char *why[5]; /* by enum query_kind; NULL: it has an effect */
};

int query_check_opts(const struct query_opts *o, enum query_kind kind, struct err *e)
{
	static const char no_range[] = "--at asks for one moment, not for a range";
	static const char all_there_is[] = "no entries are printed";
	static const char no_values[] = "only metric queries hold series";
	static const char no_order[] = "names and series are sorted";
	static const char is_text[] = "fmt only formats a query";
	static const char no_entries[] = "delete reads no entries";
	static const char no_search[] = "no lines are searched";
	const struct rule rules[] = {
		{ o->has_from, "from", { NULL, o->has_at ? no_range : NULL, NULL, is_text } },
		{ o->has_to, "to", { NULL, o->has_at ? no_range : NULL, NULL, is_text } },
		{ o->has_step,
		  "step",
		  { NULL, o->has_at ? no_range : NULL, "only metric queries have steps", is_text,
		    no_entries } },
		{ o->has_at,
		  "at",
		  { "--from and --to say when", NULL, "--from and --to say when", is_text,
		    no_entries } },
		{ o->has_limit, "limit", { NULL, NULL, all_there_is, is_text, no_entries } },
		{ o->has_dir, "direction", { NULL, NULL, no_order, is_text, no_entries } },
		{ o->has_memory, "memory", { no_values, NULL, no_values, is_text, no_entries } },
		{ o->has_jobs, "jobs", { NULL, NULL, NULL, is_text, no_entries } },
		{ o->has_tenant, "tenant", { NULL, NULL, NULL, is_text } },
		{ o->source.match, "match", { NULL, NULL, NULL, is_text, no_entries } },
		{ o->source.store, "store", { NULL, NULL, NULL, is_text } },
		{ o->source.wal, "wal", { NULL, NULL, NULL, is_text, no_entries } },
		{ o->source.limits_file, "limits", { NULL, NULL, NULL, is_text } },
		{ o->has_now, "now", { NULL, NULL, NULL, is_text } },
		{ o->source.input != INPUT_AUTO,
		  "input",
		  { NULL, NULL, NULL, is_text, no_entries } },
		{ o->source.time_field.p, "time-field", { NULL, NULL, NULL, is_text, no_entries } },
		{ o->has_raw_time, "time", { NULL, NULL, NULL, is_text, no_entries } },
		{ o->no_filters, "no-filters", { NULL, NULL, no_search, is_text, no_entries } },
		{ o->explain,
		  o->explain && o->explain->how == EXPLAIN_PLAN ? "explain" : "analyze",
		  { NULL, NULL, NULL, is_text, no_entries } },
	};

	if (o->has_step && o->step_ns <= 0)
		return err_set(e, ERR_USAGE, "option '--step': a step is above zero");
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++)
		if (rules[i].given && rules[i].why[kind])
			return err_set(e, ERR_USAGE, "option '--%s': %s", rules[i].name,
				       rules[i].why[kind]);
	/* A metric query has steps, which say so themselves. */
	if (kind != QUERY_METRIC && o->has_from && o->has_to && o->from > o->to)
		return err_set(e, ERR_USAGE, "--from is after --to");
	return 0;
}
