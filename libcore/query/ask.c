#include "query/ask.h"

#include <unistd.h>

#include "base/io.h"
#include "logql/parse.h"
#include "query/ask_delete.h"
#include "query/ask_explain.h"
#include "query/ask_remote.h"
#include "query/detect.h"
#include "query/explain_scan.h"
#include "query/patterns.h"
#include "query/series_print.h"
#include "query/tail.h"
#include "query/template.h"
#include "store/store.h"
#include "store/tenants.h"
#include "time/time.h"

static unsigned flags_of(const struct ask *a)
{
	return (a->strict ? 0 : LOGQL_ANY_SELECTOR | LOGQL_ALLOW_VARIANTS) |
	       (a->pcre ? LOGQL_PCRE : 0);
}

struct logql_opts ask_parse_opts(const struct ask *a)
{
	return (struct logql_opts){ .flags = flags_of(a), .check_template = template_check };
}

static int choose_sources(struct ask *a, char **files, size_t n, struct err *e)
{
	struct source_opts *s = &a->q.source;

	if (!sources_choose(s, files, n))
		return err_set(e, ERR_USAGE,
			       "nothing to read: ./lokid-data is not there; name a FILE, --store "
			       "or --wal, pipe lines in, or make it with lokid-ingest");
	if ((a->q.has_raw_time || s->time_field.p || s->input != INPUT_AUTO) && s->n_files == 0)
		return err_set(e, ERR_USAGE, "--time, --time-field, --input: no text file is read");
	if (a->q.has_raw_time && s->time_field.p)
		return err_set(e, ERR_USAGE, "--time, --time-field: only one of them");
	if (!a->q.has_tenant && (s->store || s->wal))
		s->tenant = BYTES_LIT("fake");
	return 0;
}

struct formatter ask_formatter(const struct ask *a)
{
	return (struct formatter){ .format = a->format,
				   .encoding_flags = a->encoding_flags,
				   .categorize = a->categorize,
				   .terminal = a->out ? a->terminal : isatty(STDOUT_FILENO),
				   .color = a->color,
				   .stats = a->q.source.stats,
				   .gate = a->q.source.gate,
				   .warnings = a->q.source.warnings,
				   .out = a->out ? a->out : stdout };
}

static int note_tenant(const char *name, uint64_t size, void *data, struct err *e)
{
	(void)name;
	(void)size;
	*(bool *)data = true;
	return err_set(e, ERR_NO, "one is enough");
}

/* Most likely a wrong -t, or none where one is needed; but a store in which nothing is yet is none
 * of that. A server's clients may ask for whom they like. */
static void hint_tenant(const struct ask *a)
{
	const struct source_opts *s = &a->q.source;
	struct bytes rest = s->tenant, one; /* "a|b" */
	bool seeks = a->q.has_tenant;
	struct store *store;
	struct err why;

	if (!s->store || !s->tenant.n || !s->warn || a->format == FORMAT_API)
		return;
	store = source_open_store(s, &why);
	if (!store)
		return;
	if (!seeks)
		(void)!store_each_tenant(store, (struct bytes){ 0 }, note_tenant, &seeks, &why);
	while (seeks && bytes_split(&rest, '|', &one))
		if (store_check_tenant(store, one, &why) < 0 && why.code == ERR_NO)
			s->warn(s->damage_data, &why);
	source_close_store(s, store);
}

static int found(struct ask *a, uint64_t n, struct err *e)
{
	a->n_found = n;
	if (n == 0)
		hint_tenant(a);
	return n ? 0 : err_set(e, ERR_NO, "nothing found");
}

/* --- queries --------------------------------------------------------------------------------- */

static int run_parsed(struct ask *a, const struct logql_query *q, struct formatter *f,
		      struct err *e)
{
	const struct query_out out = { format_entry, format_metric, format_pause, f };
	struct query_opts *o = &a->q;
	bool is_log = logql_is_log(q);
	uint64_t n = 0;

	o->kind = !o->has_at && (o->step_ns > 0 || o->has_from) ? METRIC_RANGE : METRIC_INSTANT;
	/* Raw lines without a time of their own are of this moment, and so is an instant query. */
	if (!is_log && !a->q.has_raw_time && !o->source.time_field.p)
		o->source.raw_time = RAW_TIME_NOW;
	if ((is_log && format_begin_log(f, e) < 0) || query_run(q, o, &out, &n, e) < 0 ||
	    (is_log && format_end_log(f, e) < 0))
		return -1;
	return found(a, n, e);
}

static int check_tail(const struct ask *a, size_t n, struct err *e)
{
	const struct query_opts *o = &a->q;

	if (n != 1)
		return err_set(e, ERR_USAGE, "tail: one query expected, found %zu operands", n);
	if (o->has_to || a->output)
		return err_set(e, ERR_USAGE, "options '--to', '--output': a tail has no end");
	if (o->has_dir)
		return err_set(e, ERR_USAGE, "option '--direction': entries are as they come");
	if (o->explain)
		return err_set(e, ERR_USAGE, "options '--explain', '--analyze': a tail has no end");
	if (o->has_limit && !o->has_from)
		return err_set(e, ERR_USAGE, "option '--limit': only with --from or --since");
	if (o->source.store && !o->source.wal)
		return err_set(e, ERR_USAGE, "option '--store': --wal names the log to follow");
	return 0;
}

int ask_query(struct ask *a, const char *text, char **files, size_t n, struct err *e)
{
	struct logql_opts parse = ask_parse_opts(a);
	struct formatter f = ask_formatter(a);
	struct logql_query q;
	int r;

	if (a->q.has_at)
		parse.flags |= LOGQL_NO_LOG;
	if (logql_parse(bytes_str(text), &parse, &q, NULL, e) < 0)
		return -1;
	r = query_check(&q, &a->q, e);
	if (r == 0)
		r = choose_sources(a, files, n, e);
	if (r == 0)
		r = run_parsed(a, &q, &f, e);
	formatter_release(&f);
	logql_query_release(&q);
	return r;
}

/* QUERY. A log that goes on is in its folder; what is there is asked in the store too. */
static int ask_tail(void *ask, char **operand, size_t n, struct err *e)
{
	struct ask *a = ask;
	struct source_opts *s = &a->q.source;
	struct logql_opts parse = ask_parse_opts(a);
	struct formatter f = ask_formatter(a);
	const struct tail_opts opts = { a->out ? -1 : STDOUT_FILENO, a->delay_ns };
	const struct query_out out = { format_entry, NULL, format_pause, &f };
	struct logql_query q;
	int r;

	if (check_tail(a, n, e) < 0 || logql_parse(bytes_str(operand[0]), &parse, &q, NULL, e) < 0)
		return -1;
	f.frames = true;
	s->deadline_ns = 0; /* of the next entry alone */
	r = logql_is_log(&q) ? query_check(&q, &a->q, e)
			     : err_set(e, ERR_QUERY, "only log selector is supported");
	if (!s->store && !s->wal)
		sources_choose_default(s);
	if (!a->q.has_tenant)
		s->tenant = BYTES_LIT("fake");
	if (r == 0 && !s->if_there && access(s->wal, F_OK) < 0)
		r = err_sys(e, "there is no write-ahead log '%s'", s->wal);
	if (r == 0)
		r = format_begin_log(&f, e);
	if (r == 0)
		r = tail_run(&q, &a->q, &opts, &out, e);
	formatter_release(&f);
	logql_query_release(&q);
	return r;
}

/* --- about streams --------------------------------------------------------------------------- */

/* [SELECTOR]... [FILE]... */
int ask_series_opts(struct ask *a, char **operand, size_t n, struct series_opts *ret,
		    size_t *ret_n_selectors, struct err *e)
{
	size_t n_sel = 0;

	if (query_check_opts(&a->q, QUERY_SERIES, e) < 0)
		return -1;
	if (a->encoding_flags.p)
		return err_set(e, ERR_USAGE, "option '--encoding-flags': no entries are printed");
	while (n_sel < n && operand[n_sel][0] == '{')
		n_sel++;
	if (choose_sources(a, operand + n_sel, n - n_sel, e) < 0)
		return -1;
	*ret = (struct series_opts){ .source = a->q.source,
				     .from = limits_from(&a->q.limits,
							 a->q.has_from ? a->q.from : INT64_MIN,
							 a->q.source.now_ns),
				     .to = a->q.has_to ? a->q.to : INT64_MAX,
				     .flags = flags_of(a) };
	*ret_n_selectors = n_sel;
	return 0;
}

/* Whether an explanation, of which *ret_r is the end, is all that is asked for. */
static bool is_explained(const struct ask *a, struct bytes what, const struct series_opts *o,
			 char **selectors, size_t n, int *ret_r, struct err *e)
{
	struct explain *x = a->q.explain;

	*ret_r = x ? explain_series(x, what, o, selectors, n, e) : 0;
	return x && (x->how == EXPLAIN_PLAN || *ret_r < 0);
}

static int ask_series(struct ask *a, enum series_what what, struct bytes name, char **operand,
		      size_t n, struct err *e)
{
	static const char *const names[] = { [SERIES_LABELS] = "labels",
					     [SERIES_VALUES] = "values",
					     [SERIES_SERIES] = "series",
					     [SERIES_STATS] = "stats" };
	const struct formatter f = ask_formatter(a);
	struct series_opts o;
	uint64_t n_found = 0;
	struct buf title = { 0 };
	bool explained;
	size_t n_sel;
	int r;

	if (ask_series_opts(a, operand, n, &o, &n_sel, e) < 0)
		return -1;
	buf_addf(&title, "%s%s%.*s", names[what], name.n ? " " : "", BYTES_ARG(name));
	explained = is_explained(a, buf_bytes(&title), &o, operand, n_sel, &r, e);
	buf_release(&title);
	if (explained)
		return r;
	if (series_ask(what, &o, operand, n_sel, name, &f, &n_found, e) < 0)
		return -1;
	return found(a, n_found, e);
}

static int ask_labels(void *ask, char **operand, size_t n, struct err *e)
{
	return ask_series(ask, SERIES_LABELS, (struct bytes){ 0 }, operand, n, e);
}

static int ask_values(void *ask, char **operand, size_t n, struct err *e)
{
	if (n == 0)
		return err_set(e, ERR_USAGE, "values: no label name given");
	return ask_series(ask, SERIES_VALUES, bytes_str(operand[0]), operand + 1, n - 1, e);
}

static int ask_series_names(void *ask, char **operand, size_t n, struct err *e)
{
	return ask_series(ask, SERIES_SERIES, (struct bytes){ 0 }, operand, n, e);
}

static int ask_stats(void *ask, char **operand, size_t n, struct err *e)
{
	return ask_series(ask, SERIES_STATS, (struct bytes){ 0 }, operand, n, e);
}

static int ask_detected_labels(void *ask, char **operand, size_t n, struct err *e)
{
	struct ask *a = ask;
	struct selectors sel = { 0 };
	struct series_opts o;
	uint64_t n_found = 0;
	size_t n_sel;
	int r;

	if (ask_series_opts(a, operand, n, &o, &n_sel, e) < 0)
		return -1;
	if (is_explained(a, BYTES_LIT("detected-labels"), &o, operand, n_sel, &r, e))
		return r;
	r = selectors_parse(operand, n_sel, o.flags, &sel, e);
	o.selector = sel.v;
	o.n_selectors = sel.n;
	if (r == 0)
		r = detect_labels(&o, a->format, ask_formatter(a).out, &n_found, e);
	selectors_release(&sel);
	return r < 0 ? -1 : found(a, n_found, e);
}

/* [SELECTOR] [FILE]... */
static int ask_volume(void *ask, char **operand, size_t n, struct err *e)
{
	struct ask *a = ask;
	struct formatter f = ask_formatter(a);
	size_t n_sel = n > 0 && (operand[0][0] == '{' || operand[0][0] == '\0');
	uint64_t n_found = 0;
	int r;

	if (a->q.has_at)
		return err_set(e, ERR_USAGE, "option '--at': --from and --to say when");
	if (a->q.no_filters)
		return err_set(e, ERR_USAGE, "option '--no-filters': no lines are searched");
	if (query_check_opts(&a->q, QUERY_METRIC, e) < 0)
		return -1;
	if (a->strict && n_sel == 0)
		return err_set(e, ERR_USAGE, "option '--strict': no selector is given");
	if (choose_sources(a, operand + n_sel, n - n_sel, e) < 0)
		return -1;
	r = volume_ask(&a->q, &a->volume, n_sel ? operand[0] : NULL, flags_of(a), &f, &n_found, e);
	formatter_release(&f);
	return r < 0 ? -1 : found(a, n_found, e);
}

/* [FILE]... */
static int ask_completeness(struct ask *a, char **files, size_t n, struct err *e)
{
	struct completeness_opts *c = &a->completeness;

	if (a->q.has_at)
		return err_set(e, ERR_USAGE, "option '--at': --from and --to say when");
	if (a->q.has_step || a->q.has_limit)
		return err_set(e, ERR_USAGE, "options '--step', '--limit': all lines are counted");
	if (a->format != FORMAT_DEFAULT && a->format != FORMAT_JSONL)
		return err_set(e, ERR_USAGE, "option '--format': default or jsonl");
	if (query_check_opts(&a->q, QUERY_METRIC, e) < 0 || choose_sources(a, files, n, e) < 0)
		return -1;
	c->format = a->format;
	c->flags = flags_of(a);
	c->out = a->out ? a->out : stdout;
	if (completeness_ask(&a->q, c, e) == 0)
		return 0;
	if (e->code == ERR_NO)
		hint_tenant(a);
	return -1;
}

/* --- about entries --------------------------------------------------------------------------- */

/* QUERY [FILE]... value_of not empty: of that field alone. */
static int ask_fields(struct ask *a, struct bytes value_of, char **operand, size_t n, struct err *e)
{
	const struct detect_opts d = { .fields = a->q.has_limit ? a->q.limit : DETECT_FIELDS,
				       .value_of = value_of,
				       .flags = flags_of(a) };
	struct query_opts o;
	uint64_t n_found = 0;

	if (query_check_opts(&a->q, QUERY_LOG, e) < 0 ||
	    choose_sources(a, operand + 1, n - 1, e) < 0)
		return -1;
	o = a->q;
	o.limit = a->has_line_limit ? a->line_limit : DETECT_LINES;
	o.limits.entries = 0; /* none is printed */
	if (detect_fields(&o, &d, operand[0], a->format, ask_formatter(a).out, &n_found, e) < 0)
		return -1;
	return found(a, n_found, e);
}

static int ask_detected_fields(void *ask, char **operand, size_t n, struct err *e)
{
	if (n == 0)
		return err_set(e, ERR_USAGE, "detected-fields: no query given");
	return ask_fields(ask, (struct bytes){ 0 }, operand, n, e);
}

static int ask_detected_values(void *ask, char **operand, size_t n, struct err *e)
{
	if (n < 2 || operand[0][0] == '\0')
		return err_set(e, ERR_USAGE,
			       "detected-values: the name of a field and a query "
			       "are expected");
	return ask_fields(ask, bytes_str(operand[0]), operand + 1, n - 1, e);
}

static int ask_patterns(void *ask, char **operand, size_t n, struct err *e)
{
	struct ask *a = ask;
	uint64_t n_found = 0;

	if (n == 0)
		return err_set(e, ERR_USAGE, "patterns: no query given");
	if (query_check_opts(&a->q, QUERY_LOG, e) < 0 ||
	    choose_sources(a, operand + 1, n - 1, e) < 0 ||
	    patterns_ask(&a->q, operand[0], flags_of(a), a->format, ask_formatter(a).out, &n_found,
			 e) < 0)
		return -1;
	return found(a, n_found, e);
}

/* --- about queries --------------------------------------------------------------------------- */

/* Of a query that is too long, enough for that to be found. */
static int read_query(struct buf *b, struct err *e)
{
	int64_t n =
		io_read(STDIN_FILENO, buf_reserve(b, LOGQL_TEXT_MAX + 1), LOGQL_TEXT_MAX + 1, e);

	if (n < 0)
		return err_wrap(e, "stdin");
	b->n = (size_t)n;
	return 0;
}

/* [QUERY] */
static int ask_fmt(void *ask, char **operand, size_t n, struct err *e)
{
	struct ask *a = ask;
	struct buf text = { 0 };
	int r;

	if (n > 1)
		return err_set(e, ERR_USAGE, "fmt: one query expected, found %zu", n);
	if (query_check_opts(&a->q, QUERY_FMT, e) < 0)
		return -1;
	if (a->encoding_flags.p)
		return err_set(e, ERR_USAGE, "option '--encoding-flags': no entries are printed");
	if (a->format == FORMAT_JSONL || a->format == FORMAT_CSV)
		return err_set(e, ERR_USAGE,
			       "option '--format': a query is printed as text, or with api");
	if (n == 1)
		return format_query(stdout, bytes_str(operand[0]), flags_of(a), a->format, e);
	r = read_query(&text, e);
	if (r == 0)
		r = format_query(stdout, buf_bytes(&text), flags_of(a), a->format, e);
	buf_release(&text);
	return r;
}

/* QUERY [FILE]... */
static int ask_this(void *ask, char **operand, size_t n, struct err *e)
{
	if (n == 0)
		return err_set(e, ERR_USAGE, "query: no query given");
	return ask_query(ask, operand[0], operand + 1, n - 1, e);
}

const struct cli_verb ask_verbs[] = {
	{ "labels", "[SELECTOR]... [FILE]...", "names of labels", ask_labels },
	{ "values", "NAME [SELECTOR]... [FILE]...", "values of a label", ask_values },
	{ "series", "[SELECTOR]... [FILE]...", "label sets of streams", ask_series_names },
	{ "stats", "[SELECTOR]... [FILE]...", "how many streams, chunks, entries, bytes",
	  ask_stats },
	{ "volume", "[SELECTOR] [FILE]...", "bytes of lines, by label", ask_volume },
	{ "detected-labels", "[SELECTOR]... [FILE]...", "labels and how many values they have",
	  ask_detected_labels },
	{ "detected-fields", "QUERY [FILE]...", "fields of lines, their types and parsers",
	  ask_detected_fields },
	{ "detected-values", "NAME QUERY [FILE]...", "values of a field", ask_detected_values },
	{ "tail", "QUERY", "entries of a log query, then each that comes into the log", ask_tail },
	{ "patterns", "QUERY [FILE]...", "what lines look like, and how many do", ask_patterns },
	{ "delete", "create SELECTOR | list | cancel ID", "requests to delete entries of a store",
	  ask_delete },
	{ "fmt", "[QUERY]", "a query, of stdin without one, laid out", ask_fmt },
	{ "query", "QUERY [FILE]...", "answer it, also where it reads like a command", ask_this },
	{ 0 },
};

/* Options of single verbs, given with another one or with a query. */
static int check_verb(const struct ask *a, const struct cli_verb *v, struct err *e)
{
	if ((a->has_volume_by || a->volume.target_labels.n) && (!v || v->run != ask_volume))
		return err_set(e, ERR_USAGE,
			       "options '--target-labels', '--aggregate-by': only with volume");
	if (a->has_delay && (!v || v->run != ask_tail))
		return err_set(e, ERR_USAGE, "option '--delay-for': only with tail");
	if (a->force && (!v || v->run != ask_delete))
		return err_set(e, ERR_USAGE, "option '--force': only with delete cancel");
	if (a->has_line_limit &&
	    (!v || (v->run != ask_detected_fields && v->run != ask_detected_values)))
		return err_set(e, ERR_USAGE,
			       "option '--line-limit': only with detected-fields and "
			       "detected-values");
	return 0;
}

/* Why word, which looks like a verb and is none, is no query either, with Loki's words, and what
 * may be meant. */
static int refuse_word(const char *word, struct err *e)
{
	struct err hint = *e, why;
	struct logql_query q;

	if (logql_parse(bytes_str(word), NULL, &q, NULL, &why) == 0) {
		logql_query_release(&q);
		return -1;
	}
	return err_set(e, ERR_QUERY, "%s; %s", why.msg, hint.msg);
}

static int run(struct ask *a, char **operand, size_t n, struct err *e)
{
	const struct cli_verb *verb;

	if (a->completeness.path)
		return ask_completeness(a, operand, n, e);
	if (cli_verb_find(ask_verbs, operand[0], "a query", &verb, e) < 0)
		return refuse_word(operand[0], e);
	if (check_verb(a, verb, e) < 0)
		return -1;
	if (a->remote.addr)
		return ask_remote(a, verb, operand, n, e);
	if (a->explain && !a->q.explain) {
		bool named = verb && verb->run == ask_this && n > 1;

		return ask_explain(a, operand + named, n - named, e);
	}
	if (verb)
		return verb->run(a, operand + 1, n - 1, e);
	return ask_query(a, operand[0], operand + 1, n - 1, e);
}

/* What an answer would lack: of when. */
static void add_range(const struct query_opts *o, struct buf *b)
{
	if (o->has_from) {
		buf_add_str(b, " from ");
		time_add_rfc3339(b, o->from);
	}
	if (o->has_to || o->has_at) {
		buf_add_str(b, " up to ");
		time_add_rfc3339(b, o->has_at ? o->at : o->to);
	}
}

/* There is no part of an answer: what is to be hidden of it lies in the store too. */
static int run_or_name(struct ask *a, char **operand, size_t n, struct err *e)
{
	struct buf range = { 0 };
	struct buf warnings = { 0 };
	bool away = false;
	int r;

	a->q.source.warnings = a->format == FORMAT_API ? &warnings : NULL;
	a->q.source.store_away = &away;
	a->q.source.deadline_ns = limits_deadline(&a->q.limits);
	r = run(a, operand, n, e);
	a->q.source.store_away = NULL;
	a->q.source.warnings = NULL;
	if (a->q.source.deadline_ns) /* the time in the queue does not count */
		a->q.source.deadline_ns += gate_waited_ns(a->q.source.gate);
	if (r < 0)
		source_say_late(&a->q.source, e);
	if (r < 0 && e->code == ERR_AGAIN && away) {
		add_range(&a->q, &range);
		err_wrap(e, "what the store has%s is missing", buf_str(&range));
	}
	buf_release(&range);
	buf_release(&warnings);
	return r;
}

int ask_run(struct ask *a, char **operand, size_t n, struct err *e)
{
	struct gate *gate = a->q.source.gate;
	int r;

	if (n == 0 && !a->completeness.path)
		return err_set(e, ERR_USAGE, "no query given");
	if ((!gate && !a->has_queued) || a->q.explain)
		return run_or_name(a, operand, n, e);
	if (gate && gate_open(gate, e) < 0)
		return -1;
	a->stats.start_ns = time_mono_ns();
	a->q.source.stats = &a->stats;
	r = run_or_name(a, operand, n, e);
	fflush(a->out ? a->out : stdout); /* a failure is told by who ends */
	gate_done(gate, a->stats.bytes, a->stats.lines, a->n_found, &a->stats.blocks);
	return r;
}
