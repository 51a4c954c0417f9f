/* burndown and simulate: budgets as time goes on. */
#include "slo/ask.h"

#include <stdlib.h>

#include "base/mem.h"
#include "cli/output.h"
#include "slo/burndown.h"
#include "slo/doubt.h"
#include "slo/simulate.h"
#include "slo/work.h"

#define MINUTE_NS (60 * NS_PER_S)

/* --- burndown -------------------------------------------------------------------------------- */

static bool has_times_of(const struct slo_burndown *a, const struct slo_burndown *b)
{
	for (size_t i = 0; i < a->n && i < b->n; i++)
		if (a->v[i].ts_ns != b->v[i].ts_ns)
			return false;
	return a->n == b->n;
}

static bool have_same_times(const struct slo_burndown *b, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (!has_times_of(&b[i], &b[0]))
			return false;
	return true;
}

static int print_burndown(const struct slo_opts *o, const struct slo_burndown *b, size_t n,
			  struct err *e)
{
	struct buf out = { 0 };
	int rc;

	if (o->format == SLO_SVG && !have_same_times(b, n))
		return err_set(
			e, ERR_USAGE,
			"--format svg: the objectives have other times, so each needs a picture "
			"of its own");
	if (o->format == SLO_SVG)
		slo_burndown_svg(&out, b, n);
	else if (o->format == SLO_CSV)
		slo_burndown_csv(&out, b, n);
	for (size_t i = 0; i < n; i++) {
		if (o->format == SLO_TEXT)
			slo_burndown_text(&out, &b[i]);
		else if (o->format == SLO_JSONL)
			slo_burndown_jsonl(&out, &b[i]);
	}
	rc = cli_print(buf_bytes(&out), e);
	buf_release(&out);
	return rc;
}

static int burn_down(struct slo_work *w, const struct slo *o, struct slo_burndown *ret,
		     struct err *e)
{
	struct slo_series series = { 0 };
	struct slo_span span;
	int rc = slo_work_series(w, o, w->ask->opts.step_ns, &series, &span, e);

	if (rc == 0)
		rc = slo_burndown_of(o, &series, span.from, span.to, ret, e);
	if (rc == 0 && !ret->has_events)
		slo_doubt_span(w, o, &span, SLO_GAP_NO_EVENTS);
	slo_series_release(&series);
	return rc < 0 ? slo_work_say_whose(w, o, e) : 0;
}

int slo_ask_burndown(void *ask, char **operand, size_t n, struct err *e)
{
	struct slo_ask *a = ask;
	struct slo_burndown *b = NULL;
	struct slo_work w = { 0 };
	size_t n_done = 0;
	int rc;

	if (slo_opts_check(&a->opts, SLO_BURNDOWN, n, e) < 0)
		return -1;
	rc = slo_work_open(&w, a, operand, n, SLO_OPEN_COUNTS, e);
	b = mem_alloc((w.set.n + 1) * sizeof(*b));
	for (; rc == 0 && n_done < w.set.n; n_done++)
		rc = burn_down(&w, &w.set.v[n_done], &b[n_done], e);
	if (rc == 0)
		rc = print_burndown(&a->opts, b, n_done, e);
	for (size_t i = 0; i < n_done; i++)
		slo_burndown_release(&b[i]);
	free(b);
	slo_work_close(&w);
	return rc;
}

/* --- simulate -------------------------------------------------------------------------------- */

struct story {
	const struct slo_opts *opts;
	struct buf out;
	struct slo_burndown left; /* at the end of intervals */
	bool was_gone;
};

static void add_event_text(struct story *st, const struct slo_event *ev, struct bytes time)
{
	struct buf *b = &st->out;

	buf_addf(b, "%20.*s  ", BYTES_ARG(time));
	switch (ev->kind) {
	case SLO_FIRES:
	case SLO_RESETS:
		buf_addf(b, "%-6s %s: above ", slo_severity_name(ev->alert->severity),
			 ev->kind == SLO_FIRES ? "fires" : "resets");
		slo_alert_add(b, ev->alert);
		break;
	case SLO_GONE:
		buf_add_str(b, "budget is gone");
		break;
	case SLO_RECOVERED:
		buf_add_str(b, "budget is back");
		break;
	case SLO_SAMPLE:
	case SLO_END:
		buf_add_str(b, "end");
		break;
	}
	buf_add_str(b, "; left ");
	ratio_add_percent(b, &ev->remaining, 4);
	buf_add_char(b, '\n');
}

static void add_event_json(struct story *st, const struct slo_event *ev, struct bytes time)
{
	static const char *const words[] = { [SLO_FIRES] = "fires",
					     [SLO_RESETS] = "resets",
					     [SLO_GONE] = "gone",
					     [SLO_RECOVERED] = "recovered",
					     [SLO_END] = "end" };
	struct buf *b = &st->out;

	buf_addf(b, "{\"time\":\"%.*s\",\"event\":\"%s\"", BYTES_ARG(time), words[ev->kind]);
	if (ev->alert) {
		buf_addf(b, ",\"severity\":\"%s\",\"factor\":",
			 slo_severity_name(ev->alert->severity));
		exact_add(b, ev->alert->factor);
		buf_add_str(b, ",\"long\":\"");
		slo_duration_add(b, ev->alert->long_ns);
		buf_add_str(b, "\",\"short\":\"");
		slo_duration_add(b, ev->alert->short_ns);
		buf_add_char(b, '"');
	}
	buf_add_str(b, ",\"remaining\":");
	ratio_add_text(b, &ev->remaining, RATIO_DIGITS);
	buf_add_str(b, "}\n");
}

static int on_event(void *data, const struct slo_event *ev, struct err *e)
{
	struct story *st = data;
	struct buf time = { 0 };

	(void)e;
	if (ev->kind == SLO_SAMPLE) {
		st->left.v[st->left.n++] = (struct slo_left){ ev->at_ns, ev->remaining };
		return 0;
	}
	if (st->left.is_relative)
		slo_duration_add(&time, ev->at_ns);
	else
		time_add_rfc3339(&time, ev->at_ns);
	st->was_gone = st->was_gone || ev->kind == SLO_GONE;
	if (st->opts->format == SLO_TEXT)
		add_event_text(st, ev, buf_bytes(&time));
	else if (st->opts->format == SLO_JSONL)
		add_event_json(st, ev, buf_bytes(&time));
	buf_release(&time);
	return 0;
}

/* A minute, unless windows are of seconds. */
static int64_t step_of(const struct slo_opts *o)
{
	int64_t window[SLO_WINDOWS_MAX];
	size_t n = slo_alerts_windows(&o->alerts, window);

	if (o->step_ns)
		return o->step_ns;
	for (size_t i = 0; i < n; i++)
		if (window[i] % MINUTE_NS != 0)
			return NS_PER_S;
	return MINUTE_NS;
}

/* Each window is to be one that can be looked at, at some time at least. */
static int check_windows(const struct slo_simulation *s, struct err *e)
{
	int64_t window[SLO_WINDOWS_MAX + 1];
	size_t n = slo_alerts_windows(s->alerts, window);
	struct buf b = { 0 };

	if (s->steady_ns)
		window[n++] = s->period_ns;
	for (size_t i = 0; i < n; i++) {
		if (slo_simulation_has(s, window[i]))
			continue;
		slo_duration_add(&b, window[i]);
		buf_add_str(&b, " is no multiple of the intervals of ");
		if (s->steady_ns)
			slo_duration_add(&b, s->steady_ns);
		else
			buf_add_str(&b, "the counts");
		err_set(e, ERR_USAGE, "the window %s: --alert and --window name others",
			buf_str(&b));
		buf_release(&b);
		return -1;
	}
	return 0;
}

/* As a picture, or as rows. */
static void add_left(struct story *st)
{
	if (st->opts->format == SLO_SVG)
		slo_burndown_svg(&st->out, &st->left, 1);
	else if (st->opts->format == SLO_CSV)
		slo_burndown_csv(&st->out, &st->left, 1);
}

static int simulate(const struct slo_opts *o, const struct slo *slo,
		    const struct slo_series *series, int64_t steady_ns, struct err *e)
{
	const struct slo_simulation s = { .series = series,
					  .target = slo->target,
					  .period_ns = slo_period_longest(&slo->period),
					  .alerts = &o->alerts,
					  .every = (series->n + SLO_BURNDOWN_MAX - 1) /
						   SLO_BURNDOWN_MAX,
					  .steady_ns = steady_ns };
	struct story st = { .opts = o, .left = { .slo = slo, .is_relative = steady_ns != 0 } };
	int rc = check_windows(&s, e);

	if (rc < 0)
		return -1;
	st.left.v = mem_alloc((SLO_BURNDOWN_MAX + 2) * sizeof(*st.left.v));
	rc = slo_simulate(&s, on_event, &st, e);
	if (rc == 0)
		add_left(&st);
	if (rc == 0)
		rc = cli_print(buf_bytes(&st.out), e);
	slo_burndown_release(&st.left);
	buf_release(&st.out);
	return rc == 0 && st.was_gone ? err_set(e, ERR_NO, "a budget is gone") : rc;
}

static int simulate_phases(const struct slo_opts *o, struct err *e)
{
	struct slo_series series = { 0 };
	int64_t step_ns = step_of(o);
	int rc = slo_phases_read(bytes_str(o->errors), step_ns, &series, e);

	if (rc < 0)
		return err_wrap(e, "option '--errors'");
	rc = simulate(o, &o->one, &series, step_ns, e);
	slo_series_release(&series);
	return rc;
}

/* What was, as alerts would have had it. */
static int simulate_rows(struct slo_ask *a, char **files, size_t n, struct err *e)
{
	struct slo_work w = { 0 };
	struct slo_series series = { 0 };
	struct slo_span span;
	int rc = slo_work_open(&w, a, files, n, SLO_OPEN_COUNTS, e);

	if (rc == 0 && w.set.n != 1)
		rc = err_set(e, ERR_USAGE, "one objective at a time, found %zu", w.set.n);
	if (rc == 0)
		rc = slo_work_series(&w, w.set.v, a->opts.step_ns, &series, &span, e);
	if (rc == 0)
		rc = simulate(&a->opts, w.set.v, &series, 0, e);
	slo_series_release(&series);
	slo_work_close(&w);
	return rc;
}

int slo_ask_simulate(void *ask, char **operand, size_t n, struct err *e)
{
	struct slo_ask *a = ask;

	if (slo_opts_check(&a->opts, SLO_SIMULATE, n, e) < 0)
		return -1;
	if (!a->opts.errors)
		return simulate_rows(a, operand, n, e);
	if (n > 0)
		return err_set(e, ERR_USAGE,
			       "--errors are of the objective of --target, not of files");
	if (!a->opts.has_target)
		return err_set(e, ERR_USAGE, "no --target is given");
	return simulate_phases(&a->opts, e);
}
