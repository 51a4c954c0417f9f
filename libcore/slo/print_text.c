/* For people. Numbers are rounded to a few digits here; the others say them all. */
#include "slo/print.h"

enum { FEW = 6, SLI_DIGITS = 9 };

static void add_period(struct buf *out, const struct slo_state *s)
{
	const struct slo_period *p = &s->slo->period;

	buf_add_str(out, p->kind == SLO_ROLLING ? "over " : "in the calendar's ");
	slo_period_add(out, p);
	if (p->kind == SLO_ROLLING)
		return;
	buf_add_str(out, " from ");
	time_add_rfc3339(out, slo_period_at(p, s->m.now_ns).from);
}

static void add_events(struct buf *out, const struct slo_state *s)
{
	const struct slo_counts *c = &s->m.counts;

	if (c->is_share)
		return;
	buf_add_str(out, "  events      ");
	ratio_add_events(out, c->total);
	buf_add_str(out, ", bad of these ");
	ratio_add_events(out, c->bad);
	buf_add_str(out, "\n  budget      ");
	ratio_add_text(out, &s->budget.allowed, RATIO_EVENT_DIGITS);
	buf_add_str(out, " bad events, left of these ");
	ratio_add_text(out, &s->budget.remaining_events, RATIO_EVENT_DIGITS);
	buf_add_char(out, '\n');
}

static void add_burn(struct buf *out, const struct ratio *burn, int64_t window_ns)
{
	ratio_add_text(out, burn, FEW);
	buf_add_str(out, " over ");
	slo_duration_add(out, window_ns);
}

static void add_burn_rates(struct buf *out, const struct slo_state *s)
{
	buf_add_str(out, "  burn rate   ");
	ratio_add_text(out, &s->budget.burn, FEW);
	buf_add_char(out, ' ');
	add_period(out, s);
	for (size_t i = s->m.n_windows; i-- > 0;) {
		const struct slo_window *w = &s->window[i];
		struct ratio burn = slo_burn_rate(&w->counts, s->m.target);

		if (s->slo->period.kind == SLO_ROLLING && w->ns == s->slo->period.length_ns)
			continue;
		buf_add_str(out, ", ");
		add_burn(out, &burn, w->ns);
	}
	buf_add_char(out, '\n');
}

static void add_outlook(struct buf *out, const struct slo_state *s)
{
	const struct slo_budget *b = &s->budget;

	buf_add_str(out, "  exhaustion  ");
	switch (b->outlook) {
	case SLO_NO_TRAFFIC:
		buf_add_str(out, "no traffic: nothing could have failed");
		break;
	case SLO_NOT_BURNING:
		buf_add_str(out, "not burning: nothing fails");
		break;
	case SLO_SUSTAINABLE:
		buf_add_str(out, "sustainable: at this pace it is never gone");
		break;
	case SLO_EXHAUSTED:
		buf_add_str(out, "exhausted: nothing is left");
		break;
	case SLO_RUNS_OUT:
		buf_add_str(out, "in ");
		slo_duration_add(out, b->left_ns);
		buf_add_str(out, " at the earliest");
		break;
	}
	if (b->pace_ns && b->outlook != SLO_NO_TRAFFIC && b->outlook != SLO_EXHAUSTED) {
		buf_add_str(out, ", by the burn rate over ");
		slo_duration_add(out, b->pace_ns);
	}
	buf_add_char(out, '\n');
}

static void add_alert(struct buf *out, const struct slo_alert *a, const struct slo_alert_state *s)
{
	buf_addf(out, "  %-6s      ", slo_severity_name(a->severity));
	buf_add_str(out, !s->known ? "not known" : s->holds ? "BURNING" : "quiet");
	buf_add_str(out, ": above ");
	slo_alert_add(out, a);
	if (s->known) {
		buf_add_str(out, "; found ");
		add_burn(out, &s->long_burn, a->long_ns);
		buf_add_str(out, ", ");
		add_burn(out, &s->short_burn, a->short_ns);
	}
	buf_add_char(out, '\n');
}

void slo_print_text(struct buf *out, const struct slo_state *s, const struct slo_alerts *a,
		    enum slo_print what)
{
	struct ratio target = ratio_exact(s->m.target);

	buf_addf(out, "%.*s: ", BYTES_ARG(s->slo->name));
	ratio_add_percent(out, &s->budget.remaining, FEW);
	buf_add_str(out, " of the error budget is left\n  target      ");
	ratio_add_percent(out, &target, RATIO_ALL_DIGITS);
	buf_add_char(out, ' ');
	add_period(out, s);
	buf_add_str(out, "\n  SLI         ");
	ratio_add_percent(out, &s->budget.sli, SLI_DIGITS);
	buf_add_char(out, '\n');
	add_events(out, s);
	add_burn_rates(out, s);
	add_outlook(out, s);
	for (size_t i = 0; what == SLO_PRINT_ALERTS && i < a->n; i++)
		add_alert(out, &a->v[i], &s->alert[i]);
}
