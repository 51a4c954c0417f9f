#include "ring/choose.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ring/load.h"
#include "ring/plant.h"

enum { TRIES = 10 };
static const double GOOD = 0.005, SHARE_MIN = 1.0 / 64, SHARE_MAX = 8;

struct ring_chooser {
	/* Those who stay, then places for those who come, which have no tokens until then. They are
	 * not by name: nobody is looked up. */
	struct ring ring;
	size_t n_come, n_stay;
	struct ring_view view;
	struct ring_planter *planter;
};

/* Those who stay, as they are; all alive when most look dead, since then it is rather that nobody
 * tells of them yet, or that a clock is wrong. */
static void copy_base(const struct ring *r, int64_t now_ns, struct ring_instance *ret)
{
	size_t n_unhealthy = 0;

	for (size_t i = 0; i < r->n; i++)
		n_unhealthy += ring_health(&r->settings, &r->v[i], now_ns) == RING_UNHEALTHY;
	for (size_t i = 0; i < r->n; i++) {
		ret[i] = r->v[i];
		/* Who is about to take writes counts as if it did: else each newcomer would get
		 * tokens as if the others were not to come. */
		if (ret[i].state == RING_PENDING || ret[i].state == RING_JOINING)
			ret[i].state = RING_ACTIVE;
		if (2 * n_unhealthy > r->n) {
			ret[i].heartbeat_ns = now_ns;
			ret[i].lease = RING_LEASE_NONE;
		}
	}
}

struct ring_chooser *ring_chooser_new(const struct ring *r, size_t newcomers, int64_t now_ns)
{
	struct ring_chooser *c = mem_alloc(sizeof(*c));

	c->ring.settings = r->settings;
	c->n_stay = r->n;
	c->ring.v = mem_alloc((r->n + newcomers) * sizeof(*c->ring.v));
	copy_base(r, now_ns, c->ring.v);
	c->ring.n = r->n;
	c->planter = ring_planter_new();
	ring_planter_add_ring(c->planter, &c->ring, now_ns);
	c->ring.n += newcomers;
	ring_view_init(&c->view, &c->ring, now_ns, NULL);
	return c;
}

void ring_chooser_free(struct ring_chooser *c)
{
	if (!c)
		return;
	ring_view_release(&c->view);
	ring_planter_free(c->planter);
	ring_release(&c->ring);
	free(c);
}

/* The next share to try. It owns more with a greater one, but not in proportion: so between the
 * greatest that was too small and the smallest that was too great, when there are both. */
static double next_share(double share, double own, double *small, double *great)
{
	if (own < 1)
		*small = fmax(*small, share);
	else
		*great = fmin(*great, share);
	share = fmin(SHARE_MAX, fmax(SHARE_MIN, share / own));
	if (share <= *small || share >= *great)
		share = (*small + fmin(*great, SHARE_MAX)) / 2;
	return share;
}

/* The share with which the newcomer number who comes nearest to what it should own. */
static double best_share(struct ring_chooser *c, const struct ring_newcomer *of, size_t who)
{
	double share = 1, ret = 1, best = HUGE_VAL, small = 0, great = HUGE_VAL;

	for (int i = 0; i < TRIES && best > GOOD; i++) {
		double own;

		ring_planter_try(c->planter, of, share, c->ring.v[who].token);
		ring_view_update(&c->view, who);
		own = ring_load_of(&c->view, who) / ring_fair_share(&c->view, who);
		if (fabs(own - 1) < best) {
			best = fabs(own - 1);
			ret = share;
		}
		share = next_share(share, own, &small, &great);
	}
	return ret;
}

void ring_chooser_next(struct ring_chooser *c, struct bytes name, struct bytes zone, size_t n,
		       uint32_t *ret)
{
	const struct ring_newcomer of = {
		.name = name,
		.zone = c->ring.settings.zone_awareness ? zone : bytes_of(NULL, 0),
		.n_tokens = n,
	};
	size_t who = c->n_stay + c->n_come++;
	double share;

	assert(who < c->ring.n);
	c->ring.v[who] = (struct ring_instance){
		.zone = arena_copy(&c->ring.mem, zone),
		.state = RING_ACTIVE,
		.heartbeat_ns = c->view.now_ns,
		.token = arena_alloc(&c->ring.mem, n * sizeof(*ret)),
		.n_tokens = n,
	};
	share = best_share(c, &of, who);
	ring_planter_choose(c->planter, &of, share, c->ring.v[who].token);
	ring_view_update(&c->view, who);
	memcpy(ret, c->ring.v[who].token, n * sizeof(*ret));
}

void ring_choose_tokens(const struct ring *r, struct bytes name, struct bytes zone, size_t n,
			int64_t now_ns, uint32_t *ret)
{
	struct ring_chooser *c = ring_chooser_new(r, 1, now_ns);

	ring_chooser_next(c, name, zone, n, ret);
	ring_chooser_free(c);
}
