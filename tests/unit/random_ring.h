/* Random rings: sizes, zones, states, heartbeats, tokens of any origin. */
#ifndef RANDOM_RING_H
#define RANDOM_RING_H

#include <stdlib.h>

#include "ring/plant.h"
#include "unit.h"

enum { RANDOM_RING_TOKENS = 128 };
#define RANDOM_RING_NOW INT64_C(1000000000000)

struct random_ring {
	size_t n_max, zones_max;
	bool states; /* also others than ACTIVE, and UNHEALTHY ones */
};

static inline int random_ring_by_token(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Tokens as another program might have given them: anywhere; a few, or many. */
static inline void random_ring_any_tokens(uint64_t *s, struct ring *r, uint32_t *token, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool again = true;

		while (again) {
			token[i] = (uint32_t)rnd(s);
			again = false;
			for (size_t k = 0; k < r->n && !again; k++)
				again = bsearch(&token[i], r->v[k].token, r->v[k].n_tokens,
						sizeof(*token), random_ring_by_token);
			for (size_t k = 0; k < i && !again; k++)
				again = token[k] == token[i];
		}
	}
	qsort(token, n, sizeof(*token), random_ring_by_token);
}

static inline void random_ring_zone(uint64_t *s, const struct ring *r, size_t zones, struct buf *b)
{
	buf_reset(b);
	if (r->settings.zone_awareness || rnd_below(s, 2))
		buf_addf(b, "zone-%zu", rnd_below(s, zones));
}

/* r is to be released. */
static inline void random_ring(uint64_t *s, const struct random_ring *how, struct ring *r)
{
	size_t n = 1 + rnd_below(s, rnd_below(s, 4) ? how->n_max / 4 : how->n_max);
	size_t zones = 1 + rnd_below(s, how->zones_max);
	bool any_tokens = rnd_below(s, 3) == 0, states = how->states && rnd_below(s, 2);
	uint32_t token[RANDOM_RING_TOKENS];
	struct buf name = { 0 }, zone = { 0 };

	ring_init(r);
	r->settings.replication = 1 + (unsigned)rnd_below(s, 6);
	r->settings.zone_awareness = rnd_below(s, 3) > 0;
	for (size_t i = 0; i < n; i++) {
		struct ring_instance in = { .state = RING_ACTIVE,
					    .token = token,
					    .n_tokens = RANDOM_RING_TOKENS,
					    .heartbeat_ns = RANDOM_RING_NOW };

		buf_reset(&name);
		buf_addf(&name, "i-%zu", i);
		random_ring_zone(s, r, zones, &zone);
		in.name = buf_bytes(&name);
		in.zone = buf_bytes(&zone);
		if (any_tokens) {
			random_ring_any_tokens(s, r, token, in.n_tokens);
		} else {
			struct ring_planter *p = ring_planter_new();

			ring_planter_add_ring(p, r, RANDOM_RING_NOW);
			ring_planter_choose(
				p,
				&(struct ring_newcomer){ .name = in.name,
							 .zone = r->settings.zone_awareness
									 ? in.zone
									 : bytes_of(NULL, 0),
							 .n_tokens = in.n_tokens },
				1, token);
			ring_planter_free(p);
		}
		if (states && rnd_below(s, 4) == 0)
			in.state = (enum ring_state)rnd_below(s, RING_STATES);
		if (states && rnd_below(s, 8) == 0)
			in.lease = RING_LEASE_ENDED;
		if (states && rnd_below(s, 8) == 0)
			in.heartbeat_ns -= RING_HEARTBEAT_TIMEOUT_NS + 1;
		ring_add(r, &in);
	}
	buf_release(&name);
	buf_release(&zone);
}

#endif
