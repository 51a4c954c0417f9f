#include "index/lineage.h"

#include <stdlib.h>

#include "base/mem.h"
#include "index/rewriting.h"

/* While it is filled; in no order. */
struct list {
	struct hash_list *l;
	size_t cap;
};

static void add(struct list *to, const struct hash128 *v, size_t n)
{
	if (n == 0)
		return;
	mem_grow(&to->l->v, &to->cap, to->l->n + n, sizeof(*v));
	memcpy(to->l->v + to->l->n, v, n * sizeof(*v));
	to->l->n += n;
}

static void sort(struct hash_list *l)
{
	if (l->n)
		l->n = hash128_sort(l->v, l->n);
}

static bool all_there(const struct hash_list *parts, const struct hash_list *there)
{
	for (size_t i = 0; i < parts->n; i++)
		if (!hash128_among(there->v, there->n, &parts->v[i]))
			return false;
	return true;
}

/* Parts that were merged themselves are in what is made now. */
static void drop_replaced(struct hash_list *parts, const struct hash_list *replaced)
{
	size_t n = 0;

	for (size_t i = 0; i < parts->n; i++)
		if (!hash128_among(replaced->v, replaced->n, &parts->v[i]))
			parts->v[n++] = parts->v[i];
	parts->n = n;
}

/* What a mixed input left in parts of its own, no name in `replaced` stands for. */
static bool has_mixed_parts(const struct lineage *l, const struct lineage_input *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; v[i].trailer->mixed && k < v[i].trailer->parts.n; k++)
			if (hash128_among(l->parts.v, l->parts.n, &v[i].trailer->parts.v[k]))
				return true;
	return false;
}

void lineage_init(struct lineage *ret, const struct lineage_input *v, size_t n,
		  const struct hash_list *there)
{
	struct lineage l = { .order_key = INT64_MIN };
	struct list segments = { .l = &l.segments }, replaced = { .l = &l.replaced };
	struct list parts = { .l = &l.parts }, sources = { .l = &l.sources };

	for (size_t i = 0; i < n; i++) {
		const struct pack_trailer *t = v[i].trailer;

		common_deletes_add(&l.deletes, t->deletes, t->n_deletes);
		add(&sources, &v[i].name, 1);
		add(&replaced, &v[i].name, 1);
		if (t->order_key > l.order_key)
			l.order_key = t->order_key;
		/* Without claims parts mean nothing. */
		if (t->segments.n + t->replaced.n == 0 || !all_there(&t->parts, there))
			continue;
		add(&segments, t->segments.v, t->segments.n);
		add(&replaced, t->replaced.v, t->replaced.n);
		add(&parts, t->parts.v, t->parts.n);
	}
	sort(&l.segments);
	sort(&l.replaced);
	sort(&l.parts);
	sort(&l.sources);
	drop_replaced(&l.parts, &l.replaced);
	l.mixed = has_mixed_parts(&l, v, n);
	*ret = l;
}

void lineage_rewritten(struct lineage *l, const struct hash128 *pack, uint64_t what)
{
	const struct hash128 mark = rewriting_mark(pack, what);
	struct list replaced = { .l = &l->replaced, .cap = l->replaced.n };

	add(&replaced, &mark, 1);
	sort(&l->replaced);
}

void lineage_release(struct lineage *l)
{
	free(l->segments.v);
	free(l->replaced.v);
	free(l->parts.v);
	free(l->sources.v);
	common_deletes_release(&l->deletes);
	*l = (struct lineage){ 0 };
}
