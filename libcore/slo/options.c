#include "slo/options.h"

#include <stddef.h>

#include "cli/modes.h"
#include "labels/labels.h"
#include "slo/query.h"
#include "time/zone.h"

#define WINDOW_DEFAULT_NS (30 * 86400 * NS_PER_S)

void slo_opts_init(struct slo_opts *o)
{
	*o = (struct slo_opts){ .one = { .name = BYTES_LIT("slo"),
					 .period = { .length_ns = WINDOW_DEFAULT_NS } },
				.at_ns = time_now_ns(),
				.low = { 25, 2 } };
}

void slo_opts_release(struct slo_opts *o)
{
	time_zone_free(o->zone);
	httpc_given_release(&o->given);
}

/* --- the objective --------------------------------------------------------------------------- */

static int take_bytes(void *at, const char *value, struct err *e)
{
	(void)e;
	*(struct bytes *)at = bytes_str(value);
	return 0;
}

static int take_query(void *at, const char *value, struct err *e)
{
	(void)e;
	*(struct bytes *)at = bytes_trim(bytes_str(value));
	return 0;
}

static int take_target(void *opts, const char *value, struct err *e)
{
	struct slo_opts *o = opts;

	o->has_target = true;
	return slo_target_read(bytes_str(value), &o->one.target, e);
}

static int take_window(void *opts, const char *value, struct err *e)
{
	struct slo_opts *o = opts;

	o->has_window = true;
	return slo_period_read(bytes_str(value), &o->one.period, e);
}

static int take_zone(void *opts, const char *value, struct err *e)
{
	struct slo_opts *o = opts;
	struct time_zone *zone = time_zone_open(bytes_str(value), e);

	if (!zone)
		return -1;
	time_zone_free(o->zone);
	o->one.period.zone = o->zone = zone;
	return 0;
}

/* --- counts ---------------------------------------------------------------------------------- */

static int read_number(struct bytes text, struct exact *ret, struct err *e)
{
	if (!exact_read(text, ret) || ret->units < 0)
		return err_set(
			e, ERR_USAGE,
			"expected a number of 0 and above, with %d digits at most, found '%.*s'",
			EXACT_DIGITS_MAX, BYTES_ARG(text));
	return 0;
}

static int take_total(void *opts, const char *value, struct err *e)
{
	struct slo_opts *o = opts;

	o->has_total = true;
	return read_number(bytes_str(value), &o->counts.total, e);
}

static int take_bad(void *opts, const char *value, struct err *e)
{
	struct slo_opts *o = opts;

	o->has_bad = true;
	return read_number(bytes_str(value), &o->counts.bad, e);
}

static int take_good(void *opts, const char *value, struct err *e)
{
	struct slo_opts *o = opts;

	o->has_good = true;
	return read_number(bytes_str(value), &o->good, e);
}

/* "1h:TOTAL:BAD" */
static int take_in(void *opts, const char *value, struct err *e)
{
	struct slo_opts *o = opts;
	struct bytes rest = bytes_str(value), window = { 0 }, total = { 0 }, bad = { 0 };
	struct slo_window *w = &o->in[o->n_in];
	struct err why;

	if (o->n_in == SLO_WINDOWS_MAX)
		return err_set(e, ERR_LIMIT, "more than %d windows", SLO_WINDOWS_MAX);
	bytes_split(&rest, ':', &window);
	bytes_split(&rest, ':', &total);
	if (!bytes_split(&rest, ':', &bad) || rest.p)
		return err_set(e, ERR_USAGE,
			       "expected DURATION:TOTAL:BAD such as 1h:5000:12, found '%s'", value);
	*w = (struct slo_window){ 0 };
	if (slo_window_read(window, &w->ns, &why) < 0 ||
	    read_number(total, &w->counts.total, &why) < 0 ||
	    read_number(bad, &w->counts.bad, &why) < 0)
		return err_set(e, ERR_USAGE, "'%s': %s", value, why.msg);
	o->n_in++;
	return 0;
}

/* --- how it is looked at --------------------------------------------------------------------- */

static int take_alert(void *opts, const char *value, struct err *e)
{
	return slo_alerts_read(&((struct slo_opts *)opts)->alerts, bytes_str(value), e);
}

static int take_length(void *at, const char *value, struct err *e)
{
	return slo_window_read(bytes_str(value), at, e);
}

/* Of one answer. */
static int take_timeout(void *at, const char *value, struct err *e)
{
	int64_t ns;

	if (time_parse_age(bytes_str(value), &ns, e) < 0)
		return -1;
	if (ns < NS_PER_MS || ns > 86400 * NS_PER_S)
		return err_set(e, ERR_USAGE, "expected a time from 1ms to 1d, found '%s'", value);
	*(int64_t *)at = ns / NS_PER_MS;
	return 0;
}

static int take_min(void *opts, const char *value, struct err *e)
{
	struct slo_opts *o = opts;

	o->has_min = true;
	return slo_share_read(bytes_str(value), &o->min, e);
}

static int take_no_traffic(void *opts, const char *value, struct err *e)
{
	static const char *const words[] = { "fail", "pass", NULL };
	struct slo_opts *o = opts;
	int word;

	if (cli_read_word(value, words, &word, e) < 0)
		return -1;
	o->has_no_traffic = true;
	o->pass_no_traffic = word == 1;
	return 0;
}

/* So far from what 64 bits can say that periods round it stay inside. */
static int read_time(const char *value, int64_t *ret, struct err *e)
{
	static const int64_t year_2200_ns = INT64_C(7258118400) * NS_PER_S;
	int64_t ns;

	if (slo_time_read(bytes_str(value), time_now_ns(), &ns, e) < 0)
		return -1;
	if (ns < 0 || ns >= year_2200_ns)
		return err_set(e, ERR_USAGE, "expected a time from 1970 to 2200, found '%s'",
			       value);
	*ret = ns;
	return 0;
}

static int take_from(void *opts, const char *value, struct err *e)
{
	struct slo_opts *o = opts;

	o->has_from = true;
	return read_time(value, &o->from_ns, e);
}

static int take_to(void *opts, const char *value, struct err *e)
{
	struct slo_opts *o = opts;

	o->has_to = true;
	return read_time(value, &o->to_ns, e);
}

/* "a|b" */
static int take_tenants(void *at, const char *value, struct err *e)
{
	struct bytes rest = bytes_str(value), one;

	*(struct bytes *)at = rest;
	while (bytes_split(&rest, '|', &one))
		if (labels_check_tenant(one, e) < 0)
			return -1;
	return 0;
}

static int take_low(void *opts, const char *value, struct err *e)
{
	struct slo_opts *o = opts;

	o->has_low = true;
	return slo_share_read(bytes_str(value), &o->low, e);
}

static int take_at(void *opts, const char *value, struct err *e)
{
	struct slo_opts *o = opts;

	o->has_at = true;
	return read_time(value, &o->at_ns, e);
}

static int take_format(void *opts, const char *value, struct err *e)
{
	static const char *const words[] = { "text", "jsonl", "csv", "svg", "html", NULL };
	struct slo_opts *o = opts;

	o->has_format = true;
	return cli_read_word(value, words, &o->format, e);
}

/* Of rows whose function takes all of the options, or one of them. */
#define WHOLE	  0
#define AT(field) offsetof(struct slo_opts, field)

const struct cli_taken slo_options[] = {
	{ { 0, "name", "NAME", "what the objective of these options is called (slo)" },
	  take_bytes,
	  AT(one.name) },
	{ { 0, "target", "SHARE", "what is promised: 99.9% or 0.999" }, take_target, WHOLE },
	{ { 0, "window", "DURATION", "over which time (30d); or week, month, quarter, year" },
	  take_window,
	  WHOLE },
	{ { 0, "time-zone", "NAME", "where the calendar's days begin (UTC)" }, take_zone, WHOLE },
	{ { 0, "total", "N", "events in the window" }, take_total, WHOLE },
	{ { 0, "bad", "N", "the bad ones of these" }, take_bad, WHOLE },
	{ { 0, "good", "N", "or the good ones" }, take_good, WHOLE },
	{ { 0, "in", "DURATION:TOTAL:BAD", "counts of the last DURATION; repeatable" },
	  take_in,
	  WHOLE },
	{ { 0, "counts", "FILE", "counts as CSV or JSON (stdin)" },
	  cli_take_text,
	  AT(counts_file) },
	{ { 0, "prometheus", "URL", "ask this Prometheus" }, httpc_take_url, AT(prometheus) },
	{ { 0, "addr", "URL", "ask this lokid or Loki, in LogQL" }, httpc_take_url, AT(addr) },
	HTTPC_OPTIONS("--prometheus, --addr", AT(given)),
	{ { 0, "timeout", "DURATION", "--prometheus, --addr: wait so long for an answer (60s)" },
	  take_timeout,
	  AT(given.http.timeout_ms) },
	{ { 0, "store", "DIR", "ask this store, in LogQL" }, cli_take_text, AT(store) },
	{ { 0, "wal", "DIR", "ask this log, in LogQL" }, cli_take_text, AT(wal) },
	{ { 't', "tenant", "NAME", "whose entries (fake), of several a|b" },
	  take_tenants,
	  AT(tenant) },
	{ { 0, "error-query", "QUERY", "what counts bad events, with {{.window}} in it" },
	  take_query,
	  AT(one.error) },
	{ { 0, "good-query", "QUERY", "or what counts good ones" }, take_query, AT(one.good) },
	{ { 0, "total-query", "QUERY", "and what counts all" }, take_query, AT(one.total) },
	{ { 0, "error-ratio-query", "QUERY", "or the share of bad ones, alone" },
	  take_query,
	  AT(one.share) },
	{ { 0, "alert", "FACTOR:LONG:SHORT[:page|ticket]",
	    "look for this burn rate in both windows; repeatable (14.4:1h:5m:page ...)" },
	  take_alert,
	  WHOLE },
	{ { 0, "pace", "DURATION", "foretell by the burn rate of this window (1h)" },
	  take_length,
	  AT(pace_ns) },
	{ { 0, "min", "SHARE", "gate: so many events are to be good (the target)" },
	  take_min,
	  WHOLE },
	{ { 0, "no-traffic", "pass|fail", "check, gate: what it is when there was none (fail)" },
	  take_no_traffic,
	  WHOLE },
	{ { 0, "errors", "DURATION:SHARE,...", "simulate: what fails, one phase after the other" },
	  cli_take_text,
	  AT(errors) },
	{ { 0, "step", "DURATION", "simulate, burndown: of one interval" },
	  take_length,
	  AT(step_ns) },
	{ { 0, "postmortem", NULL, "report: of an incident, with all that is known of it" },
	  cli_take_flag,
	  AT(postmortem) },
	{ { 0, "from", "TIME", "--postmortem: when it began" }, take_from, WHOLE },
	{ { 0, "to", "TIME", "--postmortem: when it was over" }, take_to, WHOLE },
	{ { 0, "title", "TEXT", "--postmortem: what it is called" }, cli_take_text, AT(title) },
	{ { 0, "author", "NAME", "--postmortem: who writes it" }, cli_take_text, AT(author) },
	{ { 0, "events", "QUERY", "--postmortem: lines of the store for the timeline, in LogQL" },
	  cli_take_text,
	  AT(events) },
	{ { 0, "impact", "QUERY", "--postmortem: bad events by tenant, a series each" },
	  cli_take_text,
	  AT(impact) },
	{ { 0, "low", "SHARE", "rules: tell when less of the budget is left; 0: never (25%)" },
	  take_low,
	  WHOLE },
	{ { 0, "interval", "DURATION", "rules: of evaluation (Prometheus's own)" },
	  take_length,
	  AT(interval_ns) },
	{ { 0, "at", "TIME", "the time that is now" }, take_at, WHOLE },
	{ { 'o', "format", "text|jsonl|csv|svg|html", "what is printed (text)" },
	  take_format,
	  WHOLE },
	{ { 'q', "quiet", NULL, "check: tell only of objectives whose answer is no" },
	  cli_take_flag,
	  AT(quiet) },
	{ { 0, "output", "FILE", "write it there, whole or not at all" },
	  cli_take_text,
	  AT(output) },
	{ { 0 }, NULL, 0 },
};

/* --- whether they go together ---------------------------------------------------------------- */

static int settle_counts(struct slo_opts *o, struct err *e)
{
	if (o->has_bad && o->has_good)
		return err_set(e, ERR_USAGE, "--bad and --good: one at a time");
	if (!o->has_total && (o->has_bad || o->has_good))
		return err_set(e, ERR_USAGE, "option '%s': --total says of how many",
			       o->has_bad ? "--bad" : "--good");
	if (o->has_total && !o->has_bad && !o->has_good)
		return err_set(e, ERR_USAGE,
			       "option '--total': --bad or --good says how many of these");
	if (o->has_good && !exact_sum(o->counts.total, exact_negative(o->good), &o->counts.bad))
		return err_set(e, ERR_LIMIT, "--total and --good have too many digits together");
	if (o->has_good && o->counts.bad.units < 0)
		return err_set(e, ERR_USAGE, "option '--good': there are more than --total");
	return 0;
}

/* A store beside another place is where --events are. */
static bool is_timeline(const struct slo_opts *o)
{
	return o->events && (o->has_total || o->counts_file || o->prometheus || o->addr);
}

/* One place at most where counts come from, and what is needed there. */
static int check_source(const struct slo_opts *o, struct err *e)
{
	const struct cli_mode from[] = { { "--total", o->has_total },
					 { "--counts", o->counts_file != NULL },
					 { "--prometheus", o->prometheus != NULL },
					 { "--addr", o->addr != NULL },
					 { "--store", (o->store || o->wal) && !is_timeline(o) } };
	const char *url = o->prometheus ? o->prometheus : o->addr;
	const bool queries = o->one.error.n || o->one.good.n || o->one.total.n || o->one.share.n;
	const struct cli_use uses[] = {
		{ "--in", o->n_in > 0, 1 << 1 },
		{ "--timeout", o->given.http.timeout_ms > 0, 1 << 3 | 1 << 4 },
		{ "--tenant", o->tenant.n && !o->events, 1 << 4 | 1 << 5 }
	};
	size_t mode;

	if (cli_mode_find(from, sizeof(from) / sizeof(*from), &mode, e) < 0 ||
	    cli_mode_check(from, mode, uses, sizeof(uses) / sizeof(*uses), e) < 0 ||
	    httpc_given_check(&o->given, "--prometheus and --addr", url, e) < 0)
		return -1;
	if (queries && mode == 1)
		return err_set(e, ERR_USAGE, "queries and --total: counts are asked for, or given");
	return 0;
}

/* A gate asks for one window alone, which may stand in the query. */
static int check_windows(const struct slo *o, enum slo_verb verb, struct err *e)
{
	const struct {
		const char *option;
		struct bytes query;
	} queries[] = { { "--error-query", o->error },
			{ "--good-query", o->good },
			{ "--total-query", o->total },
			{ "--error-ratio-query", o->share } };

	for (size_t i = 0; verb != SLO_GATE && i < sizeof(queries) / sizeof(*queries); i++)
		if (queries[i].query.n && !slo_query_has_window(queries[i].query))
			return err_set(
				e, ERR_USAGE,
				"option '%s': has no {{.window}}, so it would say the same of all "
				"windows: write rate(...[{{.window}}])",
				queries[i].option);
	return 0;
}

static int check_queries(const struct slo *o, struct err *e)
{
	if (o->error.n && o->good.n)
		return err_set(e, ERR_USAGE, "--error-query and --good-query: one of them");
	if (o->share.n && (o->error.n || o->good.n || o->total.n))
		return err_set(e, ERR_USAGE,
			       "--error-ratio-query: is alone, without other queries");
	if ((o->error.n || o->good.n) && !o->total.n)
		return err_set(e, ERR_USAGE, "--total-query says of how many these are");
	if (o->total.n && !o->error.n && !o->good.n)
		return err_set(
			e, ERR_USAGE,
			"--total-query: --error-query or --good-query says how many of these");
	return 0;
}

/* Options of --postmortem. */
static int check_incident(const struct slo_opts *o, struct err *e)
{
	const struct cli_mode modes[] = { { "--postmortem", o->postmortem } };
	const struct cli_use uses[] = { { "--from", o->has_from, 1 << 1 },
					{ "--to", o->has_to, 1 << 1 },
					{ "--title", o->title != NULL, 1 << 1 },
					{ "--author", o->author != NULL, 1 << 1 },
					{ "--events", o->events != NULL, 1 << 1 },
					{ "--impact", o->impact != NULL, 1 << 1 } };

	if (cli_mode_check(modes, o->postmortem, uses, sizeof(uses) / sizeof(*uses), e) < 0)
		return -1;
	if (!o->postmortem)
		return 0;
	if (!o->has_from || !o->has_to)
		return err_set(e, ERR_USAGE, "--postmortem: --from and --to say when it was");
	if (o->from_ns >= o->to_ns)
		return err_set(e, ERR_USAGE, "--from is not before --to");
	if (o->has_at)
		return err_set(e, ERR_USAGE,
			       "--at and --postmortem: it is looked at from its --to");
	if (o->format != SLO_TEXT)
		return err_set(e, ERR_USAGE, "--postmortem is Markdown: no other --format");
	if (o->events && !o->store && !o->wal)
		return err_set(e, ERR_USAGE, "--events: --store or --wal says whose lines");
	if (o->impact && !o->prometheus && !o->addr)
		return err_set(
			e, ERR_USAGE,
			"--impact: is asked of --prometheus or --addr; of a store each tenant is "
			"looked at");
	return 0;
}

/* Options of single verbs. */
static int check_verb(const struct slo_opts *o, enum slo_verb verb, struct err *e)
{
	const struct cli_mode verbs[] = {
		{ "check", false },    { "gate", false },   { "burndown", false },
		{ "simulate", false }, { "report", false }, { "rules", false },
	};
	const struct cli_use uses[] = {
		{ "--low", o->has_low, 1 << SLO_RULES },
		{ "--interval", o->interval_ns > 0, 1 << SLO_RULES },
		{ "--min", o->has_min, 1 << SLO_GATE },
		{ "--no-traffic", o->has_no_traffic, 1 << SLO_CHECK | 1 << SLO_GATE },
		{ "--quiet", o->quiet, 1 << SLO_CHECK },
		{ "--errors", o->errors != NULL, 1 << SLO_SIMULATE },
		{ "--step", o->step_ns > 0, 1 << SLO_SIMULATE | 1 << SLO_BURNDOWN },
		{ "--postmortem", o->postmortem, 1 << SLO_REPORT },
		{ "--format html", o->format == SLO_HTML, 1 << SLO_REPORT },
		{ "--format svg", o->format == SLO_SVG, 1 << SLO_SIMULATE | 1 << SLO_BURNDOWN },
	};

	if (cli_mode_check(verbs, verb, uses, sizeof(uses) / sizeof(*uses), e) < 0)
		return -1;
	if (verb == SLO_RULES && o->has_format)
		return err_set(e, ERR_USAGE, "--format: rules are YAML, as Prometheus reads them");
	return check_incident(o, e);
}

int slo_opts_check(struct slo_opts *o, enum slo_verb verb, size_t n_files, struct err *e)
{
	if (check_verb(o, verb, e) < 0)
		return -1;
	if (n_files && (o->has_target || o->has_total || slo_has_queries(&o->one)))
		return err_set(e, ERR_USAGE,
			       "%s is of an objective of the command line: files have theirs",
			       o->has_target  ? "--target"
			       : o->has_total ? "--total"
					      : "a query");
	if (check_source(o, e) < 0 || check_queries(&o->one, e) < 0 ||
	    check_windows(&o->one, verb, e) < 0)
		return -1;
	if (verb == SLO_GATE && o->has_min && !o->has_target) { /* which is no matter there */
		o->one.target = (struct exact){ 5, 1 };
		o->has_target = n_files == 0;
	}
	if (!n_files && !o->has_target && (o->has_total || slo_has_queries(&o->one)))
		return err_set(e, ERR_USAGE, "no --target is given");
	if (o->postmortem) {
		o->at_ns = o->to_ns;
		o->has_at = true;
	}
	if (o->alerts.n == 0)
		o->alerts = slo_alerts_default();
	return settle_counts(o, e);
}
