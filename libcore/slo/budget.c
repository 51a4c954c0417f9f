#include "slo/budget.h"

/* By which a window foretells, unless another is chosen: long enough to be more than an accident.
 */
#define PACE_NS (3600 * NS_PER_S)

static const struct exact ONE = { 1, 0 };

static const struct exact HUNDRED = { 100, 0 };

static bool has_sign(struct bytes text)
{
	return text.n && text.p[text.n - 1] == '%';
}

/* What a number without a sign is. */
enum unsigned_is { A_SHARE, A_PERCENTAGE };

/* Whatever its size. */
static int read_share(struct bytes text, enum unsigned_is what, struct exact *ret, struct err *e)
{
	const struct exact hundredth = { 1, 2 };

	if (!exact_read(bytes_sub(text, 0, text.n - has_sign(text)), ret))
		return err_set(
			e, ERR_USAGE,
			"expected a share such as 0.999 or a percentage such as 99.9%%, found "
			"'%.*s'",
			BYTES_ARG(text));
	if ((what == A_PERCENTAGE || has_sign(text)) && !exact_product(*ret, hundredth, ret))
		return err_set(e, ERR_LIMIT, "'%.*s' has more than %d digits", BYTES_ARG(text),
			       EXACT_DIGITS_MAX);
	return 0;
}

/* A hint for what was hardly meant as a share. */
static const char *hint_of(struct bytes text, struct exact v)
{
	return !has_sign(text) && exact_cmp(v, ONE) > 0 && exact_cmp(v, HUNDRED) < 0
		       ? "; a percentage has '%' behind it"
		       : "";
}

int slo_share_read(struct bytes text, struct exact *ret, struct err *e)
{
	struct exact v;

	if (read_share(text, A_SHARE, &v, e) < 0)
		return -1;
	if (v.units < 0 || exact_cmp(v, ONE) > 0)
		return err_set(e, ERR_USAGE, "expected a share from 0 to 100 %%, found '%.*s'%s",
			       BYTES_ARG(text), hint_of(text, v));
	*ret = v;
	return 0;
}

static int read_target(struct bytes text, enum unsigned_is what, struct exact *ret, struct err *e)
{
	struct exact v;

	if (read_share(text, what, &v, e) < 0)
		return -1;
	if (v.units <= 0 || exact_cmp(v, ONE) >= 0)
		return err_set(
			e, ERR_USAGE,
			"a target lies between 0 and 100 %%, both excluded (0 asks for nothing, "
			"100 %% leaves no budget), found '%.*s'%s",
			BYTES_ARG(text), hint_of(text, v));
	*ret = v;
	return 0;
}

int slo_target_read(struct bytes text, struct exact *ret, struct err *e)
{
	return read_target(text, A_SHARE, ret, e);
}

int slo_percentage_read(struct bytes text, struct exact *ret, struct err *e)
{
	return read_target(text, A_PERCENTAGE, ret, e);
}

static struct ratio share_of(const struct slo_counts *c)
{
	return c->total.units ? ratio_div(ratio_exact(c->bad), ratio_exact(c->total))
			      : ratio_int(0);
}

static struct ratio allowed_share(struct exact target)
{
	return ratio_sub(ratio_int(1), ratio_exact(target));
}

struct ratio slo_burn_rate(const struct slo_counts *c, struct exact target)
{
	return ratio_div(share_of(c), allowed_share(target));
}

const struct slo_window *slo_window_find(const struct slo_measured *m, int64_t ns)
{
	for (size_t i = 0; i < m->n_windows; i++)
		if (m->window[i].ns == ns)
			return &m->window[i];
	return NULL;
}

/* NULL: there is none that would do, and the whole period is looked at. */
static const struct slo_window *pace_window(const struct slo_measured *m)
{
	const struct slo_window *best = NULL;

	if (m->pace_ns)
		return slo_window_find(m, m->pace_ns);
	for (size_t i = 0; i < m->n_windows; i++)
		if (m->window[i].ns <= PACE_NS && (!best || m->window[i].ns > best->ns))
			best = &m->window[i];
	return best;
}

static int say_left(struct slo_budget *b, struct ratio ns, int64_t until_ns, struct err *e)
{
	if (ratio_check(&ns, "time to exhaustion", e) < 0)
		return -1;
	b->left_ns = ratio_floor(ns);
	b->outlook = b->left_ns >= until_ns ? SLO_SUSTAINABLE : SLO_RUNS_OUT;
	return 0;
}

static int look_out(const struct slo_measured *m, struct slo_budget *b, struct err *e)
{
	const struct slo_period *p = &m->period;
	struct slo_span span = slo_period_at(p, m->now_ns);
	struct ratio over = ratio_sub(b->pace, ratio_int(1));
	struct ratio elapsed = ratio_int(m->now_ns - span.from);

	if (m->counts.total.units == 0)
		b->outlook = SLO_NO_TRAFFIC;
	else if (ratio_sign(b->remaining) <= 0)
		b->outlook = SLO_EXHAUSTED;
	else if (ratio_sign(b->pace) == 0)
		b->outlook = SLO_NOT_BURNING;
	else if (p->kind == SLO_ROLLING)
		return say_left(
			b, ratio_div(ratio_mul(b->remaining, ratio_int(p->length_ns)), b->pace),
			p->length_ns, e);
	else if (ratio_sign(over) <= 0)
		b->outlook = SLO_SUSTAINABLE;
	else
		return say_left(b, ratio_div(ratio_mul(b->remaining, elapsed), over),
				span.to - m->now_ns, e);
	return 0;
}

int slo_budget_of(const struct slo_measured *m, struct slo_budget *ret, struct err *e)
{
	struct ratio bad = ratio_exact(m->counts.bad), total = ratio_exact(m->counts.total);
	const struct slo_window *pace = pace_window(m);
	struct slo_budget b = { 0 };

	b.sli = ratio_sub(ratio_int(1), share_of(&m->counts));
	b.burn = slo_burn_rate(&m->counts, m->target);
	b.remaining = ratio_sub(ratio_int(1), b.burn);
	b.allowed = ratio_mul(total, allowed_share(m->target));
	b.remaining_events = ratio_sub(b.allowed, bad);
	b.pace = pace ? slo_burn_rate(&pace->counts, m->target) : b.burn;
	b.pace_ns = pace ? pace->ns : 0;
	if (ratio_check(&b.sli, "sli", e) < 0 || ratio_check(&b.remaining, "remaining", e) < 0 ||
	    ratio_check(&b.remaining_events, "remaining_events", e) < 0 ||
	    ratio_check(&b.pace, "burn_rate", e) < 0 || look_out(m, &b, e) < 0)
		return -1;
	*ret = b;
	return 0;
}

void slo_outlook_add(struct buf *b, const struct slo_budget *budget)
{
	static const char *const words[] = { [SLO_NO_TRAFFIC] = "no_traffic",
					     [SLO_NOT_BURNING] = "not_burning",
					     [SLO_SUSTAINABLE] = "sustainable",
					     [SLO_EXHAUSTED] = "exhausted" };

	if (budget->outlook == SLO_RUNS_OUT)
		slo_duration_add(b, budget->left_ns);
	else
		buf_add_str(b, words[budget->outlook]);
}
