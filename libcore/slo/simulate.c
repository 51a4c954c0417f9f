#include "slo/simulate.h"

#include <stdlib.h>

#include "base/mem.h"

struct running {
	const struct slo_simulation *s;
	struct exact *total, *bad; /* of all intervals before the i-th */
	struct exact budget;	   /* 1 - target */
	struct exact threshold[SLO_ALERTS_MAX];
	bool fires[SLO_ALERTS_MAX], gone;
	slo_event_fn *each;
	void *data;
};

/* Counts of the n intervals up to the i-th, and with it. */
static bool window_counts(const struct running *r, size_t i, int64_t window_ns,
			  struct slo_counts *ret)
{
	const struct slo_series *series = r->s->series;
	size_t n = (size_t)(window_ns / series->step_ns), from = i + 1 > n ? i + 1 - n : 0;
	struct exact before = { i + 1 < n ? (num_wide)(n - i - 1) : 0, 0 };

	if (!exact_sum(r->total[i + 1], exact_negative(r->total[from]), &ret->total) ||
	    !exact_sum(r->bad[i + 1], exact_negative(r->bad[from]), &ret->bad))
		return false;
	return !r->s->steady || (exact_product(before, series->v[0].total, &before) &&
				 exact_sum(ret->total, before, &ret->total));
}

/* bad / total > factor (1 - target), without dividing. */
static int burns(const struct running *r, size_t i, int64_t window_ns, struct exact threshold,
		 bool *ret, struct err *e)
{
	struct slo_counts c;
	struct exact most;

	if (!window_counts(r, i, window_ns, &c) || !exact_product(c.total, threshold, &most))
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
				      .at_ns = s->from_ns + (int64_t)(i + 1) * s->step_ns,
				      .alert = alert,
				      .remaining = remaining };

	return r->each(r->data, &ev, e);
}

static int look_at_alerts(struct running *r, size_t i, struct ratio remaining, struct err *e)
{
	const struct slo_alerts *a = r->s->alerts;

	for (size_t k = 0; k < a->n; k++) {
		bool is_long, is_short;

		if (burns(r, i, a->v[k].long_ns, r->threshold[k], &is_long, e) < 0 ||
		    burns(r, i, a->v[k].short_ns, r->threshold[k], &is_short, e) < 0)
			return -1;
		if ((is_long && is_short) == r->fires[k])
			continue;
		r->fires[k] = !r->fires[k];
		if (tell(r, r->fires[k] ? SLO_FIRES : SLO_RESETS, i, &a->v[k], remaining, e) < 0)
			return -1;
	}
	return 0;
}

static int run_interval(struct running *r, size_t i, struct ratio *remaining, struct err *e)
{
	struct slo_counts c;
	struct ratio left;
	bool gone;

	if (!window_counts(r, i, r->s->period_ns, &c))
		return err_set(e, ERR_LIMIT, "the counts have more than %d digits",
			       EXACT_DIGITS_MAX);
	left = ratio_sub(ratio_int(1), slo_burn_rate(&c, r->s->target));
	if (ratio_check(&left, "remaining", e) < 0 || look_at_alerts(r, i, left, e) < 0)
		return -1;
	gone = ratio_sign(left) <= 0;
	if (gone != r->gone && tell(r, gone ? SLO_GONE : SLO_RECOVERED, i, NULL, left, e) < 0)
		return -1;
	r->gone = gone;
	if (remaining)
		remaining[i] = left;
	return i + 1 == r->s->series->n ? tell(r, SLO_END, i, NULL, left, e) : 0;
}

static int prepare(struct running *r, struct err *e)
{
	const struct slo_series *s = r->s->series;
	const struct slo_alerts *a = r->s->alerts;
	bool ok = exact_sum((struct exact){ 1, 0 }, exact_negative(r->s->target), &r->budget);

	for (size_t i = 0; ok && i < s->n; i++)
		ok = exact_sum(r->total[i], s->v[i].total, &r->total[i + 1]) &&
		     exact_sum(r->bad[i], s->v[i].bad, &r->bad[i + 1]);
	for (size_t i = 0; ok && i < a->n; i++)
		ok = exact_product(a->v[i].factor, r->budget, &r->threshold[i]);
	return ok ? 0
		  : err_set(e, ERR_LIMIT, "the counts have more than %d digits", EXACT_DIGITS_MAX);
}

int slo_simulate(const struct slo_simulation *s, slo_event_fn *each, void *data,
		 struct ratio *remaining, struct err *e)
{
	struct running r = { .s = s, .each = each, .data = data };
	int rc;

	r.total = mem_alloc((s->series->n + 1) * sizeof(*r.total));
	r.bad = mem_alloc((s->series->n + 1) * sizeof(*r.bad));
	rc = prepare(&r, e);
	for (size_t i = 0; rc == 0 && i < s->series->n; i++)
		rc = run_interval(&r, i, remaining, e);
	free(r.total);
	free(r.bad);
	return rc;
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
	struct slo_series s = { .step_ns = step_ns };
	struct bytes rest = text, one;
	size_t cap = 0;

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
		mem_grow(&s.v, &cap, s.n + (size_t)(ns / step_ns), sizeof(*s.v));
		for (; ns > 0; ns -= step_ns)
			s.v[s.n++] = c;
	}
	*ret = s;
	return 0;
}
