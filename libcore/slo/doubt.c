#include "slo/doubt.h"

/* Of an objective, which is named where there are several. */
static void tell(const struct slo_work *w, const struct slo *o, struct buf *text)
{
	struct err e;

	err_set(&e, ERR_NONE, "%s", buf_str(text));
	slo_work_say_whose(w, o, &e);
	w->ask->warn(w->ask->data, &e);
	buf_release(text);
}

static void add_span(struct buf *b, const struct slo_span *span)
{
	time_add_rfc3339(b, span->from);
	buf_add_str(b, " to ");
	time_add_rfc3339(b, span->to);
}

/* A missing metric and a wrong label look like peace and quiet. */
static void add_no_series(struct buf *b, const struct slo_work *w, const struct slo_state *s)
{
	buf_addf(b, "the %s query %s in ", s->slo->share.n ? "ratio" : "total",
		 w->source.one_by_one ? "finds nothing" : "gives no series");
	slo_period_add(b, &s->m.period);
	buf_add_str(b, w->source.one_by_one ? " (are there such streams?)"
					    : " (is there such a metric, with these labels?)");
}

/* That is as true of all objectives of a file. */
static void tell_old(const struct slo_work *w, const struct slo_state *s)
{
	const char *file = w->ask->opts.counts_file;
	struct buf b = { 0 };
	struct err e;

	buf_add_str(&b, "counts end at ");
	/* Of a calendar's period now is the last moment in it. */
	time_add_rfc3339(&b, s->m.now_ns + (s->m.period.kind != SLO_ROLLING));
	buf_add_str(&b, ", ");
	slo_duration_add(&b, w->ask->opts.at_ns - s->m.now_ns);
	buf_add_str(&b, " ago, which is answered as if it were now: --at says which time is meant");
	err_set(&e, ERR_NONE, "%s: %s", file ? file : "stdin", buf_str(&b));
	w->ask->warn(w->ask->data, &e);
	buf_release(&b);
}

/* What has ceased to send, or is not asked for any more, looks like peace and quiet, too. */
static void tell_gap(const struct slo_work *w, const struct slo_state *s)
{
	struct buf b = { 0 };
	const char *between = "";

	buf_add_str(&b, "the total query gives no series in ");
	for (size_t i = 0; i < s->m.n_windows; i++) {
		if (!s->window[i].no_series)
			continue;
		buf_add_str(&b, between);
		slo_duration_add(&b, s->window[i].ns);
		between = ", ";
	}
	buf_add_str(&b, " (does it still come in?): alerts on that are not known");
	tell(w, s->slo, &b);
}

void slo_doubt_data(const struct slo_work *w, const struct slo_state *s)
{
	struct buf b = { 0 };
	struct slo_span span;

	switch (s->data) {
	case SLO_DATA:
		if (s->has_gap)
			tell_gap(w, s);
		return;
	case SLO_DATA_NO_EVENTS:
		buf_add_str(&b, "there were no events in ");
		slo_period_add(&b, &s->m.period);
		break;
	case SLO_DATA_NO_SERIES:
		add_no_series(&b, w, s);
		break;
	case SLO_DATA_NO_ROWS:
		buf_add_str(&b, "no row of its counts is of the time from ");
		span.from = slo_period_at(&s->m.period, s->m.now_ns).from;
		span.to = s->m.now_ns;
		add_span(&b, &span);
		break;
	case SLO_DATA_OLD:
		tell_old(w, s);
		return;
	}
	buf_add_str(&b, ": nothing is known of it");
	tell(w, s->slo, &b);
}

void slo_doubt_span(const struct slo_work *w, const struct slo *o, const struct slo_span *span,
		    enum slo_gap gap)
{
	struct buf b = { 0 };

	buf_addf(&b, "there %s from ",
		 gap == SLO_GAP_CUT ? "are no whole intervals of its counts" : "were no events");
	add_span(&b, span);
	buf_add_str(&b, ": nothing is known of it");
	tell(w, o, &b);
}

static void doubt_alert(const struct slo_work *w, const struct slo *o, const struct slo_alert *a)
{
	struct ratio most = ratio_div(ratio_int(1),
				      ratio_sub(ratio_int(1), ratio_exact(o->target))),
		     target = ratio_exact(o->target);
	struct buf b = { 0 };

	buf_add_str(&b, "the alert above ");
	slo_alert_add(&b, a);
	buf_add_str(&b, " can never hold: with a target of ");
	ratio_add_percent(&b, &target, RATIO_ALL_DIGITS);
	buf_add_str(&b, " the burn rate is ");
	ratio_add_text(&b, &most, 6);
	buf_add_str(&b, " at most");
	tell(w, o, &b);
}

void slo_doubt_alerts(const struct slo_work *w, enum slo_which which)
{
	const struct slo_alerts *a = &w->ask->opts.alerts;

	for (size_t i = 0; i < w->set.n; i++) {
		const struct slo *o = &w->set.v[i];

		for (size_t k = 0; k < a->n; k++) {
			bool disabled = a->v[k].severity == SLO_PAGE ? o->page.disabled
								     : o->ticket.disabled;

			if (!slo_alert_can_hold(&a->v[k], o->target) &&
			    (which == SLO_ALL_ALERTS || !disabled))
				doubt_alert(w, o, &a->v[k]);
		}
	}
}
