#include "slo/work.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "slo/doubt.h"
#include "slo/file.h"

/* --- what is read ---------------------------------------------------------------------------- */

/* A file, or of "-" stdin; "stdin" or its name for messages. */
static int read_file(const char *path, size_t max, struct buf *text, struct err *e)
{
	if (strcmp(path, "-") == 0) {
		int64_t n;

		do {
			n = io_read(STDIN_FILENO, buf_reserve(text, 1 << 16), 1 << 16, e);
			if (n > 0)
				text->n += (size_t)n;
		} while (n > 0 && text->n <= max);
		if (n >= 0 && text->n > max)
			return err_set(e, ERR_LIMIT, "stdin: more than %zu bytes", max);
		return n < 0 ? err_wrap(e, "stdin") : 0;
	}
	return io_read_file(path, max, text, e);
}

static const char *name_of(const char *path)
{
	return strcmp(path, "-") == 0 ? "stdin" : path;
}

static void say(void *ask, enum report_kind kind, const char *text)
{
	struct slo_ask *a = ask;
	struct err e;

	err_set(&e, kind == REPORT_ERROR ? ERR_USAGE : ERR_NONE, "%s", text);
	if (kind == REPORT_ERROR)
		a->fault(a->data, &e);
	else
		a->warn(a->data, &e);
}

static int read_objectives(struct slo_work *w, const char *path, struct err *e)
{
	struct report report = { .say = say, .data = w->ask };
	const struct slo_file_opts opts = { .period = w->ask->opts.one.period, .report = &report };
	struct buf text = { 0 };
	int rc = read_file(path, YAML_SIZE_MAX, &text, e);

	if (rc == 0)
		rc = slo_file_read(buf_bytes(&text), name_of(path), &opts, &w->set, e);
	buf_release(&text);
	return rc;
}

static int read_rows(struct slo_work *w, const char *path, struct err *e)
{
	struct buf text = { 0 };
	int rc = read_file(path, SLO_ROWS_SIZE_MAX, &text, e);

	if (rc == 0 && slo_rows_read(buf_bytes(&text), &w->rows, e) < 0)
		rc = err_wrap(e, "%s", name_of(path));
	buf_release(&text);
	if (rc == 0)
		slo_tally_init(&w->tally, &w->rows);
	w->has_rows = rc == 0;
	return rc;
}

/* Of rows and files of objectives each row must belong to one. */
static int match_rows(struct slo_work *w, const char *path, size_t n_files, struct err *e)
{
	const struct slo_opts *o = &w->ask->opts;
	const struct slo_tally_opts t = { .base = &o->one,
					  .has_target = o->has_target,
					  .has_window = o->has_window };
	int rc = n_files ? slo_tally_match(&w->tally, &w->set, e)
			 : slo_tally_objectives(&w->tally, &t, &w->set, e);

	return rc < 0 ? err_wrap(e, "%s", name_of(path)) : 0;
}

/* --- who is asked ---------------------------------------------------------------------------- */

static int open_source(struct slo_work *w, struct err *e)
{
	struct slo_ask *a = w->ask;
	struct slo_opts *o = &a->opts;
	const char *url = o->prometheus ? o->prometheus : o->addr;

	if (url) {
		if (prometheus_open(url, o->addr ? PROMETHEUS_LOKI_API : PROMETHEUS_API, &o->given,
				    o->tenant, a->warn, a->data, &w->prometheus, e) < 0)
			return -1;
		w->source = prometheus_source(w->prometheus);
	}
	if (o->store || o->wal) {
		w->stored.source =
			(struct source_opts){ .store = o->store,
					      .wal = o->wal,
					      .tenant = o->tenant.n ? o->tenant : BYTES_LIT("fake"),
					      .now_ns = o->at_ns,
					      .damage = a->fault,
					      .warn = a->warn,
					      .damage_data = a->data };
		if (!url && !o->has_total && !o->counts_file)
			w->source = slo_stored_source(&w->stored);
	}
	return 0;
}

/* Counts that nobody else has come from stdin, unless objectives do. */
static const char *rows_path(const struct slo_work *w, bool stdin_is_read)
{
	const struct slo_opts *o = &w->ask->opts;

	if (o->counts_file)
		return o->counts_file;
	if (o->has_total || w->source.values || stdin_is_read || isatty(STDIN_FILENO))
		return NULL;
	return "-";
}

static int open_counts(struct slo_work *w, size_t n_files, bool stdin_is_read, struct err *e)
{
	const struct slo_opts *o = &w->ask->opts;
	const char *path;

	if (open_source(w, e) < 0)
		return -1;
	path = rows_path(w, stdin_is_read);
	if (!path && !o->has_total && !w->source.values)
		return err_set(e, ERR_USAGE,
			       "nothing to count: give --total and --bad, --counts, --prometheus, "
			       "--addr or --store, or counts on stdin");
	if (!path)
		return 0;
	return read_rows(w, path, e) < 0 ? -1 : match_rows(w, path, n_files, e);
}

int slo_work_open(struct slo_work *w, struct slo_ask *a, char **files, size_t n, enum slo_open what,
		  struct err *e)
{
	bool stdin_is_read = false;

	*w = (struct slo_work){ .ask = a };
	for (size_t i = 0; i < n; i++) {
		stdin_is_read = stdin_is_read || strcmp(files[i], "-") == 0;
		if (read_objectives(w, files[i], e) < 0)
			return -1;
	}
	if (what == SLO_OPEN_COUNTS && open_counts(w, n, stdin_is_read, e) < 0)
		return -1;
	if (w->set.n)
		return 0;
	if (!a->opts.has_target)
		return err_set(e, ERR_USAGE, "no --target is given, nor a file of objectives");
	*slo_set_add(&w->set) = a->opts.one;
	return 0;
}

void slo_work_close(struct slo_work *w)
{
	slo_set_release(&w->set);
	slo_tally_release(&w->tally);
	slo_rows_release(&w->rows);
	prometheus_close(w->prometheus);
}

/* --- counting -------------------------------------------------------------------------------- */

static int no_queries(struct err *e)
{
	return err_set(e, ERR_USAGE,
		       "no queries are given: --total-query with --error-query or --good-query, or "
		       "--error-ratio-query");
}

/* Do all rows lie before the window that ends at the real now, or is the last one so old that
 * others should have come? */
static void check_age(const struct slo_opts *o, struct slo_state *s)
{
	int64_t fresh_ns = 2 * s->interval_ns;

	for (size_t i = 0; i < o->alerts.n; i++)
		if (o->alerts.v[i].short_ns > fresh_ns)
			fresh_ns = o->alerts.v[i].short_ns;
	if (!o->has_at && s->data == SLO_DATA && s->interval_ns &&
	    (slo_period_at(&s->m.period, o->at_ns).from >= s->m.now_ns ||
	     o->at_ns - s->m.now_ns > fresh_ns))
		s->data = SLO_DATA_OLD;
}

/* Of a window that was just added: it is to go with the others. */
static int check_in(const struct slo_state *s, const struct slo_window *w, struct err *e)
{
	struct slo_window own = slo_state_own(s);
	struct buf b = { 0 };
	size_t n;

	slo_duration_add(&b, w->ns);
	n = b.n;
	if (s->m.period.kind == SLO_ROLLING && w->ns == own.ns)
		buf_add_str(&b, ": is the objective's own, of --total and --bad");
	else if (slo_windows_contradict(&own, w))
		buf_add_str(&b, w->ns <= own.ns ? ": cannot have more than --total and --bad, "
						  "which it is part of"
						: ": cannot have less than --total and --bad, "
						  "which are part of it");
	for (size_t i = 0; b.n == n && i + 1 < s->m.n_windows; i++) {
		if (!slo_windows_contradict(&s->window[i], w))
			continue;
		buf_addf(&b, ": cannot have %s than window ",
			 w->ns < s->window[i].ns ? "more" : "less");
		slo_duration_add(&b, s->window[i].ns);
	}
	if (b.n > n)
		err_set(e, ERR_USAGE, "window %s", buf_str(&b));
	n = b.n - n;
	buf_release(&b);
	return n ? -1 : 0;
}

/* Of the command line. */
static int count_given(const struct slo_opts *o, struct slo_state *s, struct err *e)
{
	s->m.counts = o->counts;
	for (size_t i = 0; i < o->n_in; i++)
		if (slo_state_add(s, o->in[i].ns, &o->in[i].counts, e) < 0 ||
		    check_in(s, &o->in[i], e) < 0)
			return err_wrap(e, "option '--in'");
	return 0;
}

static int count_one(struct slo_work *w, struct slo_state *s, struct err *e)
{
	const struct slo_opts *o = &w->ask->opts;
	int rc;

	if (w->has_rows) {
		rc = slo_tally_state(&w->tally, &o->alerts,
				     o->has_at ? SLO_NOW_GIVEN : SLO_NOW_LAST, s, e);
		if (rc < 0)
			err_wrap(e, "%s", name_of(o->counts_file ? o->counts_file : "-"));
		else
			check_age(o, s);
	} else if (!w->source.values) {
		rc = count_given(o, s, e);
	} else if (!slo_has_queries(s->slo)) {
		rc = no_queries(e);
	} else {
		rc = slo_measure(&w->source, &o->alerts, s, e);
	}
	return rc < 0 ? -1 : slo_state_settle(s, &o->alerts, e);
}

int slo_work_say_whose(const struct slo_work *w, const struct slo *o, struct err *e)
{
	struct buf place = { 0 };

	if (w->set.n == 1 && !o->file)
		return -1;
	slo_add_place(&place, o);
	err_wrap(e, "%s", buf_str(&place));
	buf_release(&place);
	return -1;
}

int slo_work_count(struct slo_work *w, struct slo_state **ret, size_t *ret_n, struct err *e)
{
	const struct slo_opts *o = &w->ask->opts;
	struct slo_state *v = mem_alloc(w->set.n * sizeof(*v));
	size_t n = 0;

	for (size_t i = 0; i < w->set.n; i++) {
		struct slo_state *s = &v[n];
		struct err why;

		slo_state_init(s, &w->set.v[i], o->at_ns, o->pace_ns);
		if (count_one(w, s, &why) == 0) {
			if (!(o->quiet && o->pass_no_traffic) || s->data == SLO_DATA_OLD)
				slo_doubt_data(w, s);
			n++;
			continue;
		}
		slo_work_say_whose(w, &w->set.v[i], &why);
		if (why.code == ERR_AGAIN) {
			free(v);
			*e = why;
			return -1;
		}
		w->ask->fault(w->ask->data, &why);
	}
	for (size_t i = 0; i < n; i++) /* where they have come to lie */
		v[i].m.window = v[i].window;
	*ret = v;
	*ret_n = n;
	return 0;
}

/* --- over time ------------------------------------------------------------------------------- */

enum { INTERVALS = 60 };

/* Of rows: now is where the last ends, unless it is said. */
static int series_of_rows(struct slo_work *w, const struct slo *o, struct slo_series *ret,
			  struct slo_span *span, struct err *e)
{
	const struct slo_opts *opts = &w->ask->opts;

	if (opts->step_ns)
		return err_set(e, ERR_USAGE,
			       "--step is of queries and --errors: counts have intervals of their "
			       "own");
	if (slo_tally_series(&w->tally, o, ret, e) < 0)
		return err_wrap(e, "%s", name_of(opts->counts_file ? opts->counts_file : "-"));
	if (ret->n == 0)
		return err_set(e, ERR_USAGE, "its counts have no field 'time'");
	span->to = opts->has_at ? slo_series_now(ret, opts->at_ns) : ret->end_ns;
	span->from = slo_period_at(&o->period, span->to - (o->period.kind != SLO_ROLLING)).from;
	return 0;
}

static int series_of_queries(struct slo_work *w, const struct slo *o, int64_t step_ns,
			     struct slo_series *ret, struct slo_span *span, struct err *e)
{
	struct slo_times at;
	int64_t length;
	size_t n;

	/* The second that has begun is in it. */
	span->to = (w->ask->opts.at_ns + NS_PER_S - 1) / NS_PER_S * NS_PER_S;
	span->from = slo_period_at(&o->period, span->to).from;
	length = span->to - span->from;
	if (!step_ns)
		step_ns = (length / INTERVALS + NS_PER_S - 1) / NS_PER_S * NS_PER_S;
	n = step_ns ? (size_t)(length / step_ns) : 0;
	if (n == 0)
		return err_set(e, ERR_USAGE, "its period has just begun");
	if (n > SLO_TIMES_MAX)
		return err_set(e, ERR_LIMIT, "more than %d intervals: make --step longer",
			       SLO_TIMES_MAX);
	/* What is left over of the period is left out at its beginning. */
	at = (struct slo_times){ span->to - (int64_t)(n - 1) * step_ns, step_ns, n };
	return slo_measure_series(&w->source, o, &at, ret, e);
}

int slo_work_series(struct slo_work *w, const struct slo *o, int64_t step_ns,
		    struct slo_series *ret, struct slo_span *ret_span, struct err *e)
{
	if (w->has_rows)
		return series_of_rows(w, o, ret, ret_span, e);
	if (w->source.values && slo_has_queries(o))
		return series_of_queries(w, o, step_ns, ret, ret_span, e);
	if (w->source.values)
		return no_queries(e);
	return err_set(e, ERR_USAGE,
		       "--total is a single number: counts over time are those of --counts, "
		       "--prometheus, --addr or --store");
}
