/*
 * Tenants that pushes came for. Names come from outside, so those that nothing came for any more
 * are forgotten: with their last stream, and earlier when there are too many at once.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "server/intake_detail.h"

static void forget(struct intake *in, struct intake_tenant *t)
{
	struct lane *lane = &in->lane;

	intake_metrics_active(t, 0);
	mem_grow(&lane->spare_slot, &lane->cap_spare, lane->n_spare + 1, sizeof(*lane->spare_slot));
	lane->spare_slot[lane->n_spare++] = t->slot;
	lane->tenant[t->slot] = NULL;
	lane->n_tenants--;
	free((char *)(uintptr_t)t->name.p);
	free(t);
}

static void map_anew(struct lane *lane)
{
	map_reset(&lane->tenants);
	for (uint32_t i = 0; i < lane->n_slots; i++) {
		const struct intake_tenant *t = lane->tenant[i];

		if (t)
			map_put(&lane->tenants, hash64(t->name), t->name, i);
	}
}

/* Those without a stream that nothing came for since then, and that nobody holds. */
static void forget_idle(struct intake *in, int64_t since_ns)
{
	struct lane *lane = &in->lane;
	size_t before = lane->n_tenants;

	for (uint32_t i = 0; i < lane->n_slots; i++) {
		struct intake_tenant *t = lane->tenant[i];

		if (t && !lane->n_active[i] && !atomic_load(&t->held) && t->seen_ns <= since_ns)
			forget(in, t);
	}
	if (lane->n_tenants < before)
		map_anew(lane);
}

static void note_active(struct lane *lane)
{
	for (uint32_t i = 0; i < lane->n_slots; i++)
		if (lane->tenant[i])
			lane->tenant[i]->n_before = lane->n_active[i];
}

static void tell_swept(struct intake *in)
{
	struct lane *lane = &in->lane;

	for (uint32_t i = 0; i < lane->n_slots; i++)
		if (lane->tenant[i] && lane->tenant[i]->n_before != lane->n_active[i])
			intake_metrics_swept(in, lane->tenant[i],
					     lane->tenant[i]->n_before - lane->n_active[i]);
}

void lane_sweep(struct intake *in, int64_t now_ns)
{
	struct lane *lane = &in->lane;

	note_active(lane);
	active_sweep(&lane->active, in->opts.stream_idle_ns, now_ns, lane->n_active);
	tell_swept(in);
	forget_idle(in, now_ns - in->opts.stream_idle_ns);
}

static int by_time(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* When half of the tenants had been seen last. */
static int64_t median_seen(const struct lane *lane)
{
	int64_t *seen = mem_alloc(lane->n_tenants * sizeof(*seen)), ret;
	size_t n = 0;

	for (uint32_t i = 0; i < lane->n_slots; i++)
		if (lane->tenant[i])
			seen[n++] = lane->tenant[i]->seen_ns;
	qsort(seen, n, sizeof(*seen), by_time);
	ret = seen[n / 2];
	free(seen);
	return ret;
}

/* The half that was seen longest ago, with their streams: so many are none that come every day. */
static void forget_half(struct intake *in)
{
	struct lane *lane = &in->lane;
	int64_t since_ns = median_seen(lane);
	bool *gone = mem_alloc(lane->n_slots * sizeof(*gone));

	for (uint32_t i = 0; i < lane->n_slots; i++)
		gone[i] = lane->tenant[i] && lane->tenant[i]->seen_ns <= since_ns;
	note_active(lane);
	active_drop(&lane->active, gone, lane->n_active);
	free(gone);
	tell_swept(in);
	forget_idle(in, since_ns);
}

static uint32_t take_slot(struct lane *lane)
{
	if (lane->n_spare)
		return lane->spare_slot[--lane->n_spare];
	mem_grow(&lane->tenant, &lane->cap_slots, lane->n_slots + 1, sizeof(*lane->tenant));
	mem_grow(&lane->n_active, &lane->cap_active, lane->n_slots + 1, sizeof(*lane->n_active));
	return (uint32_t)lane->n_slots++;
}

struct intake_tenant *lane_tenant(struct intake *in, struct bytes name, int64_t now_ns)
{
	struct lane *lane = &in->lane;
	uint64_t hash = hash64(name);
	uint32_t n = map_get(&lane->tenants, hash, name);
	struct intake_tenant *t;
	char *copy;

	if (n != MAP_NONE) {
		lane->tenant[n]->seen_ns = now_ns;
		return lane->tenant[n];
	}
	if (lane->n_tenants >= TENANTS_MAX)
		forget_half(in);
	copy = mem_alloc(name.n + 1);
	memcpy(copy, name.p, name.n);
	t = mem_alloc(sizeof(*t));
	t->name = bytes_of(copy, name.n);
	t->slot = take_slot(lane);
	t->serial = ++lane->n_serials;
	t->seen_ns = now_ns;
	lane->tenant[t->slot] = t;
	lane->n_active[t->slot] = 0;
	lane->n_tenants++;
	map_put(&lane->tenants, hash, t->name, t->slot);
	intake_metrics_tenant(in, t);
	return t;
}

void lane_tenants_release(struct lane *lane)
{
	for (uint32_t i = 0; i < lane->n_slots; i++) {
		if (!lane->tenant[i])
			continue;
		free((char *)(uintptr_t)lane->tenant[i]->name.p);
		free(lane->tenant[i]);
	}
	free(lane->tenant);
	free(lane->n_active);
	free(lane->spare_slot);
	map_release(&lane->tenants);
	active_release(&lane->active);
}
