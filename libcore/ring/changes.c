#include "ring/changes.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"
#include "cli/verbs.h"
#include "time/time.h"

int ring_do_init(struct ring *r, const struct ring_init_ask *a, struct err *e)
{
	struct ring_settings s = r->settings;

	if (a->replication)
		s.replication = a->replication;
	if (a->tokens)
		s.tokens = a->tokens;
	if (a->heartbeat_timeout_ns)
		s.heartbeat_timeout_ns = a->heartbeat_timeout_ns;
	if (a->zones != RING_ZONES_KEEP)
		s.zone_awareness = a->zones == RING_ZONES_ON;
	for (size_t i = 0; s.zone_awareness && i < r->n; i++)
		if (r->v[i].zone.n == 0)
			return err_set(e, ERR_NO,
				       "instance '%.*s' has no zone: give it one (join --zone) "
				       "before zone awareness",
				       BYTES_ARG(r->v[i].name));
	if (r->revision && s.replication == r->settings.replication &&
	    s.tokens == r->settings.tokens &&
	    s.heartbeat_timeout_ns == r->settings.heartbeat_timeout_ns &&
	    s.zone_awareness == r->settings.zone_awareness)
		return RING_SAME;
	r->settings = s;
	return RING_CHANGED;
}

struct ring_instance *ring_find_or_hint(const struct ring *r, struct bytes name, struct err *e)
{
	struct ring_instance *in = ring_find(r, name);
	const char **names, *like;
	struct arena a = { 0 };
	struct buf word = { 0 };

	if (in)
		return in;
	names = mem_alloc(r->n * sizeof(*names));
	for (size_t i = 0; i < r->n; i++) {
		char *copy = arena_zalloc(&a, r->v[i].name.n + 1);

		memcpy(copy, r->v[i].name.p, r->v[i].name.n);
		names[i] = copy;
	}
	buf_add_bytes(&word, name);
	like = cli_most_like(names, r->n, buf_str(&word));
	err_set(e, ERR_NO, "there is no instance '%.*s'%s%s%s", BYTES_ARG(name),
		like ? ": did you mean '" : "", like ? like : "", like ? "'?" : "");
	free(names);
	buf_release(&word);
	arena_release(&a);
	return NULL;
}

static int set_state(struct ring_instance *in, enum ring_state state, struct err *e)
{
	if (!ring_state_may_follow(in->state, state))
		return err_set(e, ERR_NO, "instance '%.*s' is %s and cannot become %s",
			       BYTES_ARG(in->name), ring_state_name(in->state),
			       ring_state_name(state));
	in->state = state;
	return 0;
}

static int add(struct ring *r, const struct ring_join_ask *a, struct err *e)
{
	struct ring_instance in = { .name = a->name,
				    .addr = a->addr,
				    .zone = a->zone,
				    .state = a->state,
				    .heartbeat_ns = a->now_ns,
				    .registered_ns = a->now_ns,
				    .n_tokens = a->tokens ? a->tokens : r->settings.tokens };

	if (r->n == RING_INSTANCES_MAX)
		return err_set(e, ERR_LIMIT, "a ring has at most %d instances", RING_INSTANCES_MAX);
	if (r->revision == 0 && r->n == 0)
		r->settings.zone_awareness = a->zone.n > 0;
	if (r->settings.zone_awareness && a->zone.n == 0)
		return err_set(e, ERR_USAGE,
			       "the ring has zone awareness: --zone says where '%.*s' is",
			       BYTES_ARG(a->name));
	in.token = mem_alloc(in.n_tokens * sizeof(*in.token));
	if (a->chooser)
		ring_chooser_next(a->chooser, in.name, in.zone, in.n_tokens, in.token);
	else
		ring_choose_tokens(r, in.name, in.zone, in.n_tokens, a->now_ns, in.token);
	ring_add(r, &in);
	free(in.token);
	return RING_CHANGED;
}

int ring_do_join(struct ring *r, const struct ring_join_ask *a, struct err *e)
{
	struct ring_instance *in = ring_find(r, a->name);

	if (!in)
		return add(r, a, e);
	if (a->tokens && a->tokens != in->n_tokens)
		return err_set(e, ERR_USAGE,
			       "instance '%.*s' has %zu token%s and keeps them: forget it first",
			       BYTES_ARG(a->name), in->n_tokens, num_plural(in->n_tokens));
	/* As it was left by this very change, of which no answer came. */
	if (in->state == a->state && in->heartbeat_ns == a->now_ns &&
	    (!a->addr.p || bytes_eq(a->addr, in->addr)) &&
	    (!a->zone.p || bytes_eq(a->zone, in->zone)))
		return RING_SAME;
	if (set_state(in, a->state, e) < 0)
		return -1;
	if (a->addr.p)
		in->addr = arena_copy(&r->mem, a->addr);
	if (a->zone.p)
		in->zone = arena_copy(&r->mem, a->zone);
	in->heartbeat_ns = a->now_ns;
	return RING_CHANGED;
}

int ring_do_leave(struct ring *r, struct bytes name, struct err *e)
{
	struct ring_instance *in = ring_find_or_say(r, name, e);

	if (!in)
		return -1;
	if (in->state == RING_LEAVING)
		return RING_SAME;
	return set_state(in, RING_LEAVING, e) < 0 ? -1 : RING_CHANGED;
}

int ring_do_forget(struct ring *r, struct bytes name, enum ring_earlier earlier, struct err *e)
{
	struct ring_instance *in = ring_find_or_say(r, name, e);

	if (!in)
		return earlier == RING_MAYBE_DONE ? RING_SAME : -1;
	ring_remove(r, in);
	return RING_CHANGED;
}

static bool is_dead(const struct ring *r, const struct ring_instance *in, int64_t period_ns,
		    int64_t now_ns)
{
	return ring_health(&r->settings, in, now_ns) == RING_UNHEALTHY &&
	       in->heartbeat_ns < now_ns &&
	       (uint64_t)now_ns - (uint64_t)in->heartbeat_ns > (uint64_t)period_ns;
}

/* Of those who were going, whoever is not there went. */
static void note_gone(const struct ring *r, struct ring_forget_ask *a)
{
	struct bytes names = buf_bytes(&a->going), name;

	while (bytes_split(&names, '\n', &name)) {
		if (name.n && !ring_find(r, name)) {
			buf_add_bytes(&a->before, name);
			buf_add_char(&a->before, '\n');
		}
	}
}

int ring_do_forget_dead(struct ring *r, struct ring_forget_ask *a, enum ring_earlier earlier,
			struct err *e)
{
	size_t n_unhealthy = 0, n_dead = 0, gone = 0, kept = 0;

	if (earlier == RING_MAYBE_DONE)
		note_gone(r, a);
	buf_reset(&a->going);
	for (size_t i = 0; i < r->n; i++) {
		n_unhealthy += ring_health(&r->settings, &r->v[i], a->now_ns) == RING_UNHEALTHY;
		n_dead += is_dead(r, &r->v[i], a->period_ns, a->now_ns);
	}
	if (n_dead == 0)
		return RING_SAME;
	if (2 * n_unhealthy > r->n)
		return err_set(
			e, ERR_NO,
			"%zu of %zu instances look dead: that is rather a network that is cut, "
			"or a clock that is wrong; forget those by name that are dead",
			n_unhealthy, r->n);
	for (size_t i = 0; i < r->n; i++) {
		if (gone < a->most && is_dead(r, &r->v[i], a->period_ns, a->now_ns)) {
			gone++;
			buf_add_bytes(&a->going, r->v[i].name);
			buf_add_char(&a->going, '\n');
		} else {
			r->v[kept++] = r->v[i];
		}
	}
	r->n = kept;
	return RING_CHANGED;
}
