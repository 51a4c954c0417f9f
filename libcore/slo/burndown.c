#include "slo/burndown.h"

#include <stdlib.h>

#include "base/mem.h"
#include "slo/budget.h"

void slo_burndown_release(struct slo_burndown *b)
{
	free(b->v);
	*b = (struct slo_burndown){ 0 };
}

/* What is left when bad of the budget of all are spent. */
static int left_of(struct exact bad, struct exact all, struct exact target, struct ratio *ret,
		   struct err *e)
{
	const struct slo_counts c = { .total = all, .bad = bad };

	*ret = ratio_sub(ratio_int(1), slo_burn_rate(&c, target));
	return ratio_check(ret, "remaining", e);
}

/* Room for the points of a span, of which each `every`-th interval gives one. */
static size_t choose(const struct slo_series *s, int64_t from_ns, int64_t to_ns, size_t *ret_first,
		     size_t *ret_last)
{
	size_t first = 0, last = 0;

	for (size_t i = 0; i < s->n; i++) {
		int64_t at = s->from_ns + (int64_t)i * s->step_ns;

		if (at < from_ns)
			first = i + 1;
		if (at + s->step_ns <= to_ns)
			last = i + 1;
	}
	*ret_first = first;
	*ret_last = last < first ? first : last;
	return (*ret_last - first + SLO_BURNDOWN_MAX - 1) / SLO_BURNDOWN_MAX;
}

int slo_burndown_of(const struct slo *o, const struct slo_series *s, int64_t from_ns, int64_t to_ns,
		    struct slo_burndown *ret, struct err *e)
{
	size_t first, last, every = choose(s, from_ns, to_ns, &first, &last);
	struct slo_burndown b = { .slo = o };
	struct slo_counts all = { 0 }, so_far = { 0 };
	int rc = slo_series_sum(s, from_ns, to_ns, &all, e);

	b.v = mem_alloc((SLO_BURNDOWN_MAX + 2) * sizeof(*b.v));
	for (size_t i = first; rc == 0 && i <= last && last > first; i++) {
		if ((i - first) % every == 0 || i == last) {
			struct slo_left *p = &b.v[b.n++];

			p->ts_ns = s->from_ns + (int64_t)i * s->step_ns;
			rc = left_of(so_far.bad, all.total, o->target, &p->share, e);
		}
		if (rc == 0 && i < last)
			rc = slo_counts_add(&so_far, &s->v[i], e);
	}
	if (rc < 0)
		slo_burndown_release(&b);
	else
		*ret = b;
	return rc;
}
