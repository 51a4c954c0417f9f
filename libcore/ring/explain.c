#include "ring/explain.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"
#include "time/time.h"

void ring_walk_release(struct ring_walk *w)
{
	free(w->v);
	*w = (struct ring_walk){ 0 };
}

/* Loki's distributors take the first `replication` instances of distinct zones, whatever their
 * state, and leave those out afterwards that cannot be written to. */
static bool is_lokis(const struct ring_view *v, const struct ring_walk *w, uint32_t who, size_t n)
{
	if (n == v->ring->settings.replication)
		return false;
	for (size_t i = 0; i < w->n; i++)
		if (w->v[i].in_loki && v->zone[w->v[i].who] == v->zone[who])
			return false;
	return true;
}

static enum ring_verdict verdict_of(const struct ring_view *v, uint32_t who)
{
	switch (ring_health(&v->ring->settings, &v->ring->v[who], v->now_ns)) {
	case RING_UNHEALTHY:
		return RING_NO_BEAT;
	case RING_PENDING:
	case RING_LEAVING:
		return RING_READ_ONLY;
	case RING_JOINING:
		return RING_WRONG_STATE;
	default:
		return RING_ZONE_TAKEN;
	}
}

void ring_explain(const struct ring_view *v, uint32_t token, struct ring_walk *w)
{
	bool *met = mem_alloc(v->ring->n);
	size_t at = v->n ? ring_view_search(v, token) : 0, n_met = 0, n_loki = 0;

	w->n = 0;
	ring_owners_of(v, token, &w->owners);
	for (size_t i = 0; i < v->n; i++, at = at + 1 == v->n ? 0 : at + 1) {
		struct ring_step s = { .who = v->point[at].who, .token = v->point[at].token };

		if (n_met == w->owners.n &&
		    (n_loki == v->ring->settings.replication || n_loki == v->n_zones))
			break;
		if (met[s.who])
			continue;
		met[s.who] = true;
		s.in_loki = is_lokis(v, w, s.who, n_loki);
		n_loki += s.in_loki;
		s.verdict = ring_is_owner(&w->owners, s.who) ? RING_OWNS : verdict_of(v, s.who);
		/* Behind the last owner nobody is asked any more. */
		if (s.verdict != RING_OWNS && n_met == w->owners.n && !s.in_loki)
			continue;
		n_met += s.verdict == RING_OWNS;
		for (size_t k = 0; s.verdict == RING_ZONE_TAKEN && k < w->owners.n; k++)
			if (v->zone[w->owners.v[k]] == v->zone[s.who]) {
				s.rival = w->owners.v[k];
				break;
			}
		mem_grow(&w->v, &w->cap, w->n + 1, sizeof(*w->v));
		w->v[w->n++] = s;
	}
	free(met);
}

void ring_add_verdict(struct buf *b, const struct ring_view *v, const struct ring_step *s)
{
	const struct ring_instance *in = &v->ring->v[s->who];

	switch (s->verdict) {
	case RING_OWNS:
		buf_add_str(b, "owner");
		break;
	case RING_READ_ONLY:
		buf_addf(b, "passed over: %s takes no writes; it is read, as it may hold some",
			 ring_state_name(in->state));
		break;
	case RING_WRONG_STATE:
		buf_addf(b, "passed over: %s takes neither writes nor reads",
			 ring_state_name(in->state));
		break;
	case RING_NO_BEAT:
		buf_add_str(b, "passed over: UNHEALTHY, ");
		if (in->lease == RING_LEASE_ENDED) {
			buf_add_str(b, "etcd has ended its lease");
			break;
		}
		buf_add_str(b, "no heartbeat for ");
		time_add_duration(b, num_clip((num_wide)v->now_ns - in->heartbeat_ns) / NS_PER_S *
					     NS_PER_S);
		break;
	case RING_ZONE_TAKEN:
		buf_addf(b, "passed over: zone %.*s has %.*s", BYTES_ARG(in->zone),
			 BYTES_ARG(v->ring->v[s->rival].name));
		break;
	}
}
