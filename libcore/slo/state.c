#include "slo/state.h"

void slo_state_init(struct slo_state *s, const struct slo *o, int64_t now_ns, int64_t pace_ns)
{
	*s = (struct slo_state){ .slo = o,
				 .m = { .target = o->target,
					.period = o->period,
					.now_ns = now_ns,
					.pace_ns = pace_ns } };
}

int slo_state_add(struct slo_state *s, int64_t window_ns, const struct slo_counts *c, struct err *e)
{
	struct buf name = { 0 };
	struct err why;
	int rc = 0;

	slo_duration_add(&name, window_ns);
	s->m.window = s->window;
	if (slo_counts_check(c, &why) < 0)
		rc = err_set(e, ERR_USAGE, "window %s: %s", buf_str(&name), why.msg);
	else if (slo_window_find(&s->m, window_ns))
		rc = err_set(e, ERR_USAGE, "window %s: is counted twice", buf_str(&name));
	else if (s->m.n_windows == SLO_WINDOWS_MAX)
		rc = err_set(e, ERR_LIMIT, "more than %d windows", SLO_WINDOWS_MAX);
	else
		s->window[s->m.n_windows++] = (struct slo_window){ .ns = window_ns, .counts = *c };
	buf_release(&name);
	return rc;
}

/* a is to be part of b. */
static bool exceeds(const struct slo_window *a, const struct slo_window *b)
{
	return exact_cmp(a->counts.total, b->counts.total) > 0 ||
	       exact_cmp(a->counts.bad, b->counts.bad) > 0;
}

bool slo_windows_contradict(const struct slo_window *a, const struct slo_window *b)
{
	return (a->ns <= b->ns && exceeds(a, b)) || (b->ns <= a->ns && exceeds(b, a));
}

struct slo_window slo_state_own(const struct slo_state *s)
{
	return (struct slo_window){ .ns = s->m.now_ns -
					  slo_period_at(&s->m.period, s->m.now_ns).from,
				    .counts = s->m.counts };
}

size_t slo_state_windows(const struct slo_state *s, const struct slo_alerts *a, int64_t *ret_ns)
{
	size_t n = slo_alerts_windows(a, ret_ns);

	for (size_t i = 0; i < n; i++)
		if (ret_ns[i] == s->m.pace_ns)
			return n;
	if (s->m.pace_ns)
		ret_ns[n++] = s->m.pace_ns;
	return n;
}

/* The window's own counts may stand for it. */
static int check_pace(const struct slo_measured *m, struct err *e)
{
	struct buf b = { 0 };

	if (!m->pace_ns || slo_window_find(m, m->pace_ns) ||
	    (m->period.kind == SLO_ROLLING && m->period.length_ns == m->pace_ns))
		return 0;
	slo_duration_add(&b, m->pace_ns);
	err_set(e, ERR_USAGE, "--pace %s: there are no counts of that window", buf_str(&b));
	buf_release(&b);
	return -1;
}

static void sort_windows(struct slo_state *s)
{
	for (size_t i = 1; i < s->m.n_windows; i++) {
		struct slo_window one = s->window[i];
		size_t k = i;

		for (; k > 0 && s->window[k - 1].ns > one.ns; k--)
			s->window[k] = s->window[k - 1];
		s->window[k] = one;
	}
}

int slo_state_settle(struct slo_state *s, const struct slo_alerts *a, struct err *e)
{
	s->m.window = s->window;
	sort_windows(s);
	if (s->data == SLO_DATA && s->m.counts.total.units == 0)
		s->data = SLO_DATA_NO_EVENTS;
	if (check_pace(&s->m, e) < 0 || slo_counts_check(&s->m.counts, e) < 0 ||
	    slo_budget_of(&s->m, &s->budget, e) < 0)
		return -1;
	for (size_t i = 0; i < a->n; i++) {
		if (slo_alert_look(&a->v[i], &s->m, &s->alert[i], e) < 0)
			return -1;
		s->is_looked_at = s->is_looked_at || s->alert[i].known;
		s->is_burning = s->is_burning || s->alert[i].holds;
	}
	return 0;
}
