#include "ring/load.h"

#include <stdlib.h>

#include "base/mem.h"

static const double ALL = 4294967296.0;

double ring_loads(const struct ring_view *v, double *ret)
{
	struct ring_owners o;
	double sum = 0;

	for (size_t i = 0; i < v->ring->n; i++)
		ret[i] = 0;
	for (size_t i = 0; i < v->n; i++) {
		double width = (double)ring_view_width(v, i) / ALL;

		ring_owners_at(v, i, &o);
		for (size_t k = 0; k < o.n; k++)
			ret[o.v[k]] += width;
		sum += width * (double)o.n;
	}
	return sum;
}

double ring_load_of(const struct ring_view *v, size_t who)
{
	const struct ring_instance *in = &v->ring->v[who];
	struct ring_owners o;
	double ret = 0;

	for (size_t k = 0; k < in->n_tokens; k++) {
		size_t last = ring_view_search(v, in->token[k]), at = last, steps = 0;

		/* The point before the first above is that of the token itself. Who is met earlier
		 * by those who start further back can only be more: so behind one that passes it
		 * over, all do. */
		do {
			at = at ? at - 1 : v->n - 1;
			ring_owners_at(v, at, &o);
			if (!ring_is_owner(&o, who))
				break;
			ret += (double)ring_view_width(v, at) / ALL;
		} while (++steps < v->n && v->point[at ? at - 1 : v->n - 1].who != who);
	}
	return ret;
}

/* Of `replicas` that go to zones by how many instances these have, but at most one to each: what
 * goes to a zone of `own`. size: of each zone that takes part, n of them. */
static double share_of_zone(const size_t *size, size_t n, double replicas, size_t own)
{
	double level = 0; /* replicas for each instance */

	/* Zones that are full give what they cannot take to the others, so the level rises. */
	for (;;) {
		double full = 0, instances = 0, next;

		for (size_t i = 0; i < n; i++) {
			if ((double)size[i] * level >= 1)
				full++;
			else
				instances += (double)size[i];
		}
		if (instances <= 0)
			return 1;
		next = (replicas - full) / instances;
		if (next <= level)
			return (double)own * level < 1 ? (double)own * level : 1;
		level = next;
	}
}

/* How many instances that take writes each zone has. */
struct zone_sizes {
	size_t *in_zone;
	size_t *room; /* for as many */
};

static void zone_sizes_init(struct zone_sizes *s, const struct ring_view *v)
{
	s->in_zone = mem_alloc(v->n_zones * sizeof(*s->in_zone));
	s->room = mem_alloc(v->n_zones * sizeof(*s->room));
	for (size_t i = 0; i < v->ring->n; i++)
		s->in_zone[v->zone[i]] += v->writable[i];
}

static void zone_sizes_release(struct zone_sizes *s)
{
	free(s->in_zone);
	free(s->room);
}

/* Of each of a zone that has `own`, above 0. */
static double share_of_each(const struct zone_sizes *s, const struct ring_view *v, size_t own)
{
	double replicas = v->ring->settings.replication, ret = 0;

	for (size_t round = 0; replicas > 0 && own > round; round++) {
		size_t n = 0;

		for (size_t i = 0; i < v->n_zones; i++)
			if (s->in_zone[i] > round)
				s->room[n++] = s->in_zone[i];
		ret += (double)n <= replicas ? 1 : share_of_zone(s->room, n, replicas, own);
		replicas -= (double)n;
	}
	return ret / (double)own;
}

double ring_fair_share(const struct ring_view *v, size_t who)
{
	struct zone_sizes s;
	double ret;

	zone_sizes_init(&s, v);
	ret = share_of_each(&s, v, s.in_zone[v->zone[who]]);
	zone_sizes_release(&s);
	return ret;
}

void ring_fair_shares(const struct ring_view *v, double *ret)
{
	/* of zones of so many; 0: not known yet */
	double *known = mem_alloc((v->ring->n + 1) * sizeof(*known));
	struct zone_sizes s;

	zone_sizes_init(&s, v);
	for (size_t i = 0; i < v->ring->n; i++) {
		size_t own = s.in_zone[v->zone[i]];

		if (v->writable[i] && known[own] <= 0)
			known[own] = share_of_each(&s, v, own);
		ret[i] = v->writable[i] ? known[own] : 0;
	}
	zone_sizes_release(&s);
	free(known);
}

/* Whether the owner of one ring is among those of the other, by name. */
static bool is_among(const struct ring *r, const struct ring_owners *o, struct bytes name)
{
	for (size_t i = 0; i < o->n; i++)
		if (bytes_eq(r->v[o->v[i]].name, name))
			return true;
	return false;
}

void ring_compare(const struct ring_view *before, const struct ring_view *after,
		  struct ring_moved *ret)
{
	struct ring_owners old, now;
	size_t a = 0, b = 0;
	uint64_t at = 0;

	*ret = (struct ring_moved){ 0 };
	/* From border to border of either ring; behind the last point comes the first again. */
	while (at < UINT64_C(1) << 32 && after->n) {
		uint64_t end = UINT64_C(1) << 32;
		double width;

		if (a < before->n && before->point[a].token < end)
			end = before->point[a].token;
		if (b < after->n && after->point[b].token < end)
			end = after->point[b].token;
		if (end > at) {
			width = (double)(end - at) / ALL;
			old.n = 0;
			if (before->n)
				ring_owners_at(before, a < before->n ? a : 0, &old);
			ring_owners_at(after, b < after->n ? b : 0, &now);
			ret->replicas += width * (double)now.n;
			for (size_t i = 0; i < now.n; i++)
				if (!is_among(before->ring, &old, after->ring->v[now.v[i]].name))
					ret->moved += width;
			at = end;
		}
		while (a < before->n && before->point[a].token <= at)
			a++;
		while (b < after->n && after->point[b].token <= at)
			b++;
	}
}
