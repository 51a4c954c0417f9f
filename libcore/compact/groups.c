/* The (tenant, day) pairs of a job, and which segments have entries in them. */
#include <stdlib.h>

#include "base/mem.h"
#include "compact/job.h"

void groups_release(struct groups *g)
{
	for (size_t i = 0; i < g->n; i++) {
		free(g->v[i].source);
		free(g->v[i].part);
	}
	free(g->v);
	free(g->source);
	map_release(&g->by_key);
	arena_release(&g->arena);
	*g = (struct groups){ 0 };
}

uint32_t groups_get(struct groups *g, struct bytes tenant, int32_t day)
{
	char text[TENANT_MAX + sizeof(day)];
	struct bytes key;
	uint32_t number;
	uint64_t hash;

	tenant = bytes_sub(tenant, 0, TENANT_MAX);
	memcpy(text, &day, sizeof(day));
	memcpy(text + sizeof(day), tenant.p, tenant.n);
	key = bytes_of(text, sizeof(day) + tenant.n);
	hash = hash64(key);
	number = map_get(&g->by_key, hash, key);
	if (number != MAP_NONE)
		return number;
	key = arena_copy(&g->arena, key);
	number = (uint32_t)g->n;
	map_put(&g->by_key, hash, key, number);
	mem_grow(&g->v, &g->cap, g->n + 1, sizeof(*g->v));
	g->v[g->n++] =
		(struct group){ .tenant = bytes_sub(key, sizeof(day), tenant.n), .day = day };
	return number;
}

int group_cmp(const struct group *a, const struct group *b)
{
	int c = bytes_cmp(a->tenant, b->tenant);

	return c ? c : (a->day > b->day) - (a->day < b->day);
}

uint32_t groups_add_source(struct groups *g, int64_t created_ns)
{
	mem_grow(&g->source, &g->cap_sources, g->n_sources + 1, sizeof(*g->source));
	g->source[g->n_sources] = (struct source){ .created_ns = created_ns };
	return (uint32_t)g->n_sources++;
}

void group_note_source(struct group *g, uint32_t source)
{
	if (g->n_sources > 0 && g->source[g->n_sources - 1] == source)
		return;
	mem_grow(&g->source, &g->cap_sources, g->n_sources + 1, sizeof(*g->source));
	g->source[g->n_sources++] = source;
}
