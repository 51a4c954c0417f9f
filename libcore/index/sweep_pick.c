/* The decision alone, without a store. */
#include "index/sweep.h"

#include <stdlib.h>

#include "base/mem.h"
#include "index/unnamed.h"
#include "index/valid.h"

struct names {
	struct hash128 *v;
	size_t n, cap;
};

static void add_names(struct names *l, const struct hash128 *v, size_t n)
{
	mem_grow(&l->v, &l->cap, l->n + n + 1, sizeof(*l->v));
	for (size_t i = 0; i < n; i++)
		l->v[l->n + i] = v[i];
	l->n += n;
}

static bool is_among(const struct names *l, const struct hash128 *name)
{
	return hash128_among(l->v, l->n, name);
}

/* By what is live and old alone. */
static void pick_index(const struct sweep_index *index, size_t n, bool *ret)
{
	struct live_item *by = mem_alloc((n + 1) * sizeof(*by));
	struct live_item *items = mem_alloc((n + 1) * sizeof(*items));
	size_t n_by = 0;

	for (size_t i = 0; i < n; i++) {
		items[i] = index[i].item;
		if (index[i].live && index[i].old)
			by[n_by++] = index[i].item;
	}
	live_pick_by(by, n_by, items, n, ret);
	for (size_t i = 0; i < n; i++)
		ret[i] = !index[i].live && !ret[i];
	free(by);
	free(items);
}

/* What index files say: all ascending. */
struct said {
	struct names named;    /* packs, by any file */
	struct names by_live;  /* packs named, or said to be replaced, by live files */
	struct names known;    /* the same, and those named by files that are not live: live ones
				  have all of it */
	struct names by_old;   /* as known, but of live files only those that are old */
	struct names replaced; /* packs that are said to be by live and old ones */
	struct names covered, by_old_covered; /* segments, by live files; by those that are old */
	struct names needed;  /* sources of leftovers that stay, which live files do not know of */
	struct names staying; /* packs named by files that stay */
};

static void sort(struct names *l)
{
	l->n = hash128_sort(l->v, l->n);
}

static void collect_live(const struct live_item *it, bool old, struct said *s)
{
	const struct hash128 *gone = it->set[INDEX_OLD_PACKS];
	const struct hash128 *segment = it->set[INDEX_SEGMENTS];
	size_t n_gone = it->n[INDEX_OLD_PACKS], n_segments = it->n[INDEX_SEGMENTS];

	add_names(&s->by_live, it->packs, it->n_packs);
	add_names(&s->by_live, gone, n_gone);
	add_names(&s->covered, segment, n_segments);
	if (!old)
		return;
	add_names(&s->by_old, it->packs, it->n_packs);
	add_names(&s->by_old, gone, n_gone);
	add_names(&s->by_old_covered, segment, n_segments);
	add_names(&s->replaced, gone, n_gone);
}

static void collect(const struct sweep_index *index, size_t n, struct said *s)
{
	for (size_t i = 0; i < n; i++) {
		const struct live_item *it = &index[i].item;

		add_names(&s->named, it->packs, it->n_packs);
		if (index[i].live) {
			collect_live(it, index[i].old, s);
			continue;
		}
		add_names(&s->known, it->packs, it->n_packs);
		add_names(&s->by_old, it->packs, it->n_packs);
	}
	sort(&s->by_live);
	add_names(&s->known, s->by_live.v, s->by_live.n);
	sort(&s->named);
	sort(&s->known);
	sort(&s->by_old);
	sort(&s->replaced);
	sort(&s->covered);
	sort(&s->by_old_covered);
}

static enum unnamed judge(const struct pack_trailer *t, const struct names *known,
			  const struct names *covered)
{
	const struct hash_list k = { known->v, known->n }, c = { covered->v, covered->n };

	return unnamed_judge(t, &k, &c);
}

/* It may be one of which live files are not old enough to tell: one that was read until a moment
 * ago, when all index files were rebuilt. */
static bool is_leftover(const struct sweep_pack *p, const struct said *s)
{
	return p->trailer && !is_among(&s->named, &p->name) && !is_among(&s->by_live, &p->name) &&
	       judge(p->trailer, &s->known, &s->covered) != UNNAMED_ORPHAN;
}

/* Without the files that name its sources nobody would know any more that it is a leftover. */
static void keep_sources(const struct hash_list *sources, struct said *s)
{
	for (size_t i = 0; i < sources->n; i++)
		if (!is_among(&s->by_live, &sources->v[i]))
			add_names(&s->needed, &sources->v[i], 1);
}

static void pick_leftovers(const struct sweep_pack *pack, size_t n, struct said *s,
			   enum sweep_what *ret)
{
	for (size_t i = 0; i < n; i++) {
		ret[i] = SWEEP_STAYS;
		if (!is_leftover(&pack[i], s))
			continue;
		if (pack[i].old &&
		    judge(pack[i].trailer, &s->by_old, &s->by_old_covered) != UNNAMED_ORPHAN)
			ret[i] = SWEEP_LEFTOVER;
		else
			keep_sources(&pack[i].trailer->sources, s);
	}
	sort(&s->needed);
}

/* Holds files back that name what is needed. */
static void hold_needed(const struct sweep_index *index, size_t n, const struct said *s, bool *goes)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; goes[i] && k < index[i].item.n_packs; k++)
			goes[i] = !is_among(&s->needed, &index[i].item.packs[k]);
}

static void collect_staying(const struct sweep_index *index, size_t n, const bool *goes,
			    struct said *s)
{
	for (size_t i = 0; i < n; i++)
		if (!goes[i])
			add_names(&s->staying, index[i].item.packs, index[i].item.n_packs);
	sort(&s->staying);
}

static bool *find_void(const struct sweep_index *index, size_t n)
{
	struct live_item *items = mem_alloc((n + 1) * sizeof(*items));
	bool *ret = mem_alloc((n + 1) * sizeof(*ret));
	struct valid valid;

	for (size_t i = 0; i < n; i++)
		items[i] = index[i].item;
	valid_find(items, n, items, n, &valid);
	for (size_t i = 0; i < n; i++)
		ret[i] = valid_voids(&valid, &items[i]);
	valid_release(&valid);
	free(items);
	return ret;
}

static bool names(const struct sweep_index *a, const struct sweep_index *b)
{
	return hash128_among(a->item.set[INDEX_INDEXES], a->item.n[INDEX_INDEXES], &b->item.name);
}

/*
 * In which turn each goes, or 0: what a void file names goes after it, and not before it does. For
 * were one of these gone, and no other said that it has it, the file would not be void any more.
 */
static void take_turns(const struct sweep_index *index, size_t n, bool *goes, unsigned *ret_turn)
{
	bool *is_void = find_void(index, n);
	bool changed;

	for (size_t i = 0; i < n; i++)
		ret_turn[i] = goes[i];
	do {
		changed = false;
		for (size_t i = 0; i < n; i++)
			for (size_t k = 0; is_void[i] && k < n; k++) {
				unsigned turn = goes[i] ? ret_turn[i] + 1 : 0;

				if (!goes[k] || !names(&index[i], &index[k]) ||
				    (turn && ret_turn[k] >= turn))
					continue;
				goes[k] = turn > 0;
				ret_turn[k] = turn;
				changed = true;
			}
	} while (changed);
	free(is_void);
}

/* All of it has expired, and all that said so of anything is gone. */
static bool nothing_is_left(const struct sweep_index *index, size_t n_index, size_t n_packs)
{
	for (size_t i = 0; i < n_index; i++)
		if (!index[i].live || !index[i].old || index[i].item.n_packs)
			return false;
	return n_packs == 0;
}

void sweep_pick(const struct sweep_index *index, size_t n_index, const struct sweep_pack *pack,
		size_t n_packs, unsigned *ret_index, enum sweep_what *ret_pack)
{
	struct said s = { 0 };
	bool *goes = mem_alloc((n_index + 1) * sizeof(*goes));

	pick_index(index, n_index, goes);
	collect(index, n_index, &s);
	pick_leftovers(pack, n_packs, &s, ret_pack);
	hold_needed(index, n_index, &s, goes);
	if (nothing_is_left(index, n_index, n_packs))
		memset(goes, true, n_index * sizeof(*goes));
	take_turns(index, n_index, goes, ret_index);
	collect_staying(index, n_index, goes, &s);
	for (size_t i = 0; i < n_packs; i++)
		if (ret_pack[i] == SWEEP_STAYS && !is_among(&s.staying, &pack[i].name) &&
		    (is_among(&s.replaced, &pack[i].name) || is_among(&s.named, &pack[i].name)))
			ret_pack[i] = SWEEP_REPLACED;
	free(goes);
	free(s.named.v);
	free(s.by_live.v);
	free(s.known.v);
	free(s.by_old.v);
	free(s.replaced.v);
	free(s.covered.v);
	free(s.by_old_covered.v);
	free(s.needed.v);
	free(s.staying.v);
}
