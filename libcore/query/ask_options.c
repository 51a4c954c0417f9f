#include "query/ask_options.h"

#include <limits.h>
#include <sys/resource.h>

#include "base/mem.h"
#include "base/work.h"
#include "query/ask_remote.h"
#include "store/stats.h"
#include "time/time.h"

/* --- what is read ---------------------------------------------------------------------------- */

static int take_tenant(void *ask, const char *value, struct err *e)
{
	struct ask *a = ask;

	struct bytes rest = bytes_str(value), one;

	a->q.source.tenant = rest;
	a->q.has_tenant = true;
	while (bytes_split(&rest, '|', &one))
		if (labels_check_tenant(one, e) < 0)
			return -1;
	return 0;
}

static int take_match(void *ask, const char *value, struct err *e)
{
	struct ask *a = ask;

	if (a->n_match == ASK_MATCH_MAX)
		return err_set(e, ERR_USAGE, "given more than %d times", ASK_MATCH_MAX);
	a->match_text[a->n_match++] = (char *)value;
	return 0;
}

static int take_input(void *ask, const char *value, struct err *e)
{
	static const char *const inputs[] = { "auto", "lines", "jsonl", NULL };
	struct ask *a = ask;
	int i;

	if (cli_read_word(value, inputs, &i, e) < 0)
		return -1;
	a->q.source.input = (enum input_kind)i;
	return 0;
}

static int take_raw_time(void *ask, const char *value, struct err *e)
{
	static const char *const times[] = { "arrival", "line", NULL };
	struct ask *a = ask;
	int i;

	if (cli_read_word(value, times, &i, e) < 0)
		return -1;
	a->q.source.raw_time = i ? RAW_TIME_LINE : RAW_TIME_ARRIVAL;
	a->q.has_raw_time = true;
	return 0;
}

static int take_time_field(void *ask, const char *value, struct err *e)
{
	struct ask *a = ask;

	(void)e;
	a->q.source.raw_time = RAW_TIME_FIELD;
	a->q.source.time_field = bytes_str(value);
	return 0;
}

/* --- when ------------------------------------------------------------------------------------ */

static int take_time(const struct ask *a, const char *value, int64_t *ret, bool *ret_has,
		     struct err *e)
{
	*ret_has = true;
	return time_parse(bytes_str(value), a->q.source.now_ns, ret, e);
}

/* Times are counted from it as they are read. */
static int take_now(void *ask, const char *value, struct err *e)
{
	struct ask *a = ask;

	if (a->q.has_from || a->q.has_to || a->q.has_at)
		return err_set(e, ERR_USAGE, "it stands before --from, --since, --to and --at");
	return take_time(a, value, &a->q.source.now_ns, &a->q.has_now, e);
}

static int take_from(void *ask, const char *value, struct err *e)
{
	struct ask *a = ask;

	return take_time(a, value, &a->q.from, &a->q.has_from, e);
}

static int take_since(void *ask, const char *value, struct err *e)
{
	struct ask *a = ask;
	int64_t ns;

	if (time_parse_duration(bytes_str(value), &ns, e) < 0)
		return -1;
	if (ns <= 0)
		return err_set(e, ERR_USAGE, "expected a duration above 0, found '%s'", value);
	if (__builtin_sub_overflow(a->q.source.now_ns, ns, &a->q.from))
		a->q.from = INT64_MIN;
	a->q.has_from = true;
	return 0;
}

static int take_to(void *ask, const char *value, struct err *e)
{
	struct ask *a = ask;

	return take_time(a, value, &a->q.to, &a->q.has_to, e);
}

static int take_at(void *ask, const char *value, struct err *e)
{
	struct ask *a = ask;

	return take_time(a, value, &a->q.at, &a->q.has_at, e);
}

static int take_step(void *ask, const char *value, struct err *e)
{
	struct ask *a = ask;

	a->q.has_step = true;
	return time_parse_duration(bytes_str(value), &a->q.step_ns, e);
}

/* --- what is answered ------------------------------------------------------------------------ */

static int take_limit(void *ask, const char *value, struct err *e)
{
	struct ask *a = ask;

	a->q.has_limit = true;
	return cli_read_count(value, 0, UINT64_MAX, &a->q.limit, e);
}

static int take_direction(void *ask, const char *value, struct err *e)
{
	static const char *const directions[] = { "backward", "forward", NULL };
	struct ask *a = ask;
	int i;

	if (cli_read_word(value, directions, &i, e) < 0)
		return -1;
	a->q.dir = i ? FORWARD : BACKWARD;
	a->q.has_dir = true;
	return 0;
}

static int take_format(void *ask, const char *value, struct err *e)
{
	static const char *const formats[] = { "default", "raw", "jsonl", "csv", "api", NULL };
	struct ask *a = ask;
	int i;

	if (cli_read_word(value, formats, &i, e) < 0)
		return -1;
	a->format = (enum format)i;
	return 0;
}

static int take_encoding_flags(void *ask, const char *value, struct err *e)
{
	struct ask *a = ask;

	(void)e;
	a->encoding_flags = bytes_str(value);
	for (struct bytes rest = a->encoding_flags, flag; bytes_split(&rest, ',', &flag);)
		a->categorize |= bytes_is(bytes_trim(flag), "categorize-labels");
	return 0;
}

static int take_how(struct ask *a, enum explain_how how, const char *other, struct err *e)
{
	if (a->explain != EXPLAIN_NOT && a->explain != how)
		return err_set(e, ERR_USAGE, "not with %s", other);
	a->explain = how;
	return 0;
}

static int take_explain(void *ask, const char *value, struct err *e)
{
	struct ask *a = ask;

	(void)value;
	return take_how(a, EXPLAIN_PLAN, "--analyze", e);
}

static int take_analyze(void *ask, const char *value, struct err *e)
{
	struct ask *a = ask;

	(void)value;
	return take_how(a, EXPLAIN_ANALYZE, "--explain", e);
}

static int take_color(void *ask, const char *value, struct err *e)
{
	static const char *const when[] = { "auto", "always", "never", NULL };
	struct ask *a = ask;
	int i;

	a->color_when = value;
	return cli_read_word(value, when, &i, e);
}

static int take_target_labels(void *ask, const char *value, struct err *e)
{
	struct ask *a = ask;

	(void)e;
	a->volume.target_labels = bytes_str(value);
	return 0;
}

static int take_aggregate_by(void *ask, const char *value, struct err *e)
{
	static const char *const bys[] = { "series", "labels", NULL };
	struct ask *a = ask;
	int i;

	if (cli_read_word(value, bys, &i, e) < 0)
		return -1;
	a->volume.by = (enum volume_by)i;
	a->has_volume_by = true;
	return 0;
}

static int take_line_limit(void *ask, const char *value, struct err *e)
{
	struct ask *a = ask;

	a->has_line_limit = true;
	return cli_read_count(value, 0, UINT64_MAX, &a->line_limit, e);
}

static int take_threshold(void *ask, const char *value, struct err *e)
{
	struct ask *a = ask;

	a->has_threshold = true;
	return share_read(bytes_str(value), &a->completeness.threshold, e);
}

static int take_source_label(void *at, const char *value, struct err *e)
{
	if (labels_check_name(bytes_str(value), e) < 0)
		return -1;
	*(struct bytes *)at = bytes_str(value);
	return 0;
}

static int take_delay(void *ask, const char *value, struct err *e)
{
	struct ask *a = ask;

	if (time_parse_duration(bytes_str(value), &a->delay_ns, e) < 0)
		return -1;
	if (a->delay_ns < 0)
		return err_set(e, ERR_USAGE, "expected a duration of at least 0");
	a->has_delay = true;
	return 0;
}

/* --- within what ----------------------------------------------------------------------------- */

static int take_memory(void *ask, const char *value, struct err *e)
{
	struct ask *a = ask;

	a->q.has_memory = true;
	return cli_take_size(&a->q.max_bytes, value, e);
}

static int take_length(void *at, const char *value, struct err *e)
{
	int64_t ns;

	if (time_parse_duration(bytes_str(value), &ns, e) < 0)
		return -1;
	if (ns <= 0)
		return err_set(e, ERR_USAGE, "expected a duration above zero");
	*(int64_t *)at = ns;
	return 0;
}

static int take_gate(void *ask, const char *value, struct err *e)
{
	struct ask *a = ask;
	uint64_t fd;

	if (cli_read_count(value, 3, INT_MAX, &fd, e) < 0)
		return -1;
	a->gate.fd = (int)fd;
	a->q.source.gate = &a->gate;
	return 0;
}

static int take_gate_bytes(void *ask, const char *value, struct err *e)
{
	struct ask *a = ask;

	a->gate.bounded = true;
	return cli_read_size(value, 0, UINT64_MAX, &a->gate.free_bytes, e);
}

static int take_standby(void *ask, const char *value, struct err *e)
{
	uint64_t fd;

	if (cli_read_count(value, 3, INT_MAX, &fd, e) < 0)
		return -1;
	((struct ask *)ask)->standby = (int)fd;
	return 0;
}

static int take_max_memory(void *ask, const char *value, struct err *e)
{
	struct rlimit l;
	uint64_t n;

	(void)ask;
	if (cli_read_size(value, 1, UINT64_MAX, &n, e) < 0)
		return -1;
	l = (struct rlimit){ n, n };
	return setrlimit(RLIMIT_DATA, &l) < 0 ? err_sys(e, "'%s'", value) : 0;
}

static int take_queued(void *ask, const char *value, struct err *e)
{
	struct ask *a = ask;

	a->has_queued = true;
	return time_parse_duration(bytes_str(value), &a->stats.queued_ns, e);
}

static int take_jobs(void *ask, const char *value, struct err *e)
{
	struct ask *a = ask;
	uint64_t n;

	if (cli_read_count(value, 1, WORK_JOBS_MAX, &n, e) < 0)
		return -1;
	a->q.jobs = (unsigned)n;
	a->q.has_jobs = true;
	return 0;
}

/* --- what may be asked ------------------------------------------------------------------------ */

static int take_need_labels(void *at, const char *value, struct err *e)
{
	struct bytes rest = bytes_str(value), name;

	while (bytes_split(&rest, ',', &name))
		if (labels_check_name(name, e) < 0)
			return -1;
	*(struct bytes *)at = bytes_str(value);
	return 0;
}

static int take_refuse(void *at, const char *value, struct err *e)
{
	static const char *const kinds[] = { "metric", "filter", "limited", NULL };
	struct bytes rest = bytes_str(value), word;
	unsigned *kind = at;

	while (bytes_split(&rest, ',', &word)) {
		char text[16] = "";
		int i;

		snprintf(text, sizeof(text), "%.*s", BYTES_ARG(word));
		if (cli_read_word(text, kinds, &i, e) < 0)
			return -1;
		*kind |= 1U << i;
	}
	return 0;
}

/* --- the table ------------------------------------------------------------------------------- */

/* Of rows whose function takes the whole struct ask, or one field of it. */
#define WHOLE	  0
#define AT(field) offsetof(struct ask, field)

const struct cli_taken ask_options[] = {
	{ { 0, "store", "DIR", "store to ask (lokid-data/store)" },
	  cli_take_text,
	  AT(q.source.store) },
	{ { 0, "wal", "DIR", "write-ahead log to ask (lokid-data/wal)" },
	  cli_take_text,
	  AT(q.source.wal) },
	{ { 0, "addr", "URL",
	    "ask a server of Loki's API: queries, labels, values, series, stats, volume" },
	  httpc_take_url,
	  AT(remote.addr) },
	HTTPC_OPTIONS("--addr", AT(remote.given)),
	{ { 0, "require-private", NULL, "refuse a store whose name leads to a public address" },
	  store_take_private,
	  WHOLE },
	{ { 't', "tenant", "TENANT|...", "whose entries (fake; of files all)" },
	  take_tenant,
	  WHOLE },
	{ { 0, "match", "SELECTOR", "of these streams alone, whatever is asked" },
	  take_match,
	  WHOLE },
	{ { 0, "limits", "FILE", "how long entries are kept (~lokid/limits.yaml of the store)" },
	  cli_take_text,
	  AT(q.source.limits_file) },
	CACHE_OPTIONS(AT(cache)),
	{ { 0, "list-age", "DURATION", "listings in the cache may be so old (0)" },
	  take_length,
	  AT(q.source.list_age_ns) },
	{ { 0, "store-stats", NULL, "say at the end what was asked of the store" },
	  cli_take_flag,
	  AT(say_store) },
	{ { 0, "now", "TIME", "what times and ages are counted from (the clock's)" },
	  take_now,
	  WHOLE },
	{ { 0, "from", "TIME", "entries from then on; first step of a metric query" },
	  take_from,
	  WHOLE },
	{ { 0, "since", "DURATION", "entries of so long, as --from -DURATION" },
	  take_since,
	  WHOLE },
	{ { 0, "to", "TIME", "entries before then; last step of a metric query" }, take_to, WHOLE },
	{ { 0, "step", "DURATION", "a metric query gives a value at each step" },
	  take_step,
	  WHOLE },
	{ { 0, "at", "TIME", "a metric query gives its value at this time" }, take_at, WHOLE },
	{ { 'n', "limit", "N", "at most N entries, 0 for all (0)" }, take_limit, WHOLE },
	{ { 0, "interval", "DURATION", "entries at least so far apart" },
	  take_length,
	  AT(q.interval_ns) },
	{ { 0, "direction", "backward|forward", "newest or oldest first" }, take_direction, WHOLE },
	{ { 'o', "format", "default|raw|jsonl|csv|api", "how the answer is printed" },
	  take_format,
	  WHOLE },
	{ { 0, "output", "FILE", "write the answer there, whole or not at all" },
	  cli_take_text,
	  AT(output) },
	{ { 0, "encoding-flags", "FLAG,...", "with -o api: categorize-labels, by their origin" },
	  take_encoding_flags,
	  WHOLE },
	{ { 0, "explain", NULL, "print how it would be answered, and read nothing for it" },
	  take_explain,
	  WHOLE },
	{ { 0, "analyze", NULL, "answer it, and print how that went and what it took" },
	  take_analyze,
	  WHOLE },
	{ { 0, "no-filters", NULL, "read blocks also where filters say that they lack a text" },
	  cli_take_flag,
	  AT(q.no_filters) },
	{ { 0, "color", "auto|always|never", "entries in the colour of their level (auto)" },
	  take_color,
	  WHOLE },
	{ { 'i', "interactive", NULL, "ask for queries, answer one after the other" },
	  cli_take_flag,
	  AT(interactive) },
	{ { 0, "strict", NULL, "refuse what Loki refuses: {}, variants" },
	  cli_take_flag,
	  AT(strict) },
	{ { 0, "pcre", NULL, "regexes of the query are Perl's, not RE2's" },
	  cli_take_flag,
	  AT(pcre) },
	{ { 0, "input", "auto|lines|jsonl", "what text files are (auto)" }, take_input, WHOLE },
	{ { 0, "time", "arrival|line", "time of raw lines (arrival)" }, take_raw_time, WHOLE },
	{ { 0, "time-field", "NAME", "take it from this field of JSON or logfmt" },
	  take_time_field,
	  WHOLE },
	{ { 0, "memory", "SIZE", "of series and values of a metric query (1GiB)" },
	  take_memory,
	  WHOLE },
	{ { 0, "target-labels", "NAME,...", "volume: by these labels" },
	  take_target_labels,
	  WHOLE },
	{ { 0, "aggregate-by", "series|labels", "volume: of each set of them, or of each" },
	  take_aggregate_by,
	  WHOLE },
	{ { 0, "line-limit", "N", "lines that detected-fields looks at (1000)" },
	  take_line_limit,
	  WHOLE },
	{ { 0, "completeness", "EXPECTED", "count the lines of the sources in this file" },
	  cli_take_text,
	  AT(completeness.path) },
	{ { 0, "threshold", "SHARE", "--completeness: less of a source is too little (0.95)" },
	  take_threshold,
	  WHOLE },
	{ { 0, "source-label", "NAME", "--completeness: sources are its values (service_name)" },
	  take_source_label,
	  AT(completeness.label) },
	{ { 0, "delay-for", "DURATION", "tail: wait so long for entries that are late (0)" },
	  take_delay,
	  WHOLE },
	{ { 0, "force", NULL, "delete cancel: also a request that is done in part" },
	  cli_take_flag,
	  AT(force) },
	{ { 0, "max-entries", "N", "refuse a larger --limit" },
	  cli_take_count,
	  AT(q.limits.entries) },
	{ { 0, "max-matchers", "N", "refuse more matchers in a selector" },
	  cli_take_count,
	  AT(q.limits.matchers) },
	{ { 0, "min-matchers", "N", "refuse fewer" }, cli_take_count, AT(q.limits.matchers_min) },
	{ { 0, "need-labels", "NAME,...", "refuse a selector that does not name all of them" },
	  take_need_labels,
	  AT(q.limits.labels) },
	{ { 0, "refuse", "metric|filter|limited,...", "refuse queries of these kinds" },
	  take_refuse,
	  AT(q.limits.kinds) },
	{ { 0, "max-series", "N", "refuse an answer of more series" },
	  cli_take_count,
	  AT(q.limits.series) },
	{ { 0, "max-bytes", "SIZE", "refuse to look at more bytes of lines" },
	  cli_take_size,
	  AT(q.limits.bytes) },
	{ { 0, "max-query-length", "DURATION", "refuse a longer time range" },
	  take_length,
	  AT(q.limits.length_ns) },
	{ { 0, "max-query-range", "DURATION", "refuse a longer [range]" },
	  take_length,
	  AT(q.limits.interval_ns) },
	{ { 0, "max-query-lookback", "DURATION", "see nothing older" },
	  take_length,
	  AT(q.limits.lookback_ns) },
	{ { 0, "timeout", "DURATION", "give up after so long" },
	  take_length,
	  AT(q.limits.timeout_ns) },
	{ { 0, "max-memory", "SIZE", "end when the process needs more" }, take_max_memory, WHOLE },
	{ { 0, "queued", "DURATION", "with -o api: it has waited so long; fills in stats" },
	  take_queued,
	  WHOLE },
	{ { 0, "gate", "FD", "tell there what it would read, and what it has" }, take_gate, WHOLE },
	{ { 0, "gate-bytes", "SIZE", "before reading more, wait for a byte from there" },
	  take_gate_bytes,
	  WHOLE },
	{ { 0, "standby", "FD", "wait there for the arguments of a query" }, take_standby, WHOLE },
	{ { 'j', "jobs", "N", "threads (as many as processors)" }, take_jobs, WHOLE },
	{ { 0 }, NULL, 0 },
};

int ask_take_option(struct ask *a, const char *name, const char *value, struct err *e)
{
	for (const struct cli_taken *t = ask_options; t->opt.name; t++)
		if (strcmp(t->opt.name, name) == 0)
			return t->take((char *)a + t->at, value, e);
	return err_set(e, ERR_BUG, "no option '%s'", name);
}

/* All matchers of all selectors. Their regexes are RE2's: who gives them is not who asks. */
static int parse_match(struct ask *a, struct err *e)
{
	struct source_opts *s = &a->q.source;
	struct matcher *all;

	if (selectors_parse(a->match_text, a->n_match, LOGQL_ANY_SELECTOR, &a->selectors, e) < 0)
		return err_wrap(e, "option '--match'");
	for (size_t i = 0; i < a->selectors.n; i++)
		s->n_match += a->selectors.v[i].n;
	s->match = all = a->match = mem_alloc((s->n_match + 1) * sizeof(*all));
	for (size_t i = 0; i < a->selectors.n; i++)
		for (size_t k = 0; k < a->selectors.v[i].n; k++)
			*all++ = a->selectors.v[i].match[k];
	return 0;
}

void ask_release(struct ask *a)
{
	selectors_release(&a->selectors);
	httpc_given_release(&a->remote.given);
	free(a->match);
	a->match = NULL;
	a->q.source.match = NULL;
	a->q.source.n_match = 0;
}

int ask_check_options(struct ask *a, struct err *e)
{
	if (a->encoding_flags.p && a->format != FORMAT_API)
		return err_set(e, ERR_USAGE, "option '--encoding-flags': only with -o api");
	if (a->gate.bounded && !a->q.source.gate)
		return err_set(e, ERR_USAGE, "option '--gate-bytes': only with --gate");
	if (a->q.source.gate && a->interactive)
		return err_set(e, ERR_USAGE, "option '--gate': not with --interactive");
	if ((a->has_threshold || a->completeness.label.p) && !a->completeness.path)
		return err_set(e, ERR_USAGE,
			       "options '--threshold', '--source-label': only with "
			       "--completeness");
	if (a->completeness.path && (a->interactive || a->explain))
		return err_set(e, ERR_USAGE,
			       "option '--completeness': not with --interactive, --explain or "
			       "--analyze");
	if (!a->has_threshold)
		a->completeness.threshold = (struct share){ 95, 100 };
	if (!a->completeness.label.p)
		a->completeness.label = BYTES_LIT("service_name");
	if (httpc_given_check(&a->remote.given, "--addr", a->remote.addr, e) < 0 ||
	    (a->remote.addr && ask_remote_check(a, e) < 0) || cache_opts_check(&a->cache, e) < 0)
		return -1;
	if (a->q.source.list_age_ns && !a->cache.dir)
		return err_set(e, ERR_USAGE, "option '--list-age': only with --cache");
	if (!a->q.has_jobs)
		a->q.jobs = work_cpus();
	return a->n_match ? parse_match(a, e) : 0;
}
