#include "retention/expire.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/mem.h"
#include "retention/retention.h"

struct finding {
	const struct expire *x;
	struct expiry *y;
	size_t i; /* the file */
	struct index *ix;
	const char **rule; /* of each pack of the file, by which all of it goes */
	bool has_hold;
	bool has_streams; /* periods differ by stream */
	struct arena mem;
};

/* The sum of a rule, which is called so the first time. */
static struct expire_sum *sum_of(struct expiry *y, const void *key, const struct retention *r,
				 const char *text)
{
	struct expire_sum *s;

	for (size_t i = 0; i < y->n_sums; i++)
		if (y->sum[i].key == key)
			return &y->sum[i];
	mem_grow(&y->sum, &y->cap_sums, y->n_sums + 1, sizeof(*y->sum));
	s = &y->sum[y->n_sums++];
	*s = (struct expire_sum){ .key = key };
	if (text)
		buf_add_str(&s->rule, text);
	else
		retention_add_rule(&s->rule, r);
	return s;
}

/* How long the series is kept, and by which rule. */
static int period_of(struct finding *f, uint32_t series, struct labels *labels,
		     struct retention *ret, struct err *e)
{
	const struct limits *l = f->x->limits;

	*labels = (struct labels){ 0 };
	arena_reset(&f->mem);
	if ((f->has_hold || f->has_streams) &&
	    index_series_labels(f->ix, series, &f->mem, labels, e) < 0)
		return -1;
	*ret = l ? retention_of(l, labels) : (struct retention){ 0 };
	return 0;
}

static int find_series(struct finding *f, uint32_t series, struct err *e)
{
	struct expiry *y = f->y;
	struct index_series s;
	struct retention r;
	struct labels labels;
	int64_t cut;

	if (index_series_at(f->ix, series, &s, e) < 0 || period_of(f, series, &labels, &r, e) < 0)
		return -1;
	cut = retention_cut(r.period_ns, f->x->now_ns);
	for (uint32_t k = s.first_chunk; k < s.first_chunk + s.n_chunks; k++) {
		struct expire_sum *sum = NULL;
		struct index_chunk c;
		uint64_t stored;

		if (index_chunk_at(f->ix, k, &c, e) < 0)
			return -1;
		if (y->live->skip_pack[f->i][c.pack])
			continue;
		if (f->has_hold && hold_has(f->x->hold, f->x->tenant, &labels, c.from, c.through))
			y->held[f->i][c.pack] = true;
		else if (c.through < cut)
			sum = sum_of(y, r.rule ? (const void *)r.rule : f->x->limits, &r, NULL);
		else if (f->rule[c.pack])
			sum = sum_of(y, f->rule[c.pack], NULL, f->rule[c.pack]);
		if (!sum) {
			y->n_left[f->i][c.pack]++;
			continue;
		}
		if (index_chunk_stored(f->ix, &c, &stored, e) < 0)
			return -1;
		y->drop[f->i][k] = y->any = true;
		sum->chunks++;
		sum->entries += c.entries;
		sum->bytes += stored;
	}
	return 0;
}

static int find_file(struct finding *f, struct err *e)
{
	const struct index_info *in = index_info(f->ix);
	int rc = 0;

	f->y->drop[f->i] = mem_alloc((in->n_chunks + (size_t)1) * sizeof(**f->y->drop));
	f->y->n_left[f->i] = mem_alloc((in->n_packs + (size_t)1) * sizeof(**f->y->n_left));
	f->y->held[f->i] = mem_alloc((in->n_packs + (size_t)1) * sizeof(**f->y->held));
	f->rule = mem_alloc((in->n_packs + (size_t)1) * sizeof(*f->rule));
	for (uint32_t p = 0; f->x->pick && p < in->n_packs && rc == 0; p++) {
		struct index_pack row;

		rc = index_pack_at(f->ix, p, &row, e);
		if (rc == 0)
			f->rule[p] = f->x->pick(&row.name, f->x->pick_data);
	}
	for (uint32_t s = 0; s < in->n_series && rc == 0; s++)
		rc = find_series(f, s, e);
	free(f->rule);
	return rc < 0 ? err_wrap(e, "'%s'", index_label(f->ix)) : 0;
}

/* Packs of which something goes: ascending. */
static int list_touched(const struct expiry *y, struct hash_list *ret, struct err *e)
{
	size_t cap = 0;

	for (size_t i = 0; i < y->live->n; i++)
		for (uint32_t p = 0; p < index_info(y->live->v[i])->n_packs; p++) {
			struct index_pack row;

			if (index_pack_at(y->live->v[i], p, &row, e) < 0)
				return -1;
			if (y->live->skip_pack[i][p] || y->n_left[i][p] == row.n_chunks)
				continue;
			mem_grow(&ret->v, &cap, ret->n + 1, sizeof(*ret->v));
			ret->v[ret->n++] = row.name;
		}
	ret->n = hash128_sort(ret->v, ret->n);
	return 0;
}

/* Those that only name such a pack too are taken as well: else they would have it whole. */
static int find_taken(struct expiry *y, struct err *e)
{
	struct hash_list touched = { 0 };
	int rc = list_touched(y, &touched, e);

	for (size_t i = 0; i < y->live->n && rc == 0; i++)
		for (uint32_t p = 0; p < index_info(y->live->v[i])->n_packs && rc == 0; p++) {
			struct index_pack row;

			rc = index_pack_at(y->live->v[i], p, &row, e);
			if (rc == 0 && hash128_among(touched.v, touched.n, &row.name))
				y->take[i] = true;
		}
	free(touched.v);
	return rc;
}

int expire_find(const struct expire *x, const struct live *l, struct expiry *ret, struct err *e)
{
	struct finding f = { .x = x,
			     .y = ret,
			     .has_hold = x->hold && hold_has_tenant(x->hold, x->tenant),
			     .has_streams = x->limits && x->limits->retention_stream.n > 0 };
	int rc = 0;

	*ret = (struct expiry){ .live = l };
	ret->drop = mem_alloc((l->n + 1) * sizeof(*ret->drop));
	ret->n_left = mem_alloc((l->n + 1) * sizeof(*ret->n_left));
	ret->held = mem_alloc((l->n + 1) * sizeof(*ret->held));
	ret->take = mem_alloc((l->n + 1) * sizeof(*ret->take));
	for (f.i = 0; f.i < l->n && rc == 0; f.i++) {
		f.ix = l->v[f.i];
		rc = find_file(&f, e);
	}
	if (rc == 0 && ret->any)
		rc = find_taken(ret, e);
	arena_release(&f.mem);
	return rc;
}

void expiry_release(struct expiry *y)
{
	for (size_t i = 0; y->drop && i < y->live->n; i++) {
		free(y->drop[i]);
		free(y->n_left[i]);
		free(y->held[i]);
	}
	for (size_t i = 0; i < y->n_sums; i++)
		buf_release(&y->sum[i].rule);
	free(y->drop);
	free(y->n_left);
	free(y->held);
	free(y->take);
	free(y->sum);
	*y = (struct expiry){ 0 };
}
