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

int slo_burndown_of(const struct slo *o, const struct slo_series *s, int64_t from_ns, int64_t to_ns,
		    struct slo_burndown *ret, struct err *e)
{
	struct slo_burndown b = { .slo = o };
	struct slo_counts all = { 0 }, so_far = { 0 };
	size_t first, last, every, k;
	int rc;

	if (!slo_series_within(s, from_ns, to_ns, &first, &last))
		return err_set(e, ERR_CORRUPT,
			       "field 'time': the window begins inside of an interval");
	rc = slo_series_sum(s, first, last, &all, e);
	b.has_events = all.total.units != 0;
	every = (last - first + SLO_BURNDOWN_MAX - 1) / SLO_BURNDOWN_MAX;
	k = first;
	b.v = mem_alloc((SLO_BURNDOWN_MAX + 2) * sizeof(*b.v));
	for (size_t i = first; rc == 0 && i <= last && last > first;
	     i += i < last && last - i < every ? last - i : every) {
		struct slo_left *p = &b.v[b.n++];

		for (; rc == 0 && k < i; k++)
			rc = slo_counts_add(&so_far, &s->v[k].counts, e);
		p->ts_ns = slo_series_border(s, i);
		if (rc == 0)
			rc = left_of(so_far.bad, all.total, o->target, &p->share, e);
	}
	if (rc < 0)
		slo_burndown_release(&b);
	else
		*ret = b;
	return rc;
}
