#include "index/select.h"

#include <stdlib.h>

#include "base/mem.h"
#include "index/live.h"

/* What v's packs do as units: a unit is named after its last pack, which has the provenance. */
struct unit {
	size_t last;
	size_t *member; /* numbers of v: the parts and the last */
	size_t n;
};

static size_t find(const struct select_pack *v, size_t n, const struct hash128 *name)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = hash128_cmp(&v[mid].name, name);

		if (c == 0)
			return mid;
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return n;
}

/* False when a part is missing. */
static bool make_unit(const struct select_pack *v, size_t n, size_t last, struct unit *ret)
{
	const struct pack_trailer *t = v[last].trailer;

	*ret = (struct unit){ .last = last };
	ret->member = mem_alloc((t->parts.n + 1) * sizeof(*ret->member));
	for (size_t i = 0; i < t->parts.n; i++) {
		size_t at = find(v, n, &t->parts.v[i]);

		if (at == n || !v[at].usable) {
			free(ret->member);
			return false;
		}
		ret->member[ret->n++] = at;
	}
	ret->member[ret->n++] = last;
	return true;
}

static bool has_provenance(const struct pack_trailer *t)
{
	return t->segments.n + t->replaced.n > 0;
}

/* A trailer's list, in the order that live_pick needs; to be freed. */
static struct hash128 *sorted(const struct hash_list *l, size_t *ret_n)
{
	struct hash128 *v = mem_alloc((l->n + 1) * sizeof(*v));

	if (l->n)
		memcpy(v, l->v, l->n * sizeof(*v));
	*ret_n = hash128_sort(v, l->n);
	return v;
}

static struct live_item item_of(const struct select_pack *v, const struct unit *u)
{
	const struct select_pack *last = &v[u->last];
	struct live_item it = { .name = last->name, .mixed = last->trailer->mixed };
	struct hash128 *packs = mem_alloc((u->n + 1) * sizeof(*packs));

	it.set[INDEX_SEGMENTS] = sorted(&last->trailer->segments, &it.n[INDEX_SEGMENTS]);
	it.set[INDEX_OLD_PACKS] = sorted(&last->trailer->replaced, &it.n[INDEX_OLD_PACKS]);
	for (size_t i = 0; i < u->n; i++)
		packs[i] = v[u->member[i]].name;
	it.packs = packs;
	it.n_packs = u->n;
	return it;
}

static void free_item(struct live_item *it)
{
	free((void *)(uintptr_t)it->set[INDEX_SEGMENTS]);
	free((void *)(uintptr_t)it->set[INDEX_OLD_PACKS]);
	free((void *)(uintptr_t)it->packs);
}

static void place(struct select_pack *v, const struct unit *u)
{
	bool mixed = v[u->last].trailer->mixed;

	v[u->last].counts = true;
	for (size_t i = 0; i < u->n; i++) {
		if (mixed)
			v[u->member[i]].in_mixed = true;
		else
			v[u->member[i]].in_whole = true;
	}
}

void select_packs(struct select_pack *v, size_t n)
{
	struct unit *units = mem_alloc((n + 1) * sizeof(*units));
	struct live_item *items = mem_alloc((n + 1) * sizeof(*items));
	bool *live = mem_alloc((n + 1) * sizeof(*live));
	bool *in_unit = mem_alloc((n + 1) * sizeof(*in_unit));
	struct hash128 *old;
	size_t n_units = 0, n_old;

	for (size_t i = 0; i < n; i++) {
		v[i].in_whole = v[i].in_mixed = v[i].counts = false;
		if (v[i].usable && has_provenance(v[i].trailer) &&
		    make_unit(v, n, i, &units[n_units]))
			n_units++;
	}
	for (size_t i = 0; i < n_units; i++) {
		items[i] = item_of(v, &units[i]);
		for (size_t k = 0; k < units[i].n; k++)
			in_unit[units[i].member[k]] = true;
	}
	live_pick(items, n_units, live);
	old = live_old_packs(items, n_units, &n_old);
	for (size_t i = 0; i < n_units; i++)
		if (live[i])
			place(v, &units[i]);
	for (size_t i = 0; i < n; i++)
		if (v[i].usable && !in_unit[i] && !hash128_among(old, n_old, &v[i].name))
			v[i].in_mixed = true;
	for (size_t i = 0; i < n_units; i++) {
		free_item(&items[i]);
		free(units[i].member);
	}
	free(old);
	free(in_unit);
	free(live);
	free(items);
	free(units);
}
