#include "query/range_groups.h"

#include <stdlib.h>

#include "base/mem.h"

void range_groups_release(struct range_groups *g)
{
	for (size_t k = 0; k < g->n; k++)
		samples_release(&g->v[k].samples, g->memory);
	range_memory_give(g->memory, g->held_bytes);
	map_release(&g->map);
	arena_release(&g->mem);
	free(g->v);
	buf_release(&g->key);
	free(g->label);
	free(g->value);
}

/* --- by the values --------------------------------------------------------------------------- */

/* Of their ends alone: what it does not tell apart is compared. */
static uint64_t mix(uint64_t hash, struct bytes v)
{
	uint64_t head = 0, tail = 0;

	if (v.n >= 8) {
		memcpy(&head, v.p, 8);
		memcpy(&tail, v.p + v.n - 8, 8);
	} else if (v.n >= 4) {
		memcpy(&head, v.p, 4);
		memcpy(&tail, v.p + v.n - 4, 4);
	} else if (v.n > 0) {
		head = (unsigned char)v.p[0];
		tail = (uint64_t)(unsigned char)v.p[v.n / 2] << 8 | (unsigned char)v.p[v.n - 1];
	}
	hash = (hash ^ head ^ v.n) * UINT64_C(0x9e3779b97f4a7c15);
	return ((hash ^ hash >> 29) + tail) * UINT64_C(0xbf58476d1ce4e5b9);
}

/* Sets g->value: those that make the group of entry i. */
static void get_values(struct range_groups *g, const struct block *b, uint32_t i)
{
	if (!g->value)
		g->value = mem_alloc((g->by->n + 1) * sizeof(*g->value));
	for (size_t k = 0; k < g->by->n; k++) {
		struct bytes *v = &g->value[k];

		/* One that is not there has no p, an empty one has. */
		if (!block_get(b, i, g->names[k], v))
			*v = (struct bytes){ 0 };
		else if (!v->p)
			*v = BYTES_LIT("");
	}
}

/* Where in g->recent the group of g->value would be. */
static uint32_t *recent_of(struct range_groups *g)
{
	uint64_t hash = 0;

	for (size_t k = 0; k < g->by->n; k++)
		hash = mix(hash, g->value[k]);
	return &g->recent[hash >> 32 & (RANGE_GROUPS_RECENT - 1)];
}

/* Likewise in g->lying. */
static struct range_lying *lying_of(struct range_groups *g)
{
	uint64_t hash = 0;

	for (size_t k = 0; k < g->by->n; k++)
		hash = (hash ^ (uintptr_t)g->value[k].p) * UINT64_C(0x9e3779b97f4a7c15);
	return &g->lying[hash >> 55];
}

static bool lies_there(const struct range_groups *g, const struct range_lying *l, uint32_t block)
{
	for (size_t k = 0; k < g->by->n; k++)
		if (l->value[k].p != g->value[k].p || l->value[k].n != g->value[k].n)
			return false;
	return l->group && l->block == block;
}

static bool has_values(const struct range_groups *g, const struct range_group *x)
{
	for (size_t k = 0; k < g->by->n; k++)
		if (!bytes_eq(x->value[k], g->value[k]) || !x->value[k].p != !g->value[k].p)
			return false;
	return true;
}

/* --- by the key ------------------------------------------------------------------------------ */

static bool is_named(const struct range_groups *g, uint32_t name)
{
	for (size_t i = 0; i < g->by->n; i++)
		if (g->names[i] == name)
			return true;
	return false;
}

/* The labels that make the group of entry i into g->label, ascending by number, so that equal sets
 * make equal keys. Returns how many. */
static size_t find_labels(struct range_groups *g, const struct block *b, uint32_t i, bool error)
{
	size_t n = block_n_labels(b, i), k = 0;

	mem_grow(&g->label, &g->cap_label, n + 1, sizeof(*g->label));
	n = block_labels(b, i, g->label);
	for (size_t j = 0; j < n; j++) {
		struct elabel l = g->label[j];
		size_t at;

		/* An entry with an error keeps all its labels, so that the error is seen. */
		if (!error && g->by->kind != GROUP_ALL &&
		    is_named(g, l.name) != (g->by->kind == GROUP_BY))
			continue;
		for (at = k++; at > 0 && g->label[at - 1].name > l.name; at--)
			g->label[at] = g->label[at - 1];
		g->label[at] = l;
	}
	return k;
}

static void add_key(struct buf *key, uint32_t name, struct bytes value)
{
	uint32_t head[2] = { name, (uint32_t)value.n };

	buf_add(key, head, sizeof(head));
	buf_add_bytes(key, value);
}

static int label_cmp(const void *a, const void *b)
{
	const struct label *x = a, *y = b;

	return bytes_cmp(x->name, y->name);
}

static struct labels copy_labels(struct range_groups *g, const struct names *names, size_t n)
{
	struct label *l = arena_alloc(&g->mem, (n + 1) * sizeof(*l));

	for (size_t i = 0; i < n; i++)
		l[i] = (struct label){ arena_copy(&g->mem, names->v[g->label[i].name]),
				       arena_copy(&g->mem, g->label[i].value) };
	qsort(l, n, sizeof(*l), label_cmp);
	return (struct labels){ l, n };
}

/* One with the n labels of g->label and the key of g->key. */
static int64_t add_group(struct range_groups *g, const struct names *names, size_t n, struct err *e)
{
	struct bytes key = buf_bytes(&g->key);
	/* The key is in there twice, as labels too. */
	uint64_t bytes = g->n_cells * sizeof(int64_t) * (g->with_bytes ? 2 : 1) + 2 * key.n +
			 n * sizeof(struct label) + g->by->n * sizeof(struct bytes) +
			 RANGE_ARRAY_ROWS * sizeof(struct range_group) +
			 RANGE_MAP_ROWS * sizeof(struct map_slot);
	struct range_group *x;

	if (g->n >= INT32_MAX)
		return err_set(e, ERR_LIMIT, "more than %d series", INT32_MAX);
	if (range_memory_take(g->memory, bytes, e) < 0)
		return -1;
	g->held_bytes += bytes;
	mem_grow(&g->v, &g->cap, g->n + 1, sizeof(*g->v));
	x = &g->v[g->n];
	*x = (struct range_group){ .labels = copy_labels(g, names, n) };
	if (g->n_cells)
		x->count = arena_zalloc(&g->mem, g->n_cells * sizeof(*x->count));
	if (g->n_cells && g->with_bytes)
		x->bytes = arena_zalloc(&g->mem, g->n_cells * sizeof(*x->bytes));
	map_put(&g->map, hash64(key), arena_copy(&g->mem, key), (uint32_t)g->n);
	return (int64_t)g->n++;
}

static int64_t find_by_key(struct range_groups *g, const struct block *b, uint32_t i, bool error,
			   struct err *e)
{
	size_t n = find_labels(g, b, i, error);
	uint32_t id;

	buf_reset(&g->key);
	for (size_t j = 0; j < n; j++)
		add_key(&g->key, g->label[j].name, g->label[j].value);
	id = map_get(&g->map, hash64(buf_bytes(&g->key)), buf_bytes(&g->key));
	return id != MAP_NONE ? id : add_group(g, b->names, n, e);
}

static void keep_values(struct range_groups *g, struct range_group *x)
{
	x->value = arena_alloc(&g->mem, g->by->n * sizeof(*x->value));
	for (size_t k = 0; k < g->by->n; k++)
		x->value[k] = labels_get_bytes(&x->labels, g->by->labels[k]);
}

static int64_t find_by_values(struct range_groups *g, const struct block *b, uint32_t i,
			      struct err *e)
{
	uint32_t *recent = recent_of(g);
	int64_t id;

	if (*recent && has_values(g, &g->v[*recent - 1]))
		return *recent - 1;
	id = find_by_key(g, b, i, false, e);
	if (id < 0)
		return -1;
	if (!g->v[id].value)
		keep_values(g, &g->v[id]);
	*recent = (uint32_t)id + 1;
	return id;
}

int64_t range_groups_find(struct range_groups *g, const struct block *b, uint32_t i, struct err *e)
{
	bool error = block_error(b, i).n > 0;
	struct range_lying *l;
	int64_t id;

	if (g->by->kind != GROUP_BY || error)
		return find_by_key(g, b, i, error, e);
	get_values(g, b, i);
	/* A block that is none of a scan tells nothing of how long its values stay. */
	if (g->by->n > RANGE_GROUPS_PLACES || !b->serial)
		return find_by_values(g, b, i, e);
	l = lying_of(g);
	if (lies_there(g, l, b->serial))
		return l->group - 1;
	id = find_by_values(g, b, i, e);
	if (id < 0)
		return -1;
	for (size_t k = 0; k < g->by->n; k++)
		l->value[k] = g->value[k];
	l->block = b->serial;
	l->group = (uint32_t)id + 1;
	return id;
}
