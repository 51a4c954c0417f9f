#include "ring/view.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/num.h"

static int cmp_points(const void *a, const void *b)
{
	const struct ring_point *x = a, *y = b;

	return (x->token > y->token) - (x->token < y->token);
}

static void number_zones(struct ring_view *v)
{
	struct map zones = { 0 };

	for (size_t i = 0; i < v->ring->n; i++) {
		struct bytes zone = v->ring->v[i].zone;
		uint64_t hash = hash64(zone);

		v->zone[i] = (uint32_t)v->n_zones;
		/* Of those without a zone each is one of its own. */
		if (v->ring->settings.zone_awareness && zone.n) {
			uint32_t number = map_get(&zones, hash, zone);

			if (number != MAP_NONE) {
				v->zone[i] = number;
				continue;
			}
			map_put(&zones, hash, zone, v->zone[i]);
		}
		v->n_zones++;
	}
	map_release(&zones);
}

static void count_zones(struct ring_view *v)
{
	uint32_t *in_zone = mem_alloc(v->n_zones * sizeof(*in_zone));

	memset(v->with_least, 0, sizeof(v->with_least));
	for (size_t i = 0; i < v->ring->n; i++) {
		uint32_t rank;

		if (!v->writable[i])
			continue;
		rank = in_zone[v->zone[i]]++;
		if (rank < RING_REPLICATION_MAX)
			v->with_least[rank]++;
	}
	free(in_zone);
}

static bool is_writable(const struct ring_view *v, size_t who)
{
	const struct ring_instance *in = &v->ring->v[who];

	return v->is_in[who] && in->n_tokens > 0 &&
	       ring_health(&v->ring->settings, in, v->now_ns) == RING_ACTIVE;
}

void ring_view_init(struct ring_view *v, const struct ring *r, int64_t now_ns, const bool *is_in)
{
	size_t n = 0;

	*v = (struct ring_view){ .ring = r, .now_ns = now_ns };
	v->is_in = mem_alloc(r->n);
	v->writable = mem_alloc(r->n);
	v->zone = mem_alloc(r->n * sizeof(*v->zone));
	for (size_t i = 0; i < r->n; i++) {
		v->is_in[i] = !is_in || is_in[i];
		v->writable[i] = is_writable(v, i);
		n += v->is_in[i] ? r->v[i].n_tokens : 0;
	}
	number_zones(v);
	count_zones(v);
	v->point = mem_alloc(n * sizeof(*v->point));
	v->cap = n;
	for (size_t i = 0; i < r->n; i++)
		for (size_t k = 0; v->is_in[i] && k < r->v[i].n_tokens; k++)
			v->point[v->n++] = (struct ring_point){ r->v[i].token[k], (uint32_t)i };
	if (v->n)
		qsort(v->point, v->n, sizeof(*v->point), cmp_points);
}

/* The number of its zone, which others may have; else the one that it has alone. */
static uint32_t zone_number(const struct ring_view *v, size_t who)
{
	const struct ring *r = v->ring;

	for (size_t i = 0; r->settings.zone_awareness && r->v[who].zone.n && i < r->n; i++)
		if (i != who && bytes_eq(r->v[i].zone, r->v[who].zone))
			return v->zone[i];
	return v->zone[who];
}

void ring_view_update(struct ring_view *v, size_t who)
{
	const struct ring_instance *in = &v->ring->v[who];
	size_t n = 0, left = in->n_tokens;

	for (size_t i = 0; i < v->n; i++)
		if (v->point[i].who != who)
			v->point[n++] = v->point[i];
	v->n = n + left;
	mem_grow(&v->point, &v->cap, v->n, sizeof(*v->point));
	/* From the back, so that nothing is written over. */
	for (size_t to = v->n; left > 0;) {
		if (n > 0 && v->point[n - 1].token > in->token[left - 1])
			v->point[--to] = v->point[--n];
		else
			v->point[--to] = (struct ring_point){ in->token[--left], (uint32_t)who };
	}
	v->zone[who] = zone_number(v, who);
	v->writable[who] = is_writable(v, who);
	count_zones(v);
}

void ring_view_release(struct ring_view *v)
{
	free(v->point);
	free(v->is_in);
	free(v->writable);
	free(v->zone);
	*v = (struct ring_view){ 0 };
}

size_t ring_view_search(const struct ring_view *v, uint32_t token)
{
	size_t low = 0, high = v->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (v->point[mid].token <= token)
			low = mid + 1;
		else
			high = mid;
	}
	return low == v->n ? 0 : low;
}

static size_t of_zone(const struct ring_view *v, const struct ring_owners *o, uint32_t zone)
{
	size_t n = 0;

	for (size_t i = 0; i < o->n; i++)
		n += v->zone[o->v[i]] == zone;
	return n;
}

/* In round number r each zone that has so many gets its r-th owner: no zone has two before each
 * that can has one. */
void ring_owners_at(const struct ring_view *v, size_t at, struct ring_owners *ret)
{
	size_t replication = v->ring->settings.replication;

	ret->n = 0;
	for (size_t round = 0; round < replication && ret->n < replication; round++) {
		size_t left = v->with_least[round], i = at;

		while (left > 0 && ret->n < replication) {
			uint32_t who = v->point[i].who;

			i = i + 1 == v->n ? 0 : i + 1;
			if (!v->writable[who] || ring_is_owner(ret, who) ||
			    of_zone(v, ret, v->zone[who]) > round)
				continue;
			ret->v[ret->n++] = who;
			left--;
		}
	}
}

void ring_owners_of(const struct ring_view *v, uint32_t token, struct ring_owners *ret)
{
	ret->n = 0;
	if (v->n)
		ring_owners_at(v, ring_view_search(v, token), ret);
}

uint64_t ring_view_width(const struct ring_view *v, size_t at)
{
	uint32_t token = v->point[at].token;

	if (at > 0)
		return token - v->point[at - 1].token;
	return (UINT64_C(1) << 32) - v->point[v->n - 1].token + token;
}

/* Distinct zones that have an instance which takes writes. Without zone awareness: instances. */
static size_t zones_of(const struct ring_view *v)
{
	return v->with_least[0];
}

size_t ring_view_writable(const struct ring_view *v)
{
	size_t n = 0;

	for (size_t i = 0; i < v->ring->n; i++)
		n += v->writable[i];
	return n;
}

void ring_add_replicas(struct buf *b, const struct ring_view *v)
{
	unsigned n = v->ring->settings.replication;
	size_t zones = zones_of(v);

	buf_addf(b, "%u replica%s", n, num_plural(n));
	if (v->ring->settings.zone_awareness)
		buf_addf(b, " in %zu zone%s", zones, num_plural(zones));
}

int ring_check_zones(const struct ring_view *v, struct err *e)
{
	unsigned need = v->ring->settings.replication;
	size_t have = zones_of(v);

	if (!v->ring->settings.zone_awareness || have >= need)
		return 0;
	return err_set(e, ERR_NO, "insufficient zone diversity: need %u zone%s, have %zu", need,
		       num_plural(need), have);
}

int ring_check_quorum(const struct ring *r, size_t have, struct err *e)
{
	unsigned need = ring_quorum(r->settings.replication);

	if (have >= need)
		return 0;
	return err_set(e, ERR_NO, "a write needs %u instance%s that take%s it, have %zu", need,
		       num_plural(need), need == 1 ? "s" : "", have);
}

int ring_check_writes(const struct ring_view *v, struct err *e)
{
	const struct ring *r = v->ring;
	size_t n_unhealthy = 0;

	if (ring_check_zones(v, e) == 0 && ring_check_quorum(r, ring_view_writable(v), e) == 0)
		return 0;
	for (size_t i = 0; i < r->n; i++)
		n_unhealthy += ring_health(&r->settings, &r->v[i], v->now_ns) == RING_UNHEALTHY;
	return n_unhealthy ? err_wrap(e, "%zu of %zu UNHEALTHY", n_unhealthy, r->n) : -1;
}
