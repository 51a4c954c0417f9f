/* logql - ask a store, its write-ahead log, packs, or raw lines, in LogQL. */
#include "cli/cli.h"
#include "cli/output.h"
#include "logql/parse.h"
#include "query/series_print.h"
#include "query/template.h"
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
	OPT_OUTPUT,
	OPT_MEMORY,
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
	{ OPT_INPUT, "input", "auto|lines|jsonl", "what text files are (auto)" },
	{ OPT_TIME, "time", "arrival|line", "time of raw lines (arrival)" },
	{ OPT_TIME_FIELD, "time-field", "NAME", "take it from this field of JSON or logfmt" },
	{ OPT_MEMORY, "memory", "SIZE", "of series and values of a metric query (1GiB)" },
	{ 'j', "jobs", "N", "threads (as many as processors)" },
	{ 0 },
};

struct args {
	struct cli *cli;
	struct query_opts q;
	enum format format;
	const char *output; /* file to be written, or NULL */
	bool categorize, has_tenant, has_time, strict;
};

/* A query may look at the same data several times. */
static void on_damage(void *cli, const struct err *e)
{
	cli_report_once(cli, e);
}

static void on_warning(void *cli, const struct err *e)
{
	cli_warn(cli, "%s", e->msg);
}

static void on_note(void *cli, const struct err *e)
{
	cli_note(cli, "%s", e->msg);
}

static bool arg_time(const struct args *a, int64_t *ret)
{
	struct err e;

	if (time_parse(bytes_str(cli_arg(a->cli)), a->q.source.now_ns, ret, &e) < 0)
		cli_bad_value(a->cli, &e);
	return true;
}

static bool arg_step(const struct args *a, int64_t *ret)
{
	struct err e;

	if (time_parse_duration(bytes_str(cli_arg(a->cli)), ret, &e) < 0)
		cli_bad_value(a->cli, &e);
	return true;
}

static void take_source_option(struct args *a, int c)
{
	static const char *const inputs[] = { "auto", "lines", "jsonl", NULL };
	static const char *const times[] = { "arrival", "line", NULL };
	struct source_opts *s = &a->q.source;
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
		a->has_tenant = true;
		break;
	case OPT_INPUT:
		s->input = (enum input_kind)cli_word(a->cli, inputs);
		break;
	case OPT_TIME:
		s->raw_time = cli_word(a->cli, times) ? RAW_TIME_LINE : RAW_TIME_ARRIVAL;
		a->has_time = true;
		break;
	case OPT_TIME_FIELD:
		s->raw_time = RAW_TIME_FIELD;
		s->time_field = bytes_str(cli_arg(a->cli));
		a->has_time = true;
		break;
	}
}

static void take_option(struct args *a, int c)
{
	static const char *const formats[] = { "default", "raw", "jsonl", "csv", "api", NULL };
	static const char *const directions[] = { "backward", "forward", NULL };
	struct query_opts *q = &a->q;

	switch (c) {
	case OPT_FROM:
		q->has_from = arg_time(a, &q->from);
		break;
	case OPT_TO:
		q->has_to = arg_time(a, &q->to);
		break;
	case OPT_STEP:
		q->has_step = arg_step(a, &q->step_ns);
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
		a->format = (enum format)cli_word(a->cli, formats);
		break;
	case OPT_CATEGORIZE:
		a->categorize = true;
		break;
	case 'j':
		q->jobs = (unsigned)cli_count(a->cli);
		break;
	case OPT_MEMORY:
		q->max_bytes = cli_size(a->cli);
		break;
	case OPT_OUTPUT:
		a->output = cli_arg(a->cli);
		break;
	case OPT_STRICT:
		a->strict = true;
		break;
	default:
		take_source_option(a, c);
		break;
	}
}

static void choose_sources(struct args *a, char **files, int n)
{
	struct source_opts *s = &a->q.source;

	if (!sources_choose(s, files, (size_t)n))
		cli_usage(a->cli,
			  "nothing to read: ./lokid-data is not there; name a FILE, --store or "
			  "--wal, pipe lines in, or make it with lokid-ingest");
	if ((a->has_time || s->input != INPUT_AUTO) && s->n_files == 0)
		cli_usage(a->cli, "--time, --time-field, --input: no text file is read");
	if (!a->has_tenant && (s->store || s->wal))
		s->tenant = BYTES_LIT("fake");
}

static int run_query(struct args *a, const char *text, char **files, int n_files, struct err *e)
{
	const struct logql_opts parse = { .flags = a->strict ? 0 : LOGQL_ANY_SELECTOR,
					  .check_template = template_check };
	struct formatter f = { .format = a->format, .categorize = a->categorize, .out = stdout };
	struct query_out out = { format_entry, format_metric, format_pause, &f };
	struct query_opts *o = &a->q;
	struct logql_query q;
	uint64_t n = 0;
	bool is_log;
	int r;

	if (logql_parse(bytes_str(text), &parse, &q, NULL, e) < 0)
		return -1;
	is_log = logql_is_log(&q);
	r = query_check(&q, o, e);
	if (r < 0)
		goto out;
	choose_sources(a, files, n_files);
	o->is_range = !o->has_at && (o->step_ns > 0 || o->has_from);
	/* Raw lines without a time of their own are of this moment, and so is an instant query. */
	if (!is_log && !a->has_time)
		o->source.raw_time = RAW_TIME_NOW;
	r = is_log ? format_begin_log(&f, e) : 0;
	if (r == 0)
		r = query_run(&q, o, &out, &n, e);
	if (r == 0 && is_log)
		r = format_end_log(&f, e);
	if (r == 0 && n == 0)
		r = err_set(e, ERR_NO, "nothing found");
out:
	formatter_release(&f);
	logql_query_release(&q);
	return r;
}

/* labels, values NAME, series, stats: [SELECTOR]... [FILE]... */
static int run_series(struct args *a, enum series_what what, char **operands, int n, struct err *e)
{
	struct series_opts o = { .from = a->q.has_from ? a->q.from : INT64_MIN,
				 .to = a->q.has_to ? a->q.to : INT64_MAX };
	struct bytes name = { 0 };
	uint64_t found = 0;
	int n_sel = 0, r;

	if (query_check_opts(&a->q, QUERY_SERIES, e) < 0)
		return -1;
	if (what == SERIES_VALUES) {
		if (n == 0)
			cli_usage(a->cli, "values: no label name given");
		name = bytes_str(*operands++);
		n--;
	}
	while (n_sel < n && operands[n_sel][0] == '{')
		n_sel++;
	choose_sources(a, operands + n_sel, n - n_sel);
	o.source = a->q.source;
	o.strict = a->strict;
	r = series_ask(what, &o, operands, (size_t)n_sel, name, a->format, stdout, &found, e);
	return r == 0 && found == 0 ? err_set(e, ERR_NO, "nothing found") : r;
}

static int run(void *data, struct err *e)
{
	struct args *a = data;
	static const char *const commands[] = { "labels", "values", "series", "stats" };
	char **operand = a->cli->operand + 1;
	int n = a->cli->n_operands - 1;

	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (strcmp(operand[-1], commands[i]) == 0)
			return run_series(a, (enum series_what)i, operand, n, e);
	if (strcmp(operand[-1], "fmt") == 0) {
		if (n != 1)
			cli_usage(a->cli, "fmt: one query expected");
		if (query_check_opts(&a->q, QUERY_FMT, e) < 0)
			return -1;
		return format_query(stdout, bytes_str(operand[0]), a->strict, a->format, e);
	}
	return run_query(a, operand[-1], operand, n, e);
}

int main(int argc, char **argv)
{
	struct cli cli = {
		.prog = "logql",
		.operands =
			"QUERY|labels|values NAME|series|stats|fmt QUERY [SELECTOR]... [FILE]...",
		.about = "Answer a LogQL query from a store, its log, packs, or raw lines.",
		.opts = opts,
		.examples = "logql '{app=\"web\"} |= \"timeout\"'\n"
			    "logql '{} |= \"error\" | json | status >= 500' access.log.gz\n"
			    "logql 'sum by (level) (count_over_time({} | json [1m]))' < app.log"
	};
	struct args a = { .cli = &cli,
			  .q.source = { .now_ns = time_now_ns(),
					.damage = on_damage,
					.warn = on_warning,
					.note = on_note,
					.damage_data = &cli } };

	for (int c; (c = cli_next(&cli, argc, argv)) != -1;)
		take_option(&a, c);
	if (cli.n_operands == 0)
		cli_usage(&cli, "no query given");
	if (a.categorize && a.format != FORMAT_API)
		cli_usage(&cli, "option '--categorize-labels': only with -o api");
	a.q.jobs = a.q.jobs && a.q.jobs <= WORK_JOBS_MAX ? a.q.jobs : work_cpus();
	cli_output_run(&cli, a.output, run, &a);
	return cli_exit(&cli);
}
