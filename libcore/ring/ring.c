#include "ring/ring.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void ring_init(struct ring *r)
{
	*r = (struct ring){ .settings = { .replication = RING_REPLICATION,
					  .tokens = RING_TOKENS,
					  .heartbeat_timeout_ns = RING_HEARTBEAT_TIMEOUT_NS } };
}

void ring_release(struct ring *r)
{
	free(r->v);
	arena_release(&r->mem);
	*r = (struct ring){ 0 };
}

/* The place of the first whose name is not below this one. */
static size_t place_of(const struct ring *r, struct bytes name)
{
	size_t low = 0, high = r->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (bytes_cmp(r->v[mid].name, name) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct ring_instance *ring_find(const struct ring *r, struct bytes name)
{
	size_t i = place_of(r, name);

	return i < r->n && bytes_eq(r->v[i].name, name) ? &r->v[i] : NULL;
}

struct ring_instance *ring_find_or_say(const struct ring *r, struct bytes name, struct err *e)
{
	struct ring_instance *in = ring_find(r, name);

	if (!in)
		err_set(e, ERR_NO, "there is no instance '%.*s'", BYTES_ARG(name));
	return in;
}

struct ring_instance *ring_add(struct ring *r, const struct ring_instance *in)
{
	size_t i = place_of(r, in->name);
	struct ring_instance *to;

	mem_grow(&r->v, &r->cap, r->n + 1, sizeof(*r->v));
	to = &r->v[i];
	memmove(to + 1, to, (r->n - i) * sizeof(*to));
	r->n++;
	*to = *in;
	to->name = arena_copy(&r->mem, in->name);
	to->addr = arena_copy(&r->mem, in->addr);
	to->zone = arena_copy(&r->mem, in->zone);
	to->token = arena_alloc(&r->mem, in->n_tokens * sizeof(*in->token));
	if (in->n_tokens)
		memcpy(to->token, in->token, in->n_tokens * sizeof(*in->token));
	return to;
}

void ring_remove(struct ring *r, struct ring_instance *in)
{
	size_t i = (size_t)(in - r->v);

	r->n--;
	memmove(in, in + 1, (r->n - i) * sizeof(*in));
}

void ring_copy(struct ring *ret, const struct ring *r)
{
	struct ring copy = { .settings = r->settings, .revision = r->revision };

	for (size_t i = 0; i < r->n; i++)
		ring_add(&copy, &r->v[i]);
	ring_release(ret);
	*ret = copy;
}

static const char *const state_names[] = { "PENDING", "JOINING", "ACTIVE", "LEAVING", "UNHEALTHY" };

const char *ring_state_name(enum ring_state s)
{
	return state_names[s];
}

bool ring_state_read(struct bytes text, enum ring_state *ret)
{
	for (int i = 0; i < RING_STATES; i++) {
		if (bytes_is(text, state_names[i])) {
			*ret = (enum ring_state)i;
			return true;
		}
	}
	return false;
}

bool ring_state_may_follow(enum ring_state from, enum ring_state to)
{
	static const bool may[RING_STATES][RING_STATES] = {
		[RING_PENDING] = { [RING_JOINING] = true,
				   [RING_ACTIVE] = true,
				   [RING_LEAVING] = true },
		/* back to PENDING: what it was to take over did not come */
		[RING_JOINING] = { [RING_PENDING] = true,
				   [RING_ACTIVE] = true,
				   [RING_LEAVING] = true },
		[RING_ACTIVE] = { [RING_LEAVING] = true },
		/* it was started again, or is to stay after all */
		[RING_LEAVING] = { [RING_ACTIVE] = true },
	};

	return from == to || may[from][to];
}

enum ring_state ring_health(const struct ring_settings *s, const struct ring_instance *in,
			    int64_t now_ns)
{
	/* A heartbeat of the future, by a clock that goes ahead of ours, is a fresh one. */
	bool late =
		in->lease == RING_LEASE_NONE && in->heartbeat_ns < now_ns &&
		(uint64_t)now_ns - (uint64_t)in->heartbeat_ns > (uint64_t)s->heartbeat_timeout_ns;

	return late || in->lease == RING_LEASE_ENDED ? RING_UNHEALTHY : in->state;
}

static bool is_of_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '.' || c == '_' || c == ':' || c == '-';
}

int ring_check_name(const char *what, struct bytes name, struct err *e)
{
	if (name.n == 0 || name.n > RING_NAME_MAX)
		return err_set(e, ERR_USAGE, "%s of %zu bytes, expected 1 to %d", what, name.n,
			       RING_NAME_MAX);
	for (size_t i = 0; i < name.n; i++)
		if (!is_of_name(name.p[i]) || (i == 0 && name.p[i] == '-'))
			return err_set(e, ERR_USAGE,
				       "%s '%.*s': expected letters, digits and . _ : -, and no - "
				       "first",
				       what, BYTES_ARG(name));
	return 0;
}

int ring_check_addr(struct bytes addr, struct err *e)
{
	if (addr.n > RING_ADDR_MAX)
		return err_set(e, ERR_USAGE, "address of %zu bytes, expected at most %d", addr.n,
			       RING_ADDR_MAX);
	for (size_t i = 0; i < addr.n; i++)
		if ((unsigned char)addr.p[i] <= ' ' || (unsigned char)addr.p[i] >= 0x7f)
			return err_set(e, ERR_USAGE,
				       "address '%.*s': expected HOST:PORT or http://HOST:PORT",
				       BYTES_ARG(addr));
	return 0;
}

static uint32_t fnv1(uint32_t hash, struct bytes b)
{
	for (size_t i = 0; i < b.n; i++)
		hash = hash * UINT32_C(16777619) ^ (unsigned char)b.p[i];
	return hash;
}

uint32_t ring_token_of(struct bytes tenant, struct bytes labels)
{
	return fnv1(fnv1(UINT32_C(2166136261), tenant), labels);
}
