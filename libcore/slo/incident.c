#include "slo/incident.h"

#include "report/markdown.h"

enum { FEW = 4 };

int slo_loss_settle(struct slo_loss *l, struct err *e)
{
	const struct slo_budget *b = &l->state->budget;

	l->burn = slo_burn_rate(&l->counts, l->state->m.target);
	l->spent = ratio_sign(b->allowed) > 0 && !l->counts.is_share
			   ? ratio_div(ratio_exact(l->counts.bad), b->allowed)
			   : ratio_int(0);
	return ratio_check(&l->burn, "burn_rate", e) < 0 ||
			       ratio_check(&l->spent, "the share of the budget", e) < 0
		       ? -1
		       : 0;
}

/* That is bad; there are some events. */
static struct ratio share_of(const struct slo_counts *c)
{
	return ratio_div(ratio_exact(c->bad), ratio_exact(c->total));
}

/* The loss that burnt fastest, or NULL. */
static const struct slo_loss *worst_of(const struct slo_incident *in)
{
	const struct slo_loss *worst = NULL;

	for (size_t i = 0; i < in->n_losses; i++)
		if (in->loss[i].known && in->loss[i].counts.total.units &&
		    (!worst || ratio_cmp(in->loss[i].burn, worst->burn) > 0))
			worst = &in->loss[i];
	return worst;
}

/* SEV1 when the fastest burn rate is above 14.4, SEV2 above 6, SEV3 above 1, else SEV4; "" when
 * none is known. */
static const char *severity_of(const struct slo_incident *in)
{
	static const struct {
		struct exact above;
		const char *name;
	} levels[] = { { { 144, 1 }, "SEV1" }, { { 6, 0 }, "SEV2" }, { { 1, 0 }, "SEV3" } };
	const struct slo_loss *worst = worst_of(in);

	if (!worst)
		return "";
	for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++)
		if (ratio_cmp(worst->burn, ratio_exact(levels[i].above)) > 0)
			return levels[i].name;
	return "SEV4";
}

/* --- pieces ---------------------------------------------------------------------------------- */

/* "2026-01-15 10:00", of which only some. */
static void add_time(struct buf *out, int64_t ns, size_t from, size_t n)
{
	struct buf t = { 0 };

	time_add_rfc3339(&t, ns);
	buf_add_bytes(out, bytes_sub(buf_bytes(&t), from, n));
	buf_release(&t);
}

static void add_date(struct buf *out, int64_t ns)
{
	add_time(out, ns, 0, 10);
}

/* Does it touch more than one day? */
static bool has_days(const struct slo_incident *in)
{
	return time_day(in->span.from) != time_day(in->span.to);
}

/* "10:00 to 11:30", with dates where it has several. */
static void add_span(struct buf *out, const struct slo_incident *in)
{
	bool days = has_days(in);

	if (days) {
		add_date(out, in->span.from);
		buf_add_char(out, ' ');
	}
	add_time(out, in->span.from, 11, 5);
	buf_add_str(out, " to ");
	if (days) {
		add_date(out, in->span.to);
		buf_add_char(out, ' ');
	}
	add_time(out, in->span.to, 11, 5);
}

/* "2 hours 5 minutes" */
static void add_length(struct buf *out, int64_t ns)
{
	int64_t minutes = (ns + 59 * NS_PER_S) / (60 * NS_PER_S), hours = minutes / 60;

	if (hours)
		buf_addf(out, "%lld %s ", (long long)hours,
			 num_word((uint64_t)hours, "hour", "hours"));
	num_add_count(out, (uint64_t)(minutes % 60), "minute", "minutes");
}

/* --- parts ----------------------------------------------------------------------------------- */

static void add_head(struct buf *out, const struct slo_incident *in)
{
	const char *severity = severity_of(in);

	buf_add_str(out, "# Post-Mortem: ");
	if (in->title)
		markdown_add(out, bytes_str(in->title));
	else
		buf_add_str(out, "[Incident Title]");
	buf_add_str(out, "\n\n**Date:** ");
	add_date(out, in->span.from);
	buf_add_str(out, "\n**Duration:** ");
	add_length(out, in->span.to - in->span.from);
	buf_addf(out, "\n**Severity:** %s\n**Author:** ",
		 *severity ? severity : "[SEV1/SEV2/SEV3]");
	if (in->author)
		markdown_add(out, bytes_str(in->author));
	else
		buf_add_str(out, "[Name]");
	buf_add_str(out, "\n**Status:** Draft\n");
}

static void add_summary(struct buf *out, const struct slo_incident *in)
{
	const struct slo_loss *worst = worst_of(in);

	buf_add_str(out, "\n## Executive Summary\n\n");
	if (worst) {
		struct ratio share = share_of(&worst->counts);

		buf_add_str(out, "From ");
		add_span(out, in);
		buf_add_str(out, " UTC ");
		ratio_add_percent(out, &share, FEW);
		buf_add_str(out, " of the events of ");
		markdown_add(out, worst->state->slo->name);
		buf_add_str(out, " were bad, ");
		ratio_add_text(out, &worst->burn, FEW);
		buf_add_str(out, " times as many as may be.\n");
	}
	buf_add_str(out, "[What happened, and its impact, in two or three sentences.]\n");
}

static void add_loss(struct buf *out, const struct slo_loss *l)
{
	const struct slo_state *s = l->state;

	buf_add_str(out, "- **Error Budget of ");
	markdown_add(out, s->slo->name);
	buf_add_str(out, ":** ");
	if (!l->known)
		buf_add_str(out, "nothing is known of its time; ");
	if (l->known) {
		if (!l->counts.is_share) {
			ratio_add_events(out, l->counts.bad);
			buf_add_str(out, " of ");
			ratio_add_events(out, l->counts.total);
			buf_add_str(out, " events were bad, ");
			ratio_add_percent(out, &l->spent, FEW);
			buf_add_str(out, " of the budget; ");
		}
		buf_add_str(out, "burn rate ");
		ratio_add_text(out, &l->burn, FEW);
		buf_add_str(out, "; ");
	}
	ratio_add_percent(out, &s->budget.remaining, FEW);
	buf_add_str(out, " of that of ");
	slo_period_add(out, &s->slo->period);
	buf_add_str(out, " is left\n");
}

static void add_hits(struct buf *out, const struct slo_incident *in)
{
	if (in->n_hits == 0)
		return;
	buf_add_str(out, "\n| Affected | Bad Events | Of | Share "
			 "|\n|----------|------------|----|-------|\n");
	for (size_t i = 0; i < in->n_hits; i++) {
		const struct slo_hit *h = &in->hit[i];

		buf_add_str(out, "| ");
		markdown_add(out, h->name);
		buf_add_str(out, " | ");
		ratio_add_events(out, h->bad);
		buf_add_str(out, " | ");
		if (h->has_total) {
			ratio_add_events(out, h->counts.total);
			buf_add_str(out, " | ");
		}
		if (h->has_total && h->counts.total.units) {
			struct ratio share = share_of(&h->counts);

			ratio_add_percent(out, &share, FEW);
		}
		buf_add_str(out, h->has_total ? " |\n" : " | |\n");
	}
}

static void add_impact(struct buf *out, const struct slo_incident *in)
{
	size_t n = 0;

	for (size_t i = 0; i < in->n_hits; i++)
		n += in->hit[i].bad.units > 0;
	buf_add_str(out, "\n## Impact\n\n- **Users Affected:** ");
	if (in->n_hits)
		buf_addf(out, "%zu of %zu %s in the table below\n", n, in->n_hits,
			 num_word(in->n_hits, "row", "rows"));
	else
		buf_add_str(out, "[X% of users / Y tenants]\n");
	buf_add_str(out, "- **Duration:** ");
	add_span(out, in);
	buf_add_str(out, " (");
	add_length(out, in->span.to - in->span.from);
	buf_add_str(out, ")\n- **Data Loss:** [Yes/No (details if yes)]\n"
			 "- **Revenue Impact:** [$X (if applicable)]\n");
	for (size_t i = 0; i < in->n_losses; i++)
		add_loss(out, &in->loss[i]);
	add_hits(out, in);
}

enum alert_is { ALERT_FIRST, ALERT_LATER };

static void add_moment(struct buf *out, const struct slo_incident *in, const struct slo_moment *m,
		       enum alert_is alert)
{
	bool days = has_days(in) || time_day(m->ts_ns) != time_day(in->span.from);

	buf_add_str(out, "| ");
	if (days) {
		add_date(out, m->ts_ns);
		buf_add_char(out, ' ');
	}
	add_time(out, m->ts_ns, 11, 8);
	buf_add_str(out, m->kind == SLO_LINE	? " | log: "
			 : alert == ALERT_FIRST ? " | First alert fired: "
						: " | ");
	markdown_add(out, m->text);
	buf_add_str(out, " |\n");
}

static void add_timeline(struct buf *out, const struct slo_incident *in)
{
	bool fired = false;

	buf_add_str(out,
		    "\n## Timeline (All times in UTC)\n\n| Time | Event |\n|------|-------|\n");
	for (size_t i = 0; i < in->n_moments; i++) {
		bool first = !fired && in->moment[i].kind == SLO_ALERT_FIRED;

		fired = fired || first;
		add_moment(out, in, &in->moment[i], first ? ALERT_FIRST : ALERT_LATER);
	}
	if (!fired)
		buf_add_str(out, "| [HH:MM] | First alert fired |\n");
	buf_add_str(out, "| [HH:MM] | On-call acknowledged |\n| [HH:MM] | Incident declared |\n"
			 "| [HH:MM] | Root cause identified |\n| [HH:MM] | Mitigation applied |\n"
			 "| [HH:MM] | Service restored |\n| [HH:MM] | Incident closed |\n");
}

static const char REST[] =
	"\n## Root Cause Analysis\n"
	"\n### What Happened\n\n[The failure, technically.]\n"
	"\n### Why It Happened\n\n1. **Technical:** [Description]\n2. **Process:** [Description]\n"
	"3. **Human:** [Description]\n"
	"\n### 5 Whys Analysis\n\n1. Why did [X] happen? Because [Y].\n2. Why did [Y] happen? "
	"Because [Z].\n"
	"3. [...]\n"
	"\n## What Went Well\n\n- [...]\n"
	"\n## What Went Poorly\n\n- [...]\n"
	"\n## Action Items\n\n| Priority | Action | Owner | Due Date | Status |\n"
	"|----------|--------|-------|----------|--------|\n| [P0] | [...] | [...] | [YYYY-MM-DD] "
	"| Not Started |\n"
	"\n## Lessons Learned\n\n[What others should know.]\n";

void slo_incident_write(struct buf *out, const struct slo_incident *in)
{
	add_head(out, in);
	add_summary(out, in);
	add_impact(out, in);
	add_timeline(out, in);
	buf_add_str(out, REST);
	buf_add_str(out, "\n## Appendix\n\n- Objectives:\n");
	for (size_t i = 0; i < in->n_losses; i++) {
		const struct slo *o = in->loss[i].state->slo;
		struct ratio target = ratio_exact(o->target);

		buf_add_str(out, "  - ");
		markdown_add(out, o->name);
		buf_add_str(out, ": ");
		ratio_add_percent(out, &target, RATIO_ALL_DIGITS);
		buf_add_str(out, " over ");
		slo_period_add(out, &o->period);
		if (o->description.n) {
			buf_add_str(out, "; ");
			markdown_add(out, o->description);
		}
		buf_add_char(out, '\n');
	}
	buf_add_str(out, "- [Links to dashboards, alert definitions, related incidents]\n");
}
