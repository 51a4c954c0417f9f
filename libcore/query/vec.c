#include "query/vec.h"

#include "base/map.h"
#include "base/mem.h"

void vec_init(struct vec *v, size_t n_steps)
{
	*v = (struct vec){ .n_steps = n_steps };
}

void vec_release(struct vec *v)
{
	arena_release(&v->mem);
	free(v->v);
	*v = (struct vec){ 0 };
}

struct series *vec_add(struct vec *v, const struct labels *labels)
{
	double *values = arena_zalloc(&v->mem, v->n_steps * sizeof(*values));

	return vec_add_own(v, labels_copy(&v->mem, labels), values);
}

struct series *vec_add_own(struct vec *v, struct labels labels, double *values)
{
	struct series *s;

	mem_grow(&v->v, &v->cap, v->n + 1, sizeof(*v->v));
	s = &v->v[v->n++];
	*s = (struct series){ labels, values, arena_zalloc(&v->mem, v->n_steps) };
	return s;
}

static int series_cmp(const void *a, const void *b)
{
	return labels_cmp(&((const struct series *)a)->labels, &((const struct series *)b)->labels);
}

void vec_sort(struct vec *v)
{
	if (v->n && !v->ordered)
		qsort(v->v, v->n, sizeof(*v->v), series_cmp);
}

void vec_compact(struct vec *v)
{
	size_t k = 0;

	for (size_t i = 0; i < v->n; i++)
		if (memchr(v->v[i].has, 1, v->n_steps))
			v->v[k++] = v->v[i];
	v->n = k;
}

struct labels labels_pick(struct arena *a, const struct labels *l, enum pick how,
			  const struct bytes *names, size_t n)
{
	struct labels ret = { arena_alloc(a, (l->n + 1) * sizeof(*ret.v)), 0 };

	for (size_t i = 0; i < l->n; i++) {
		bool among = false;

		for (size_t k = 0; k < n && !among; k++)
			among = bytes_eq(names[k], l->v[i].name);
		if (among == (how == PICK_ONLY))
			ret.v[ret.n++] = l->v[i];
	}
	return ret;
}

struct labels labels_not_empty(struct labels l)
{
	size_t n = 0;

	for (size_t i = 0; i < l.n; i++)
		if (l.v[i].value.n)
			l.v[n++] = l.v[i];
	l.n = n;
	return l;
}

struct labels labels_with(struct arena *a, const struct labels *l, struct bytes name,
			  struct bytes value)
{
	struct labels ret = labels_pick(a, l, PICK_OTHERS, &name, 1);
	size_t at = ret.n;

	for (; at > 0 && bytes_cmp(ret.v[at - 1].name, name) > 0; at--)
		ret.v[at] = ret.v[at - 1];
	ret.v[at] = (struct label){ name, value };
	ret.n++;
	return ret;
}

uint32_t label_number(struct label_numbers *t, const struct labels *l, bool *ret_new)
{
	struct buf b = { 0 };
	struct bytes key;
	uint64_t hash;
	uint32_t n;

	if (!t->map)
		t->map = mem_alloc(sizeof(*t->map));
	labels_encode(&b, l);
	key = buf_bytes(&b);
	hash = hash64(key);
	n = map_get(t->map, hash, key);
	*ret_new = n == MAP_NONE;
	if (n == MAP_NONE) {
		n = t->n++;
		map_put(t->map, hash, arena_copy(&t->mem, key), n);
	}
	buf_release(&b);
	return n;
}

void label_numbers_release(struct label_numbers *t)
{
	if (t->map)
		map_release(t->map);
	free(t->map);
	arena_release(&t->mem);
	*t = (struct label_numbers){ 0 };
}
