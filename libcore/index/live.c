#include "index/live.h"

#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"
#include "index/live_files.h"
#include "index/valid.h"
#include "store/names.h"
#include "store/store.h"
#include "time/time.h"

/* ---- the rules ---- */

/* Is each of a's in b? */
static bool all_in(const struct live_item *a, const struct live_item *b)
{
	for (int k = 0; k < 3; k++)
		if (a->n[k] > b->n[k])
			return false;
	for (int k = 0; k < 3; k++)
		for (size_t i = 0; i < a->n[k]; i++)
			if (!hash128_among(b->set[k], b->n[k], &a->set[k][i]))
				return false;
	return true;
}

static size_t set_size(const struct live_item *a)
{
	return a->n[0] + a->n[1] + a->n[2];
}

/* Does b, which may replace what a replaces, make a obsolete? */
static bool outdoes(const struct live_item *b, const struct live_item *a)
{
	size_t na = set_size(a), nb = set_size(b);

	if (a->mixed || na == 0 || na > nb || !all_in(a, b))
		return false;
	/* Equal sets: the lower name stays; but one that holds more besides always stays. */
	return na < nb || b->mixed || hash128_cmp(&b->name, &a->name) < 0;
}

/* One element of what an item replaces: sorted, they say who replaces a given thing, so that a
 * folder of thousands of index files is not compared each with each. */
struct element {
	int kind; /* enum index_list */
	struct hash128 id;
	size_t item;
};

static int cmp_element(const void *pa, const void *pb)
{
	const struct element *a = pa, *b = pb;

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	return hash128_cmp(&a->id, &b->id);
}

struct elements {
	struct element *v;
	size_t n;
};

static struct elements collect_elements(const struct live_item *v, size_t n)
{
	struct elements el = { 0 };
	size_t cap = 0;

	for (size_t i = 0; i < n; i++)
		for (int k = 0; k < 3; k++)
			for (size_t j = 0; j < v[i].n[k]; j++) {
				mem_grow(&el.v, &cap, el.n + 1, sizeof(*el.v));
				el.v[el.n++] = (struct element){ k, v[i].set[k][j], i };
			}
	if (el.n)
		qsort(el.v, el.n, sizeof(*el.v), cmp_element);
	return el;
}

/* The first place of (kind, id); those that follow may be of the same. */
static size_t find_element(const struct elements *el, const struct element *key)
{
	size_t lo = 0, hi = el->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (cmp_element(&el->v[mid], key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* el is what those of `by` replace; nobody makes himself obsolete. */
static bool is_named(const struct elements *el, const struct live_item *by,
		     const struct live_item *a)
{
	struct element key = { .kind = INDEX_INDEXES, .id = a->name };

	for (size_t i = find_element(el, &key); i < el->n && cmp_element(&el->v[i], &key) == 0; i++)
		if (hash128_cmp(&by[el->v[i].item].name, &a->name) != 0)
			return true;
	return false;
}

/* Who replaces all that a replaces, replaces its first element. */
static bool is_outdone(const struct elements *el, const struct live_item *by,
		       const struct live_item *a)
{
	struct element key = { 0 };

	while (key.kind < 3 && a->n[key.kind] == 0)
		key.kind++;
	if (key.kind == 3)
		return false;
	key.id = a->set[key.kind][0];
	for (size_t i = find_element(el, &key); i < el->n && cmp_element(&el->v[i], &key) == 0;
	     i++) {
		const struct live_item *b = &by[el->v[i].item];

		if (hash128_cmp(&b->name, &a->name) != 0 && outdoes(b, a))
			return true;
	}
	return false;
}

struct names {
	struct hash128 *v;
	size_t n, cap;
};

static struct hash128 *old_packs(const struct live_item *v, size_t n, size_t *ret_n)
{
	struct names old = { 0 };

	for (size_t i = 0; i < n; i++) {
		mem_grow(&old.v, &old.cap, old.n + v[i].n[INDEX_OLD_PACKS] + 1, sizeof(*old.v));
		for (size_t k = 0; k < v[i].n[INDEX_OLD_PACKS]; k++)
			old.v[old.n++] = v[i].set[INDEX_OLD_PACKS][k];
	}
	*ret_n = hash128_sort(old.v, old.n);
	return old.v;
}

struct hash128 *live_old_packs(const struct live_item *v, size_t n, size_t *ret_n)
{
	struct valid valid;
	struct hash128 *ret;

	valid_find(v, n, v, n, &valid);
	ret = old_packs(valid.v, valid.n, ret_n);
	valid_release(&valid);
	return ret;
}

static bool has_packs_left(const struct live_item *a, const struct names *old)
{
	for (size_t i = 0; i < a->n_packs; i++)
		if (!hash128_among(old->v, old->n, &a->packs[i]))
			return true;
	return a->n_packs == 0;
}

void live_pick_by(const struct live_item *by, size_t n_by, const struct live_item *v, size_t n,
		  bool *ret_live)
{
	struct valid valid;
	struct elements el;
	struct names old = { 0 };

	valid_find(by, n_by, v, n, &valid);
	el = collect_elements(valid.v, valid.n);
	old.v = old_packs(valid.v, valid.n, &old.n);
	for (size_t a = 0; a < n; a++)
		ret_live[a] = has_packs_left(&v[a], &old) && !is_named(&el, valid.v, &v[a]) &&
			      !is_outdone(&el, valid.v, &v[a]) && !valid_voids(&valid, &v[a]);
	free(old.v);
	free(el.v);
	valid_release(&valid);
}

void live_pick(const struct live_item *v, size_t n, bool *ret_live)
{
	live_pick_by(v, n, v, n, ret_live);
}

/* ---- a folder of the store ---- */

static void add_fault(struct live *l, const struct hash128 *name, const struct err *why)
{
	l->faults = mem_realloc(l->faults, (l->n_faults + 1) * sizeof(*l->faults));
	l->faults[l->n_faults++] = (struct live_fault){ .name = *name, .err = *why };
}

int live_item_init(struct live_item *it, struct index *ix, struct err *e)
{
	static const enum index_list lists[] = { INDEX_SEGMENTS, INDEX_INDEXES, INDEX_OLD_PACKS };
	const struct index_info *in = index_info(ix);
	struct hash128 *packs;

	*it = (struct live_item){ .name = in->name, .mixed = in->mixed };
	it->n[INDEX_SEGMENTS] = in->n_segments;
	it->n[INDEX_INDEXES] = in->n_indexes;
	it->n[INDEX_OLD_PACKS] = in->n_old_packs;
	for (int i = 0; i < 3; i++)
		if (index_list(ix, lists[i], &it->set[lists[i]], e) < 0)
			return -1;
	packs = mem_alloc((in->n_packs + 1) * sizeof(*packs));
	for (uint32_t i = 0; i < in->n_packs; i++) {
		struct index_pack p;

		if (index_pack_at(ix, i, &p, e) < 0) {
			free(packs);
			return -1;
		}
		packs[i] = p.name;
	}
	it->packs = packs;
	it->n_packs = in->n_packs;
	return 0;
}

void live_item_release(struct live_item *it)
{
	free((void *)(uintptr_t)it->packs);
	it->packs = NULL;
}

/* An item for each file; a file that gives none is a fault, and closed. */
static struct live_item *read_items(struct live *l)
{
	struct live_item *items = mem_alloc((l->n + 1) * sizeof(*items));
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++) {
		struct index *ix = l->v[i];
		struct err why = { 0 };

		if (live_item_init(&items[n], ix, &why) < 0) {
			err_wrap(&why, "'%s'", index_label(ix));
			add_fault(l, &index_info(ix)->name, &why);
			index_close(ix);
			continue;
		}
		l->v[n++] = ix;
	}
	l->n = n;
	return items;
}

/* Fills skip_pack: the first live index that names a pack has it. */
static void mark_packs(struct live *l, const struct live_item *live_items, const struct names *old)
{
	struct map seen = { 0 };

	l->skip_pack = mem_alloc((l->n + 1) * sizeof(*l->skip_pack));
	for (size_t i = 0; i < l->n; i++) {
		const struct live_item *it = &live_items[i];

		l->skip_pack[i] = mem_alloc((it->n_packs + 1) * sizeof(**l->skip_pack));
		for (size_t p = 0; p < it->n_packs; p++) {
			struct bytes key = bytes_of(it->packs[p].b, sizeof(it->packs[p].b));
			uint64_t h = hash64(key);

			if (hash128_among(old->v, old->n, &it->packs[p]) ||
			    map_get(&seen, h, key) != MAP_NONE)
				l->skip_pack[i][p] = true;
			else
				map_put(&seen, h, key, 0);
		}
	}
	map_release(&seen);
}

/* Closes one that is not live. */
static void make_obsolete(struct live *l, struct index *ix)
{
	l->obsolete = mem_realloc(l->obsolete, (l->n_obsolete + 1) * sizeof(*l->obsolete));
	l->obsolete[l->n_obsolete++] = index_info(ix)->name;
	index_close(ix);
}

static void pick(struct live *l)
{
	struct live_item *items = read_items(l);
	bool *live = mem_alloc((l->n + 1) * sizeof(*live));
	struct names old = { 0 };
	size_t n = 0, all = l->n;

	live_pick(items, all, live);
	old.v = live_old_packs(items, all, &old.n);
	for (size_t i = 0; i < all; i++) {
		if (!live[i]) {
			make_obsolete(l, l->v[i]);
			continue;
		}
		struct live_item item = items[i];

		items[i] = items[n]; /* kept, to be freed below */
		items[n] = item;
		l->v[n++] = l->v[i];
	}
	l->n = n;
	mark_packs(l, items, &old);
	for (size_t i = 0; i < all; i++)
		live_item_release(&items[i]);
	free(old.v);
	free(live);
	free(items);
}

int live_open(const struct live_file *v, struct index *const *ix, const struct err *errs, size_t n,
	      struct live *ret, struct err *e)
{
	struct live l = { 0 };
	int rc = 0;

	l.v = mem_alloc((n + 1) * sizeof(*l.v));
	for (size_t i = 0; i < n; i++) {
		if (ix[i])
			l.v[l.n++] = ix[i];
		else if (errs[i].code == ERR_NO)
			rc = rc < 0 ? rc : 1;
		else if (errs[i].code == ERR_AGAIN)
			rc = err_set(e, ERR_AGAIN, "%s", errs[i].msg);
		else
			add_fault(&l, &v[i].hash, &errs[i]);
	}
	if (rc != 0) {
		live_release(&l);
		return rc;
	}
	pick(&l);
	*ret = l;
	return 0;
}

void live_release(struct live *l)
{
	for (size_t i = 0; i < l->n; i++) {
		index_close(l->v[i]);
		if (l->skip_pack)
			free(l->skip_pack[i]);
	}
	free(l->v);
	free(l->skip_pack);
	free(l->obsolete);
	free(l->faults);
	*l = (struct live){ 0 };
}

static int add_known(struct index *ix, struct names *known, struct err *e)
{
	const struct index_info *in = index_info(ix);
	const struct hash128 *old;

	if (index_list(ix, INDEX_OLD_PACKS, &old, e) < 0)
		return -1;
	mem_grow(&known->v, &known->cap, known->n + in->n_packs + in->n_old_packs + 1,
		 sizeof(*known->v));
	for (uint32_t i = 0; i < in->n_old_packs; i++)
		known->v[known->n++] = old[i];
	for (uint32_t i = 0; i < in->n_packs; i++) {
		struct index_pack p;

		if (index_pack_at(ix, i, &p, e) < 0)
			return -1;
		known->v[known->n++] = p.name;
	}
	return 0;
}

int live_known_packs(const struct live *l, struct hash_list *ret, struct err *e)
{
	struct names known = { 0 };

	for (size_t i = 0; i < l->n; i++)
		if (add_known(l->v[i], &known, e) < 0) {
			free(known.v);
			return err_wrap(e, "'%s'", index_label(l->v[i]));
		}
	*ret = (struct hash_list){ known.v, hash128_sort(known.v, known.n) };
	return 0;
}
