#include "server/intake_active.h"

#include <stdlib.h>

#include "base/mem.h"
#include "time/time.h"

enum { ACTIVE_FIRST = 256 };

void active_release(struct active *a)
{
	free(a->v);
	*a = (struct active){ 0 };
}

static uint32_t ms_of(const struct active *a, int64_t now_ns)
{
	return (uint32_t)((now_ns - a->epoch_ns) / NS_PER_MS);
}

/* 0 stands for a free place. */
static uint64_t key_of(uint64_t id)
{
	return id ? id : 1;
}

static size_t place_of(const struct active *a, uint64_t id)
{
	size_t at = (size_t)id & (a->cap - 1);

	while (a->v[at].id && a->v[at].id != id)
		at = (at + 1) & (a->cap - 1);
	return at;
}

struct leaving {		  /* NULL: none */
	uint32_t now_ms, idle_ms; /* those that were idle for so long; 0: none of these */
	const bool *tenant;	  /* those of tenants for which it is set; or NULL */
};

static bool leaves(const struct leaving *l, const struct active_stream *s)
{
	return l && ((l->idle_ms && l->now_ms - s->seen_ms >= l->idle_ms) ||
		     (l->tenant && l->tenant[s->tenant]));
}

/* Into a table for n streams, without those that leave. */
static void rebuild(struct active *a, size_t n, const struct leaving *l, uint32_t *count)
{
	struct active_stream *old = a->v;
	size_t old_cap = a->cap;

	a->cap = ACTIVE_FIRST;
	while (n >= a->cap - a->cap / 4)
		a->cap *= 2;
	a->v = mem_alloc(a->cap * sizeof(*a->v));
	for (size_t i = 0; i < old_cap; i++) {
		if (!old[i].id)
			continue;
		if (leaves(l, &old[i])) {
			a->n--;
			count[old[i].tenant]--;
			continue;
		}
		a->v[place_of(a, old[i].id)] = old[i];
	}
	free(old);
}

struct active_stream *active_find(const struct active *a, uint64_t id)
{
	size_t at;

	if (!a->n)
		return NULL;
	at = place_of(a, key_of(id));
	return a->v[at].id ? &a->v[at] : NULL;
}

void active_expect(const struct active *a, uint64_t id)
{
	if (a->n)
		__builtin_prefetch(&a->v[(size_t)key_of(id) & (a->cap - 1)]);
}

struct active_stream *active_add(struct active *a, uint64_t id, uint32_t tenant, double burst,
				 int64_t now_ns)
{
	struct active_stream *s;

	if (!a->epoch_ns)
		a->epoch_ns = a->swept_ns = now_ns;
	if (a->n >= a->cap - a->cap / 4)
		rebuild(a, 2 * a->n + 1, NULL, NULL);
	s = &a->v[place_of(a, key_of(id))];
	*s = (struct active_stream){ key_of(id), tenant, (float)burst, ms_of(a, now_ns) };
	a->n++;
	return s;
}

bool active_take(const struct active *a, struct active_stream *s, double rate, double burst,
		 uint64_t n, int64_t now_ns)
{
	uint32_t now_ms = ms_of(a, now_ns);
	double tokens = s->tokens + rate * (double)(now_ms - s->seen_ms) / 1e3;

	if (tokens > burst)
		tokens = burst;
	s->seen_ms = now_ms;
	s->tokens = (float)tokens;
	if (rate <= 0)
		return true;
	if ((double)n > tokens)
		return false;
	s->tokens = (float)(tokens - (double)n);
	return true;
}

void active_sweep(struct active *a, int64_t idle_ns, int64_t now_ns, uint32_t *count)
{
	int64_t idle_ms = idle_ns / NS_PER_MS;
	struct leaving l = { .now_ms = ms_of(a, now_ns),
			     .idle_ms = idle_ms < 1	      ? 1
					: idle_ms > INT32_MAX ? INT32_MAX
							      : (uint32_t)idle_ms };

	a->swept_ns = now_ns;
	if (a->n)
		rebuild(a, a->n, &l, count);
}

void active_drop(struct active *a, const bool *tenant, uint32_t *count)
{
	if (a->n)
		rebuild(a, a->n, &(struct leaving){ .tenant = tenant }, count);
}
