/* logql - ask a store, its write-ahead log, packs, or raw lines, in LogQL. */
#include "cli/cli.h"
#include "cli/output.h"
#include "query/ask.h"
#include "time/time.h"

enum {
	OPT_STORE = CLI_LONG,
	OPT_WAL,
	OPT_FROM,
	OPT_TO,
	OPT_STEP,
	OPT_AT,
	OPT_DIRECTION,
	OPT_INPUT,
	OPT_TIME,
	OPT_TIME_FIELD,
	OPT_CATEGORIZE,
	OPT_STRICT,
	OPT_PCRE,
	OPT_OUTPUT,
	OPT_MEMORY,
	OPT_TARGET_LABELS,
	OPT_AGGREGATE_BY,
	OPT_LINE_LIMIT,
	OPT_MAX_ENTRIES,
	OPT_MAX_SERIES,
	OPT_MAX_BYTES,
	OPT_MAX_QUERY_LENGTH,
	OPT_MAX_QUERY_RANGE,
	OPT_MAX_QUERY_LOOKBACK,
	OPT_TIMEOUT,
};

static const struct cli_opt opts[] = {
	{ OPT_STORE, "store", "DIR", "store to ask (lokid-data/store)" },
	{ OPT_WAL, "wal", "DIR", "write-ahead log to ask (lokid-data/wal)" },
	{ 't', "tenant", "TENANT", "whose entries (fake; of files all)" },
	{ OPT_FROM, "from", "TIME", "entries from then on; first step of a metric query" },
	{ OPT_TO, "to", "TIME", "entries before then; last step of a metric query" },
	{ OPT_STEP, "step", "DURATION", "a metric query gives a value at each step" },
	{ OPT_AT, "at", "TIME", "a metric query gives its value at this time" },
	{ 'n', "limit", "N", "at most N entries, 0 for all (0)" },
	{ OPT_DIRECTION, "direction", "backward|forward", "newest or oldest first" },
	{ 'o', "format", "default|raw|jsonl|csv|api", "how the answer is printed" },
	{ OPT_OUTPUT, "output", "FILE", "write the answer there, whole or not at all" },
	{ OPT_CATEGORIZE, "categorize-labels", NULL, "with -o api: labels by their origin" },
	{ OPT_STRICT, "strict", NULL, "refuse what Loki refuses: selectors that fit any stream" },
	{ OPT_PCRE, "pcre", NULL, "regexes of the query are Perl's, not RE2's" },
	{ OPT_INPUT, "input", "auto|lines|jsonl", "what text files are (auto)" },
	{ OPT_TIME, "time", "arrival|line", "time of raw lines (arrival)" },
	{ OPT_TIME_FIELD, "time-field", "NAME", "take it from this field of JSON or logfmt" },
	{ OPT_MEMORY, "memory", "SIZE", "of series and values of a metric query (1GiB)" },
	{ OPT_TARGET_LABELS, "target-labels", "NAME,...", "volume: by these labels" },
	{ OPT_AGGREGATE_BY, "aggregate-by", "series|labels",
	  "volume: of each set of them, or of each" },
	{ OPT_LINE_LIMIT, "line-limit", "N", "lines that detected-fields looks at (1000)" },
	{ OPT_MAX_ENTRIES, "max-entries", "N", "refuse a larger --limit" },
	{ OPT_MAX_SERIES, "max-series", "N", "refuse an answer of more series" },
	{ OPT_MAX_BYTES, "max-bytes", "SIZE", "refuse to look at more bytes of lines" },
	{ OPT_MAX_QUERY_LENGTH, "max-query-length", "DURATION", "refuse a longer time range" },
	{ OPT_MAX_QUERY_RANGE, "max-query-range", "DURATION", "refuse a longer [range]" },
	{ OPT_MAX_QUERY_LOOKBACK, "max-query-lookback", "DURATION", "see nothing older" },
	{ OPT_TIMEOUT, "timeout", "DURATION", "give up after so long" },
	{ 'j', "jobs", "N", "threads (as many as processors)" },
	{ 0 },
};

struct args {
	struct cli *cli;
	struct ask ask;
	const char *output; /* file to be written, or NULL */
};

/* A query may look at the same data several times. */
static void on_damage(void *cli, const struct err *e)
{
	cli_report_once(cli, e);
}

static void on_warning(void *cli, const struct err *e)
{
	cli_warn_once(cli, e);
}

static void on_note(void *cli, const struct err *e)
{
	cli_note(cli, "%s", e->msg);
}

static bool arg_time(const struct args *a, int64_t *ret)
{
	struct err e;

	if (time_parse(bytes_str(cli_arg(a->cli)), a->ask.q.source.now_ns, ret, &e) < 0)
		cli_bad_value(a->cli, &e);
	return true;
}

static void take_source_option(struct args *a, int c)
{
	static const char *const inputs[] = { "auto", "lines", "jsonl", NULL };
	static const char *const times[] = { "arrival", "line", NULL };
	struct source_opts *s = &a->ask.q.source;
	struct err e;

	switch (c) {
	case OPT_STORE:
		s->store = cli_arg(a->cli);
		break;
	case OPT_WAL:
		s->wal = cli_arg(a->cli);
		break;
	case 't':
		s->tenant = bytes_str(cli_arg(a->cli));
		if (labels_check_tenant(s->tenant, &e) < 0)
			cli_bad_value(a->cli, &e);
		a->ask.q.has_tenant = true;
		break;
	case OPT_INPUT:
		s->input = (enum input_kind)cli_word(a->cli, inputs);
		break;
	case OPT_TIME:
		s->raw_time = cli_word(a->cli, times) ? RAW_TIME_LINE : RAW_TIME_ARRIVAL;
		a->ask.q.has_raw_time = true;
		break;
	case OPT_TIME_FIELD:
		s->raw_time = RAW_TIME_FIELD;
		s->time_field = bytes_str(cli_arg(a->cli));
		break;
	}
}

static int64_t arg_length(const struct args *a)
{
	int64_t ns;
	struct err e;

	if (time_parse_duration(bytes_str(cli_arg(a->cli)), &ns, &e) < 0)
		cli_bad_value(a->cli, &e);
	if (ns <= 0) {
		err_set(&e, ERR_USAGE, "expected a duration above zero");
		cli_bad_value(a->cli, &e);
	}
	return ns;
}

static void take_limit(struct args *a, int c)
{
	struct query_limits *l = &a->ask.q.limits;

	switch (c) {
	case OPT_MAX_ENTRIES:
		l->entries = cli_count_in(a->cli, 1, UINT64_MAX);
		break;
	case OPT_MAX_SERIES:
		l->series = cli_count_in(a->cli, 1, UINT64_MAX);
		break;
	case OPT_MAX_BYTES:
		l->bytes = cli_size_in(a->cli, 1, UINT64_MAX);
		break;
	case OPT_MAX_QUERY_LENGTH:
		l->length_ns = arg_length(a);
		break;
	case OPT_MAX_QUERY_RANGE:
		l->interval_ns = arg_length(a);
		break;
	case OPT_MAX_QUERY_LOOKBACK:
		l->lookback_ns = arg_length(a);
		break;
	case OPT_TIMEOUT:
		l->timeout_ns = arg_length(a);
		break;
	default:
		take_source_option(a, c);
		break;
	}
}

/* Of single verbs. */
static void take_verb_option(struct args *a, int c)
{
	static const char *const bys[] = { "series", "labels", NULL };

	switch (c) {
	case OPT_TARGET_LABELS:
		a->ask.volume.target_labels = bytes_str(cli_arg(a->cli));
		break;
	case OPT_AGGREGATE_BY:
		a->ask.volume.by = (enum volume_by)cli_word(a->cli, bys);
		a->ask.has_volume_by = true;
		break;
	case OPT_LINE_LIMIT:
		a->ask.line_limit = cli_count(a->cli);
		a->ask.has_line_limit = true;
		break;
	default:
		take_limit(a, c);
		break;
	}
}

static void take_option(struct args *a, int c)
{
	static const char *const formats[] = { "default", "raw", "jsonl", "csv", "api", NULL };
	static const char *const directions[] = { "backward", "forward", NULL };
	struct query_opts *q = &a->ask.q;
	struct err e;

	switch (c) {
	case OPT_FROM:
		q->has_from = arg_time(a, &q->from);
		break;
	case OPT_TO:
		q->has_to = arg_time(a, &q->to);
		break;
	case OPT_STEP:
		if (time_parse_duration(bytes_str(cli_arg(a->cli)), &q->step_ns, &e) < 0)
			cli_bad_value(a->cli, &e);
		q->has_step = true;
		break;
	case OPT_AT:
		q->has_at = arg_time(a, &q->at);
		break;
	case 'n':
		q->limit = cli_count(a->cli);
		q->has_limit = true;
		break;
	case OPT_DIRECTION:
		q->dir = cli_word(a->cli, directions) ? FORWARD : BACKWARD;
		q->has_dir = true;
		break;
	case 'o':
		a->ask.format = (enum format)cli_word(a->cli, formats);
		break;
	case OPT_CATEGORIZE:
		a->ask.categorize = true;
		break;
	case 'j':
		q->jobs = (unsigned)cli_count_in(a->cli, 1, WORK_JOBS_MAX);
		q->has_jobs = true;
		break;
	case OPT_MEMORY:
		q->max_bytes = cli_size_in(a->cli, 1, UINT64_MAX);
		q->has_memory = true;
		break;
	case OPT_OUTPUT:
		a->output = cli_arg(a->cli);
		break;
	case OPT_STRICT:
		a->ask.strict = true;
		break;
	case OPT_PCRE:
		a->ask.pcre = true;
		break;
	default:
		take_verb_option(a, c);
		break;
	}
}

static int run(void *data, struct err *e)
{
	struct args *a = data;

	return ask_run(&a->ask, a->cli->operand, (size_t)a->cli->n_operands, e);
}

int main(int argc, char **argv)
{
	struct cli cli = {
		.prog = "logql",
		.operands = "QUERY|COMMAND [OPERAND]... [FILE]...",
		.about = "Answer a LogQL query from a store, its log, packs, or raw lines.",
		.verbs = ask_verbs,
		.opts = opts,
		.examples = "logql '{app=\"web\"} |= \"timeout\"'\n"
			    "logql '{} |= \"error\" | json | status >= 500' access.log.gz\n"
			    "logql 'sum by (level) (count_over_time({} | json [1m]))' < app.log"
	};
	struct args a = { .cli = &cli,
			  .ask.q.source = { .now_ns = time_now_ns(),
					    .damage = on_damage,
					    .warn = on_warning,
					    .note = on_note,
					    .damage_data = &cli } };

	for (int c; (c = cli_next(&cli, argc, argv)) != -1;)
		take_option(&a, c);
	if (cli.n_operands == 0)
		cli_usage(&cli, "no query given");
	if (a.ask.categorize && a.ask.format != FORMAT_API)
		cli_usage(&cli, "option '--categorize-labels': only with -o api");
	if (!a.ask.q.has_jobs)
		a.ask.q.jobs = work_cpus();
	cli_output_run(&cli, a.output, run, &a);
	return cli_exit(&cli);
}
