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

static bool has_provenance(const struct pack_trailer *t)
{
	return t->segments.n + t->replaced.n > 0;
}

/* ---- whose parts are there ---- */

/* What those that hold say is replaced: ascending, to be freed. */
static struct hash_list replaced_by(const struct select_pack *v, size_t n, const bool *holds)
{
	struct hash_list ret = { 0 };
	size_t cap = 0;

	for (size_t i = 0; i < n; i++) {
		const struct hash_list *l = &v[i].trailer->replaced;

		if (!holds[i] || l->n == 0)
			continue;
		mem_grow(&ret.v, &cap, ret.n + l->n, sizeof(*ret.v));
		memcpy(ret.v + ret.n, l->v, l->n * sizeof(*l->v));
		ret.n += l->n;
	}
	ret.n = hash128_sort(ret.v, ret.n);
	return ret;
}

static bool parts_are_there(const struct select_pack *v, size_t n, size_t i,
			    const struct hash_list *old)
{
	const struct hash_list *parts = &v[i].trailer->parts;

	for (size_t k = 0; k < parts->n; k++) {
		size_t at = find(v, n, &parts->v[k]);

		if ((at == n || !v[at].usable) && !hash128_among(old->v, old->n, &parts->v[k]))
			return false;
	}
	return true;
}

/*
 * Whose claims hold: a part is there when it is usable, or when one whose claims hold has replaced
 * it. Two may have replaced each other's parts, after a race; so all hold until a part is missing.
 */
static void find_holding(const struct select_pack *v, size_t n, bool *ret_holds)
{
	bool changed;

	for (size_t i = 0; i < n; i++)
		ret_holds[i] = v[i].usable && has_provenance(v[i].trailer);
	do {
		struct hash_list old = replaced_by(v, n, ret_holds);

		changed = false;
		for (size_t i = 0; i < n; i++) {
			if (!ret_holds[i] || parts_are_there(v, n, i, &old))
				continue;
			ret_holds[i] = false;
			changed = true;
		}
		free(old.v);
	} while (changed);
}

/* ---- units ---- */

static struct unit make_unit(const struct select_pack *v, size_t n, size_t last)
{
	const struct hash_list *parts = &v[last].trailer->parts;
	struct unit u = { .last = last };

	u.member = mem_alloc((parts->n + 1) * sizeof(*u.member));
	for (size_t i = 0; i < parts->n; i++) {
		size_t at = find(v, n, &parts->v[i]);

		if (at < n && v[at].usable)
			u.member[u.n++] = at;
	}
	u.member[u.n++] = last;
	return u;
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

/* Which of the packs that it was made of are not there; to be freed. */
static struct hash128 *gone_of(const struct select_pack *v, size_t n, const struct unit *u,
			       size_t *ret_n)
{
	const struct hash_list *sources = &v[u->last].trailer->sources;
	struct hash128 *gone = mem_alloc((sources->n + 1) * sizeof(*gone));

	*ret_n = 0;
	for (size_t i = 0; i < sources->n; i++) {
		size_t at = find(v, n, &sources->v[i]);

		if (at == n || !v[at].usable)
			gone[(*ret_n)++] = sources->v[i];
	}
	return gone;
}

static struct live_item item_of(const struct select_pack *v, size_t n, const struct unit *u)
{
	const struct select_pack *last = &v[u->last];
	struct live_item it = { .name = last->name,
				.mixed = last->trailer->mixed,
				.is_unit = true };
	struct hash128 *packs = mem_alloc((u->n + 1) * sizeof(*packs));

	it.set[INDEX_SEGMENTS] = sorted(&last->trailer->segments, &it.n[INDEX_SEGMENTS]);
	it.set[INDEX_OLD_PACKS] = sorted(&last->trailer->replaced, &it.n[INDEX_OLD_PACKS]);
	for (size_t i = 0; i < u->n; i++)
		packs[i] = v[u->member[i]].name;
	it.packs = packs;
	it.n_packs = u->n;
	it.gone = gone_of(v, n, u, &it.n_gone);
	return it;
}

static void free_item(struct live_item *it)
{
	free((void *)(uintptr_t)it->set[INDEX_SEGMENTS]);
	free((void *)(uintptr_t)it->set[INDEX_OLD_PACKS]);
	free((void *)(uintptr_t)it->packs);
	free((void *)(uintptr_t)it->gone);
}

static void place(struct select_pack *v, const struct unit *u, const struct hash_list *old)
{
	bool mixed = v[u->last].trailer->mixed;

	v[u->last].counts = true;
	for (size_t i = 0; i < u->n; i++) {
		struct select_pack *p = &v[u->member[i]];

		if (hash128_among(old->v, old->n, &p->name))
			continue;
		if (mixed)
			p->in_mixed = true;
		else
			p->in_whole = true;
	}
}

void select_packs(struct select_pack *v, size_t n)
{
	struct unit *units = mem_alloc((n + 1) * sizeof(*units));
	struct live_item *items = mem_alloc((n + 1) * sizeof(*items));
	bool *live = mem_alloc((n + 1) * sizeof(*live));
	bool *holds = mem_alloc((n + 1) * sizeof(*holds));
	bool *in_unit = mem_alloc((n + 1) * sizeof(*in_unit));
	bool *alone = mem_alloc((n + 1) * sizeof(*alone));
	struct hash_list old;
	size_t n_units = 0;

	find_holding(v, n, holds);
	for (size_t i = 0; i < n; i++) {
		v[i].in_whole = v[i].in_mixed = v[i].counts = false;
		if (!holds[i])
			continue;
		units[n_units] = make_unit(v, n, i);
		items[n_units] = item_of(v, n, &units[n_units]);
		n_units++;
	}
	live_pick(items, n_units, live);
	old.v = live_old_packs(items, n_units, &old.n);
	for (size_t i = 0; i < n_units; i++) {
		/* Who replaced its last pack has its claims, perhaps; its other parts still count,
		 * also when they are parts of one that it made obsolete. */
		bool broken = live[i] && hash128_among(old.v, old.n, &v[units[i].last].name);

		if (live[i] && !broken)
			place(v, &units[i], &old);
		for (size_t k = 0; k < units[i].n; k++)
			*(broken ? &alone[units[i].member[k]] : &in_unit[units[i].member[k]]) =
				true;
	}
	for (size_t i = 0; i < n; i++)
		if (v[i].usable && (alone[i] || !in_unit[i]) && !v[i].in_whole &&
		    !hash128_among(old.v, old.n, &v[i].name))
			v[i].in_mixed = true;
	for (size_t i = 0; i < n_units; i++) {
		free_item(&items[i]);
		free(units[i].member);
	}
	free(old.v);
	free(alone);
	free(in_unit);
	free(holds);
	free(live);
	free(items);
	free(units);
}
