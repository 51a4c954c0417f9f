#include "index/valid.h"

#include <stdlib.h>

#include "base/mem.h"
#include "index/rewriting.h"

static struct hash_list old_of(const struct live_item *it)
{
	return (struct hash_list){ (struct hash128 *)(uintptr_t)it->set[INDEX_OLD_PACKS],
				   it->n[INDEX_OLD_PACKS] };
}

static struct hash_list marks_of(const struct live_item *it)
{
	const struct hash_list old = old_of(it);

	return rewriting_marks(old.v, old.n);
}

static bool is_among(const struct hash_list *l, const struct hash128 *name)
{
	return hash128_among(l->v, l->n, name);
}

/* ---- did one not see the other? ---- */

/* Index files: a pack that both say is replaced. Marks go to all that is made by who has seen them,
 * so they are nothing in common. */
static bool have_a_pack_in_common(const struct live_item *a, const struct live_item *b)
{
	const struct hash_list old_a = old_of(a), old_b = old_of(b), marks = marks_of(a);

	for (size_t i = 0; i < old_a.n; i++)
		if (!is_among(&marks, &old_a.v[i]) && is_among(&old_b, &old_a.v[i]))
			return true;
	return false;
}

/* Units: a pack that a says is replaced, and of which b, by a mark that a has not, has other lines.
 */
static bool has_lines_that_b_has_anew(const struct live_item *a, const struct live_item *b)
{
	const struct hash_list old = old_of(a), marks_a = marks_of(a), marks_b = marks_of(b);

	for (size_t i = 0; i < marks_b.n; i++)
		if (!is_among(&marks_a, &marks_b.v[i]) &&
		    rewriting_is_of(&marks_b.v[i], old.v, old.n))
			return true;
	return false;
}

/* Does one of v, the highest rank first, go before a, and not know of it or be not known to it? */
static bool is_in_conflict(const struct live_item *v, size_t n, const struct live_item *a)
{
	const struct hash_list marks = marks_of(a);

	if (!a->is_unit && a->n[INDEX_INDEXES] == 0)
		return false; /* made of nothing that would count instead */
	for (size_t i = 0; i < n; i++) {
		const struct live_item *b = &v[i];
		const struct hash_list before = marks_of(b);

		if (rewriting_cmp(&before, &marks) <= 0)
			break;
		if (a->is_unit ? has_lines_that_b_has_anew(a, b) : have_a_pack_in_common(a, b))
			return true;
	}
	return false;
}

/* ---- is what it was made of there? ---- */

static bool is_claimed(const struct valid *l, enum index_list list, const struct hash128 *name)
{
	for (size_t i = 0; i < l->n_claims; i++)
		if (hash128_among(l->claim[i].set[list], l->claim[i].n[list], name))
			return true;
	return false;
}

static bool can_go(const struct valid *l, const struct live_item *a)
{
	for (size_t i = 0; i < a->n_gone; i++)
		if (!is_claimed(l, INDEX_OLD_PACKS, &a->gone[i]))
			return false;
	for (size_t i = 0; i < a->n[INDEX_INDEXES]; i++) {
		const struct hash128 *name = &a->set[INDEX_INDEXES][i];

		if (!is_among(&l->names, name) && !is_claimed(l, INDEX_INDEXES, name))
			return false;
	}
	return true;
}

bool valid_voids(const struct valid *l, const struct live_item *a)
{
	return is_in_conflict(l->claim, l->n_claims, a) && can_go(l, a);
}

/* ---- all ---- */

static int cmp_rank(const void *pa, const void *pb)
{
	const struct hash_list a = marks_of(pa), b = marks_of(pb);

	return rewriting_cmp(&b, &a);
}

static struct hash_list names_of(const struct live_item *by, size_t n_by, const struct live_item *v,
				 size_t n)
{
	struct hash_list ret = { mem_alloc((n_by + n + 1) * sizeof(*ret.v)), 0 };

	for (size_t i = 0; i < n_by; i++)
		ret.v[ret.n++] = by[i].name;
	for (size_t i = 0; i < n; i++)
		ret.v[ret.n++] = v[i].name;
	ret.n = hash128_sort(ret.v, ret.n);
	return ret;
}

void valid_find(const struct live_item *by, size_t n_by, const struct live_item *v, size_t n,
		struct valid *ret)
{
	struct live_item *all = mem_alloc((n_by + 1) * sizeof(*all));

	*ret = (struct valid){ .v = mem_alloc((n_by + 1) * sizeof(*ret->v)),
			       .claim = mem_alloc((n_by + 1) * sizeof(*ret->claim)) };
	for (size_t i = 0; i < n_by; i++)
		all[i] = by[i];
	if (n_by)
		qsort(all, n_by, sizeof(*all), cmp_rank);
	if (n_by && marks_of(&all[0]).n > 0) /* without a mark nothing is void */
		ret->names = names_of(by, n_by, v, n);
	for (size_t i = 0; i < n_by; i++)
		if (!is_in_conflict(ret->claim, ret->n_claims, &all[i]))
			ret->claim[ret->n_claims++] = all[i];
	for (size_t i = 0; i < n_by; i++)
		if (!valid_voids(ret, &all[i]))
			ret->v[ret->n++] = all[i];
	free(all);
}

void valid_release(struct valid *l)
{
	free(l->v);
	free(l->claim);
	free(l->names.v);
	*l = (struct valid){ 0 };
}
