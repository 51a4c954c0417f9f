#include "slo/simulate.h"

#include <stdlib.h>

#include "base/mem.h"

enum { WINDOWS_MAX = 2 * SLO_ALERTS_MAX + 1 };

/* A window that ends with the interval that is looked at. */
struct sliding {
	int64_t ns;
	size_t first; /* its first interval, if that is known */
	bool known;
};

struct running {
	const struct slo_simulation *s;
	struct exact *total, *bad; /* of all points before the i-th */
	struct exact budget;	   /* 1 - target */
	struct exact threshold[SLO_ALERTS_MAX];
	struct sliding window[WINDOWS_MAX]; /* of the period, then the long and the short one of
					       each alert */
	size_t n_windows;
	bool fires[SLO_ALERTS_MAX], gone;
	slo_event_fn *each;
	void *data;
};

static void slide(struct running *r, size_t i)
{
	const struct slo_series *s = r->s->series;

	for (size_t k = 0; k < r->n_windows; k++) {
		struct sliding *w = &r->window[k];

		w->known =
			slo_series_begin(s, slo_series_border(s, i + 1) - w->ns, w->ns, &w->first);
	}
}

/* How many intervals of a window that ends with the i-th lie before the first one. */
static int64_t steady_before(const struct running *r, size_t i, const struct sliding *w)
{
	const struct slo_series *s = r->s->series;
	int64_t ns = w->ns - (slo_series_border(s, i + 1) - s->v[0].from_ns);

	return ns > 0 ? ns / r->s->steady_ns : 0;
}

/* Counts of a window that ends with the i-th interval. */
static bool window_counts(const struct running *r, size_t i, const struct sliding *w,
			  struct slo_counts *ret)
{
	struct exact before = { 0 };

	*ret = (struct slo_counts){ 0 };
	if (!exact_sum(r->total[i + 1], exact_negative(r->total[w->first]), &ret->total) ||
	    !exact_sum(r->bad[i + 1], exact_negative(r->bad[w->first]), &ret->bad))
		return false;
	if (!r->s->steady_ns)
		return true;
	before.units = steady_before(r, i, w);
	return exact_product(before, r->s->series->v[0].counts.total, &before) &&
	       exact_sum(ret->total, before, &ret->total);
}

/* bad / total > factor (1 - target), without dividing. */
static int burns(const struct running *r, size_t i, const struct sliding *w, struct exact threshold,
		 bool *ret, struct err *e)
{
	struct slo_counts c;
	struct exact most;

	if (!window_counts(r, i, w, &c) || !exact_product(c.total, threshold, &most))
		return err_set(e, ERR_LIMIT, "the counts have more than %d digits",
			       EXACT_DIGITS_MAX);
	*ret = exact_cmp(c.bad, most) > 0;
	return 0;
}

static int tell(struct running *r, enum slo_event_kind kind, size_t i,
		const struct slo_alert *alert, struct ratio remaining, struct err *e)
{
	const struct slo_series *s = r->s->series;
	const struct slo_event ev = { .kind = kind,
				      .at_ns = slo_series_border(s, i + 1),
				      .alert = alert,
				      .remaining = remaining };

	return r->each(r->data, &ev, e);
}

/* What is not known now is as it was. */
static int look_at_alerts(struct running *r, size_t i, struct ratio remaining, struct err *e)
{
	const struct slo_alerts *a = r->s->alerts;

	for (size_t k = 0; k < a->n; k++) {
		const struct sliding *l = &r->window[2 * k + 1], *s = &r->window[2 * k + 2];
		bool is_long, is_short;

		if (!l->known || !s->known)
			continue;
		if (burns(r, i, l, r->threshold[k], &is_long, e) < 0 ||
		    burns(r, i, s, r->threshold[k], &is_short, e) < 0)
			return -1;
		if ((is_long && is_short) == r->fires[k])
			continue;
		r->fires[k] = !r->fires[k];
		if (tell(r, r->fires[k] ? SLO_FIRES : SLO_RESETS, i, &a->v[k], remaining, e) < 0)
			return -1;
	}
	return 0;
}

static int tell_cut(const struct running *r, size_t i, struct err *e)
{
	struct buf b = { 0 };

	slo_duration_add(&b, r->s->period_ns);
	buf_add_str(&b, " that ends at ");
	time_add_rfc3339(&b, slo_series_border(r->s->series, i + 1));
	err_set(e, ERR_USAGE, "the window %s begins inside of an interval: --window names another",
		buf_str(&b));
	buf_release(&b);
	return -1;
}

static int run_interval(struct running *r, size_t i, struct err *e)
{
	size_t every = r->s->every, n = r->s->series->n;
	struct slo_counts c;
	struct ratio left;
	bool gone;

	if (!r->window[0].known)
		return tell_cut(r, i, e);
	if (!window_counts(r, i, &r->window[0], &c))
		return err_set(e, ERR_LIMIT, "the counts have more than %d digits",
			       EXACT_DIGITS_MAX);
	left = ratio_sub(ratio_int(1), slo_burn_rate(&c, r->s->target));
	if (ratio_check(&left, "remaining", e) < 0 || look_at_alerts(r, i, left, e) < 0)
		return -1;
	gone = ratio_sign(left) <= 0;
	if (gone != r->gone && tell(r, gone ? SLO_GONE : SLO_RECOVERED, i, NULL, left, e) < 0)
		return -1;
	r->gone = gone;
	if (every && ((i + 1) % every == 0 || i + 1 == n) &&
	    tell(r, SLO_SAMPLE, i, NULL, left, e) < 0)
		return -1;
	return i + 1 == n ? tell(r, SLO_END, i, NULL, left, e) : 0;
}

static void add_window(struct running *r, int64_t ns)
{
	r->window[r->n_windows++].ns = ns;
}

static int prepare(struct running *r, struct err *e)
{
	const struct slo_series *s = r->s->series;
	const struct slo_alerts *a = r->s->alerts;
	bool ok = exact_sum((struct exact){ 1, 0 }, exact_negative(r->s->target), &r->budget);

	for (size_t i = 0; ok && i < s->n; i++)
		ok = exact_sum(r->total[i], s->v[i].counts.total, &r->total[i + 1]) &&
		     exact_sum(r->bad[i], s->v[i].counts.bad, &r->bad[i + 1]);
	add_window(r, r->s->period_ns);
	for (size_t i = 0; ok && i < a->n; i++) {
		ok = exact_product(a->v[i].factor, r->budget, &r->threshold[i]);
		add_window(r, a->v[i].long_ns);
		add_window(r, a->v[i].short_ns);
	}
	return ok ? 0
		  : err_set(e, ERR_LIMIT, "the counts have more than %d digits", EXACT_DIGITS_MAX);
}

int slo_simulate(const struct slo_simulation *s, slo_event_fn *each, void *data, struct err *e)
{
	struct running r = { .s = s, .each = each, .data = data };
	int rc;

	r.total = mem_alloc((s->series->n + 1) * sizeof(*r.total));
	r.bad = mem_alloc((s->series->n + 1) * sizeof(*r.bad));
	rc = prepare(&r, e);
	for (size_t i = 0; rc == 0 && i < s->series->n; i++) {
		slide(&r, i);
		rc = run_interval(&r, i, e);
	}
	free(r.total);
	free(r.bad);
	return rc;
}

bool slo_simulation_has(const struct slo_simulation *s, int64_t window_ns)
{
	const struct slo_series *all = s->series;
	size_t first, n = 0;

	if (s->steady_ns)
		return window_ns % s->steady_ns == 0;
	for (size_t i = 0; i < all->n; i++) {
		int64_t from = slo_series_border(all, i + 1) - window_ns;

		if (from < all->v[0].from_ns)
			continue;
		if (slo_series_begin(all, from, window_ns, &first) && first <= i)
			return true;
		n++;
	}
	return n == 0;
}

/* --- phases ---------------------------------------------------------------------------------- */

static int read_phase(struct bytes text, int64_t step_ns, int64_t *ret_ns, struct exact *ret_share,
		      struct err *e)
{
	struct bytes rest = text, length = { 0 }, share = { 0 };
	struct err why;

	bytes_split(&rest, ':', &length);
	if (!bytes_split(&rest, ':', &share) || rest.p)
		return err_set(e, ERR_USAGE,
			       "expected DURATION:SHARE, ... such as 6h:0,30m:2%%, found '%.*s'",
			       BYTES_ARG(text));
	if (slo_window_read(length, ret_ns, &why) < 0 || slo_share_read(share, ret_share, &why) < 0)
		return err_set(e, ERR_USAGE, "'%.*s': %s", BYTES_ARG(text), why.msg);
	if (*ret_ns % step_ns != 0)
		return err_set(e, ERR_USAGE, "'%.*s': is no multiple of --step", BYTES_ARG(text));
	return 0;
}

int slo_phases_read(struct bytes text, int64_t step_ns, struct slo_series *ret, struct err *e)
{
	struct slo_series s = { 0 };
	struct bytes rest = text, one;

	while (bytes_split(&rest, ',', &one)) {
		struct slo_counts c = { .total = { 1, 0 } };
		int64_t ns;

		if (read_phase(bytes_trim(one), step_ns, &ns, &c.bad, e) < 0) {
			slo_series_release(&s);
			return -1;
		}
		if (ns / step_ns > (int64_t)(SLO_SERIES_MAX - s.n)) {
			slo_series_release(&s);
			return err_set(e, ERR_LIMIT, "more than %d intervals: make --step longer",
				       SLO_SERIES_MAX);
		}
		for (; ns > 0; ns -= step_ns)
			slo_series_add(&s, s.end_ns, s.end_ns + step_ns, &c);
	}
	*ret = s;
	return 0;
}
