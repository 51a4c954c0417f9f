/* report: what is left of all budgets as Markdown, and with --postmortem what an incident took of
 * them. */
#include "slo/ask.h"

#include <stdlib.h>

#include "base/mem.h"
#include "cli/output.h"
#include "slo/burndown.h"
#include "slo/doubt.h"
#include "slo/incident.h"
#include "slo/print.h"
#include "slo/query.h"
#include "slo/simulate.h"
#include "slo/work.h"

enum { LINES_MAX = 50, LINE_MAX_SHOWN = 300 };

#define MINUTE_NS   (60 * NS_PER_S)
#define LOOKBACK_NS (6 * 60 * MINUTE_NS)

/* An incident as it is put together. */
struct gathering {
	struct slo_ask *ask;
	struct slo_work work;
	struct slo_state *state;
	size_t n_states;
	struct slo_incident in;
	size_t cap_hits, cap_moments;
	struct arena mem;
	const struct slo *telling; /* of whom alerts are told */
	const struct slo_alert *alerts;
	int64_t before_ns[SLO_ALERTS_MAX]; /* when each fired that still does as it begins; 0: no */
};

/* --- what happened when ---------------------------------------------------------------------- */

static void add_moment(struct gathering *g, int64_t ts_ns, struct bytes text,
		       enum slo_moment_kind kind)
{
	struct slo_incident *in = &g->in;

	mem_grow(&in->moment, &g->cap_moments, in->n_moments + 1, sizeof(*in->moment));
	in->moment[in->n_moments++] = (struct slo_moment){ ts_ns, arena_copy(&g->mem, text), kind };
}

static int by_time(const void *a, const void *b)
{
	const struct slo_moment *x = a, *y = b;

	return (x->ts_ns > y->ts_ns) - (x->ts_ns < y->ts_ns);
}

static int on_line(void *data, int64_t ts_ns, struct bytes line, struct err *e)
{
	(void)e;
	add_moment(data, ts_ns, bytes_sub(line, 0, LINE_MAX_SHOWN), SLO_LINE);
	return 0;
}

static int add_lines(struct gathering *g, struct err *e)
{
	const struct slo_opts *o = &g->ask->opts;

	if (!o->events)
		return 0;
	if (slo_stored_lines(&g->work.stored, bytes_str(o->events), o->from_ns, o->to_ns, LINES_MAX,
			     on_line, g, e) < 0)
		return err_wrap(e, "option '--events'");
	return 0;
}

static void tell_alert(struct gathering *g, const struct slo_alert *a, int64_t at_ns,
		       enum slo_moment_kind kind)
{
	struct buf b = { 0 };

	buf_addf(&b, "%s alert of %.*s %s: burn rate above ", slo_severity_name(a->severity),
		 BYTES_ARG(g->telling->name), kind == SLO_ALERT_FIRED ? "fired" : "reset");
	slo_alert_add(&b, a);
	add_moment(g, at_ns, buf_bytes(&b), kind);
	buf_release(&b);
}

static int on_alert(void *data, const struct slo_event *ev, struct err *e)
{
	struct gathering *g = data;

	(void)e;
	if (!ev->alert)
		return 0;
	if (ev->at_ns < g->in.span.from)
		g->before_ns[ev->alert - g->alerts] = ev->kind == SLO_FIRES ? ev->at_ns : 0;
	else
		tell_alert(g, ev->alert, ev->at_ns,
			   ev->kind == SLO_FIRES ? SLO_ALERT_FIRED : SLO_ALERT_RESET);
	return 0;
}

/* Those that fired before, and went on. */
static void tell_earlier(struct gathering *g, const struct slo_alerts *a)
{
	for (size_t i = 0; i < a->n; i++) {
		if (g->before_ns[i])
			tell_alert(g, &a->v[i], g->before_ns[i], SLO_ALERT_FIRED);
		g->before_ns[i] = 0;
	}
}

/* Those alerts whose windows lie in what there is before the incident. */
static struct slo_alerts alerts_within(const struct slo_alerts *all, int64_t before_ns)
{
	struct slo_alerts a = { 0 };

	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].long_ns <= before_ns)
			a.v[a.n++] = all->v[i];
	return a;
}

/* Counts of the incident, and of six hours before, by the minute; by five where each is a query of
 * its own. Of an incident of days there are none. */
static int minutes_of(struct gathering *g, const struct slo *o, struct slo_series *ret,
		      struct err *e)
{
	const struct slo_span *span = &g->in.span;
	int64_t step = g->work.source.one_by_one ? 5 * MINUTE_NS : MINUTE_NS;
	int64_t n = (span->to - span->from + LOOKBACK_NS + step - 1) / step;
	struct slo_times at;

	if (n > SLO_TIMES_MAX)
		return 0;
	at = (struct slo_times){ span->to - (n - 1) * step, step, (size_t)n };
	return slo_measure_series(&g->work.source, o, &at, ret, e);
}

/* When alerts would have fired, by what was counted. */
static int add_alerts(struct gathering *g, const struct slo *o, struct err *e)
{
	struct slo_series series = { 0 };
	struct slo_alerts alerts;
	struct slo_simulation s = { .series = &series, .target = o->target, .alerts = &alerts };
	int rc = 0;

	if (g->work.has_rows)
		rc = slo_tally_series(&g->work.tally, o, &series, e);
	else if (g->work.source.values)
		rc = minutes_of(g, o, &series, e);
	if (rc == 0 && series.n) {
		alerts = alerts_within(&g->ask->opts.alerts, g->in.span.from - series.v[0].from_ns);
		s.period_ns = series.end_ns - series.v[0].from_ns;
		g->telling = o;
		g->alerts = alerts.v;
		rc = slo_simulate(&s, on_alert, g, e);
		tell_earlier(g, &alerts);
	}
	slo_series_release(&series);
	return rc;
}

/* --- whom it met ----------------------------------------------------------------------------- */

static struct slo_hit *add_hit(struct gathering *g, struct bytes name)
{
	struct slo_incident *in = &g->in;

	mem_grow(&in->hit, &g->cap_hits, in->n_hits + 1, sizeof(*in->hit));
	in->hit[in->n_hits] = (struct slo_hit){ .name = arena_copy(&g->mem, name) };
	return &in->hit[in->n_hits++];
}

static int on_group(void *data, struct bytes name, const struct slo_value *v, struct err *e)
{
	(void)e;
	add_hit(data, name)->bad = v->v;
	return 0;
}

/* Whole seconds, for queries. */
static int64_t length_of(const struct slo_span *s)
{
	int64_t ns = (s->to - s->from) / NS_PER_S * NS_PER_S;

	return ns > 0 ? ns : NS_PER_S;
}

static int ask_impact(struct gathering *g, struct err *e)
{
	struct buf query = { 0 };
	int rc;

	slo_query_add(&query, bytes_str(g->ask->opts.impact), length_of(&g->in.span));
	rc = prometheus_groups(g->work.prometheus, buf_bytes(&query), g->in.span.to, on_group, g,
			       e);
	buf_release(&query);
	return rc < 0 ? err_wrap(e, "option '--impact'") : 0;
}

/* Of a store each tenant is asked for by itself. */
static int add_tenant(struct gathering *g, struct bytes tenant, const struct slo *o, struct err *e)
{
	struct bytes all = g->work.stored.source.tenant;
	struct slo_counts c;
	struct slo_hit *h;
	int rc;

	g->work.stored.source.tenant = tenant;
	rc = slo_measure_counts(&g->work.source, o, length_of(&g->in.span), g->in.span.to, &c, e);
	g->work.stored.source.tenant = all;
	if (rc < 0)
		return -1;
	h = add_hit(g, tenant);
	h->bad = c.bad;
	h->counts = c;
	h->has_total = !c.is_share;
	return 0;
}

static int add_impact(struct gathering *g, struct err *e)
{
	struct bytes rest = g->work.stored.source.tenant, one;

	if (g->ask->opts.impact)
		return ask_impact(g, e);
	if (g->work.prometheus || !g->work.source.values || !slo_has_queries(g->work.set.v))
		return 0;
	while (bytes_split(&rest, '|', &one))
		if (add_tenant(g, one, &g->work.set.v[0], e) < 0)
			return -1;
	return 0;
}

/* --- what it took ---------------------------------------------------------------------------- */

static int counts_during(struct gathering *g, const struct slo_state *s, struct slo_loss *l,
			 struct err *e)
{
	int64_t length = g->in.span.to - g->in.span.from;
	const struct slo_window *w;
	struct slo_series series = { 0 };
	size_t first, last;
	int rc = 0;

	if (g->work.has_rows) {
		rc = slo_tally_series(&g->work.tally, s->slo, &series, e);
		/* What of an interval lies in the incident, nobody knows. */
		l->known = rc == 0 && series.n > 0 &&
			   slo_series_begin(&series, g->in.span.from, length, &first) &&
			   slo_series_begin(&series, g->in.span.to, length, &last);
		if (rc == 0 && series.n > 0 && !l->known)
			slo_doubt_span(&g->work, s->slo, &g->in.span, SLO_GAP_CUT);
		if (l->known)
			rc = slo_series_sum(&series, first, last, &l->counts, e);
		slo_series_release(&series);
	} else if (g->work.source.values) {
		l->known = true;
		rc = slo_measure_counts(&g->work.source, s->slo, length_of(&g->in.span),
					g->in.span.to, &l->counts, e);
	} else if ((w = slo_window_find(&s->m, length)) != NULL) {
		l->known = true;
		l->counts = w->counts;
	}
	if (rc == 0 && l->known && l->counts.total.units == 0) {
		l->known = false;
		slo_doubt_span(&g->work, s->slo, &g->in.span, SLO_GAP_NO_EVENTS);
	}
	return rc;
}

static int add_losses(struct gathering *g, struct err *e)
{
	g->in.loss = mem_alloc((g->n_states + 1) * sizeof(*g->in.loss));
	for (size_t i = 0; i < g->n_states; i++) {
		struct slo_loss *l = &g->in.loss[g->in.n_losses++];

		l->state = &g->state[i];
		if (counts_during(g, l->state, l, e) < 0 ||
		    (l->known && slo_loss_settle(l, e) < 0) || add_alerts(g, l->state->slo, e) < 0)
			return slo_work_say_whose(&g->work, l->state->slo, e);
	}
	return 0;
}

static int write_postmortem(struct gathering *g, struct err *e)
{
	const struct slo_opts *o = &g->ask->opts;
	struct buf out = { 0 };
	int rc;

	g->in.title = o->title;
	g->in.author = o->author;
	g->in.span = (struct slo_span){ o->from_ns, o->to_ns };
	if (add_losses(g, e) < 0 || add_impact(g, e) < 0 || add_lines(g, e) < 0)
		return -1;
	if (g->in.n_moments)
		qsort(g->in.moment, g->in.n_moments, sizeof(*g->in.moment), by_time);
	slo_incident_write(&out, &g->in);
	rc = cli_print(buf_bytes(&out), e);
	buf_release(&out);
	return rc;
}

/* --- the report ------------------------------------------------------------------------------ */

/* The burn-down of each objective whose counts have times. */
static int add_pictures(struct gathering *g, struct buf *out, struct err *e)
{
	struct slo_work *w = &g->work;

	for (size_t i = 0; i < g->n_states && (w->has_rows || w->source.values); i++) {
		const struct slo *o = g->state[i].slo;
		struct slo_series series = { 0 };
		struct slo_burndown b = { 0 };
		struct slo_span span;
		struct err why;
		int rc = slo_work_series(w, o, 0, &series, &span, &why);

		if (rc == 0)
			rc = slo_burndown_of(o, &series, span.from, span.to, &b, &why);
		if (rc == 0)
			slo_burndown_svg(out, &b, 1);
		slo_burndown_release(&b);
		slo_series_release(&series);
		if (rc < 0 && why.code != ERR_USAGE) { /* else there are no times */
			*e = why;
			return slo_work_say_whose(w, o, e);
		}
	}
	return 0;
}

static int write_report(struct gathering *g, struct err *e)
{
	const struct slo_opts *o = &g->ask->opts;
	struct buf out = { 0 }, pictures = { 0 };
	int rc = 0;

	switch (o->format) {
	case SLO_HTML:
		rc = add_pictures(g, &pictures, e);
		slo_print_html(&out, g->state, g->n_states, buf_bytes(&pictures));
		break;
	case SLO_CSV:
		slo_print_csv(&out, g->state, g->n_states);
		break;
	case SLO_JSONL:
		for (size_t i = 0; i < g->n_states; i++)
			slo_print_jsonl(&out, &g->state[i], &o->alerts);
		break;
	default:
		slo_print_markdown(&out, g->state, g->n_states);
		break;
	}
	if (rc == 0)
		rc = cli_print(buf_bytes(&out), e);
	buf_release(&pictures);
	buf_release(&out);
	return rc;
}

static void release(struct gathering *g)
{
	free(g->state);
	free(g->in.loss);
	free(g->in.hit);
	free(g->in.moment);
	arena_release(&g->mem);
	slo_work_close(&g->work);
}

int slo_ask_report(void *ask, char **operand, size_t n, struct err *e)
{
	struct gathering g = { .ask = ask };
	struct slo_opts *o = &g.ask->opts;
	int rc;

	if (slo_opts_check(o, SLO_REPORT, n, e) < 0)
		return -1;
	rc = slo_work_open(&g.work, g.ask, operand, n, SLO_OPEN_COUNTS, e);
	if (rc == 0)
		rc = slo_work_count(&g.work, &g.state, &g.n_states, e);
	if (rc == 0)
		rc = o->postmortem ? write_postmortem(&g, e) : write_report(&g, e);
	release(&g);
	return rc;
}
