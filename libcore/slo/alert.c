#include "slo/alert.h"

#define MINUTE_NS (60 * NS_PER_S)
#define HOUR_NS	  (60 * MINUTE_NS)
#define DAY_NS	  (24 * HOUR_NS)

static const char *const severities[] = { [SLO_PAGE] = "page", [SLO_TICKET] = "ticket" };

bool slo_alert_can_hold(const struct slo_alert *a, struct exact target)
{
	struct ratio allowed = ratio_sub(ratio_int(1), ratio_exact(target));
	struct ratio least_share = ratio_mul(ratio_exact(a->factor), allowed);

	return least_share.over || ratio_cmp(least_share, ratio_int(1)) < 0;
}

void slo_alert_add(struct buf *b, const struct slo_alert *a)
{
	exact_add(b, a->factor);
	buf_add_str(b, " over ");
	slo_duration_add(b, a->long_ns);
	buf_add_str(b, " and ");
	slo_duration_add(b, a->short_ns);
}

const char *slo_severity_name(enum slo_severity s)
{
	return severities[s];
}

struct slo_alerts slo_alerts_default(void)
{
	return (struct slo_alerts){ .n = 4,
				    .v = { { { 144, 1 }, HOUR_NS, 5 * MINUTE_NS, SLO_PAGE },
					   { { 6, 0 }, 6 * HOUR_NS, 30 * MINUTE_NS, SLO_PAGE },
					   { { 3, 0 }, DAY_NS, 2 * HOUR_NS, SLO_TICKET },
					   { { 1, 0 }, 3 * DAY_NS, 6 * HOUR_NS, SLO_TICKET } } };
}

int slo_alerts_read(struct slo_alerts *a, struct bytes text, struct err *e)
{
	struct bytes rest = text, factor = { 0 }, longer = { 0 }, shorter = { 0 }, word = { 0 };
	struct slo_alert one = { .severity = SLO_PAGE };
	struct err why;

	bytes_split(&rest, ':', &factor);
	bytes_split(&rest, ':', &longer);
	bytes_split(&rest, ':', &shorter);
	if (bytes_split(&rest, ':', &word) && !bytes_is(word, "page"))
		one.severity = SLO_TICKET;
	if (rest.p || !shorter.n || !exact_read(factor, &one.factor) || one.factor.units <= 0 ||
	    (one.severity == SLO_TICKET && !bytes_is(word, "ticket")))
		return err_set(e, ERR_USAGE,
			       "expected FACTOR:LONG:SHORT[:page|ticket] such as 14.4:1h:5m:page, "
			       "found '%.*s'",
			       BYTES_ARG(text));
	if (slo_window_read(longer, &one.long_ns, &why) < 0 ||
	    slo_window_read(shorter, &one.short_ns, &why) < 0)
		return err_set(e, ERR_USAGE, "'%.*s': %s", BYTES_ARG(text), why.msg);
	if (one.short_ns >= one.long_ns)
		return err_set(e, ERR_USAGE, "'%.*s': the second window is to be the shorter one",
			       BYTES_ARG(text));
	if (a->n == SLO_ALERTS_MAX)
		return err_set(e, ERR_LIMIT, "more than %d alerts", SLO_ALERTS_MAX);
	a->v[a->n++] = one;
	return 0;
}

static size_t add_window(int64_t *ns, size_t n, int64_t one)
{
	size_t i = n;

	for (size_t k = 0; k < n; k++)
		if (ns[k] == one)
			return n;
	for (; i > 0 && ns[i - 1] > one; i--)
		ns[i] = ns[i - 1];
	ns[i] = one;
	return n + 1;
}

size_t slo_alerts_windows(const struct slo_alerts *a, int64_t *ret_ns)
{
	size_t n = 0;

	for (size_t i = 0; i < a->n; i++) {
		n = add_window(ret_ns, n, a->v[i].long_ns);
		n = add_window(ret_ns, n, a->v[i].short_ns);
	}
	return n;
}

/* 1 when there are counts of the window. */
static int burn_of(const struct slo_measured *m, int64_t ns, struct ratio *ret, struct err *e)
{
	const struct slo_window *w = slo_window_find(m, ns);

	if (!w || w->no_series)
		return 0;
	*ret = slo_burn_rate(&w->counts, m->target);
	return ratio_check(ret, "burn_rate", e) < 0 ? -1 : 1;
}

/* Of nothing that happened nothing is known. */
static bool is_silent(const struct slo_measured *m, int64_t ns)
{
	return m->counts.total.units == 0 && slo_window_find(m, ns)->counts.total.units == 0;
}

int slo_alert_look(const struct slo_alert *a, const struct slo_measured *m,
		   struct slo_alert_state *ret, struct err *e)
{
	struct slo_alert_state s = { 0 };
	struct ratio factor = ratio_exact(a->factor);
	int has_long = burn_of(m, a->long_ns, &s.long_burn, e), has_short;

	if (has_long < 0 || (has_short = burn_of(m, a->short_ns, &s.short_burn, e)) < 0)
		return -1;
	s.known = has_long && has_short && !is_silent(m, a->long_ns);
	s.holds = s.known && ratio_cmp(s.long_burn, factor) > 0 &&
		  ratio_cmp(s.short_burn, factor) > 0;
	*ret = s;
	return 0;
}
