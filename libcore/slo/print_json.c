/* One objective as a JSON object on a line: lokid-slo(5) lists the fields. */
#include "json/json.h"
#include "slo/print.h"

static void add_name(struct buf *b, const char *name)
{
	buf_addf(b, "%s\"%s\":", b->n && b->p[b->n - 1] != '{' ? "," : "", name);
}

static void add_text(struct buf *b, const char *name, struct bytes text)
{
	add_name(b, name);
	json_add_quoted(b, text);
}

static void add_ratio(struct buf *b, const char *name, const struct ratio *r, unsigned digits)
{
	add_name(b, name);
	ratio_add_text(b, r, digits);
}

static void add_time(struct buf *b, const char *name, int64_t ns)
{
	add_name(b, name);
	buf_add_char(b, '"');
	time_add_rfc3339(b, ns);
	buf_add_char(b, '"');
}

/* Of a share, events are not known. */
static void add_events(struct buf *b, const struct slo_state *s)
{
	const struct slo_counts *c = &s->m.counts;

	if (c->is_share) {
		buf_add_str(
			b,
			",\"total\":null,\"bad\":null,\"budget\":null,\"remaining_events\":null");
		return;
	}
	add_name(b, "total");
	exact_add(b, c->total);
	add_name(b, "bad");
	exact_add(b, c->bad);
	add_ratio(b, "budget", &s->budget.allowed, RATIO_ALL_DIGITS);
	add_ratio(b, "remaining_events", &s->budget.remaining_events, RATIO_ALL_DIGITS);
}

static void add_burn_rates(struct buf *b, const struct slo_state *s)
{
	struct buf name = { 0 };

	buf_add_str(b, ",\"burn_rate\":{");
	slo_period_add(&name, &s->slo->period);
	add_ratio(b, buf_str(&name), &s->budget.burn, RATIO_DIGITS);
	for (size_t i = 0; i < s->m.n_windows; i++) {
		const struct slo_window *w = &s->window[i];
		struct ratio burn = slo_burn_rate(&w->counts, s->m.target);

		if (s->slo->period.kind == SLO_ROLLING && w->ns == s->slo->period.length_ns)
			continue;
		buf_reset(&name);
		slo_duration_add(&name, w->ns);
		add_ratio(b, buf_str(&name), &burn, RATIO_DIGITS);
	}
	buf_add_char(b, '}');
	buf_release(&name);
}

static void add_alert(struct buf *b, const struct slo_alert *a, const struct slo_alert_state *s)
{
	buf_addf(b, "{\"severity\":\"%s\",\"factor\":", slo_severity_name(a->severity));
	exact_add(b, a->factor);
	buf_add_str(b, ",\"long\":\"");
	slo_duration_add(b, a->long_ns);
	buf_add_str(b, "\",\"short\":\"");
	slo_duration_add(b, a->short_ns);
	buf_addf(b, "\",\"holds\":%s}", !s->known ? "null" : s->holds ? "true" : "false");
}

void slo_print_jsonl(struct buf *out, const struct slo_state *s, const struct slo_alerts *a)
{
	struct buf window = { 0 };
	struct buf b = { 0 };

	slo_period_add(&window, &s->slo->period);
	buf_add_char(&b, '{');
	add_text(&b, "name", s->slo->name);
	if (s->slo->service.n)
		add_text(&b, "service", s->slo->service);
	add_name(&b, "target");
	exact_add(&b, s->m.target);
	add_text(&b, "window", buf_bytes(&window));
	add_time(&b, "from", slo_period_at(&s->slo->period, s->m.now_ns).from);
	add_time(&b, "to", s->m.now_ns);
	add_events(&b, s);
	add_ratio(&b, "sli", &s->budget.sli, RATIO_DIGITS);
	add_ratio(&b, "remaining", &s->budget.remaining, RATIO_DIGITS);
	add_burn_rates(&b, s);
	add_name(&b, "exhaustion");
	buf_add_char(&b, '"');
	slo_outlook_add(&b, &s->budget);
	buf_add_char(&b, '"');
	if (s->budget.outlook == SLO_RUNS_OUT)
		buf_addf(&b, ",\"exhaustion_seconds\":%lld",
			 (long long)(s->budget.left_ns / NS_PER_S));
	buf_add_str(&b, ",\"alerts\":[");
	for (size_t i = 0; i < a->n; i++) {
		buf_add_str(&b, i ? "," : "");
		add_alert(&b, &a->v[i], &s->alert[i]);
	}
	buf_add_str(&b, "]}\n");
	buf_add_bytes(out, buf_bytes(&b));
	buf_release(&b);
	buf_release(&window);
}
