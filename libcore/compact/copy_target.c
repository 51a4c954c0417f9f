#include "compact/copy_target.h"

#include <stdlib.h>

#include "base/mem.h"
#include "index/live.h"
#include "store/names.h"

void copy_add_hashes(struct hash_list *l, const struct hash128 *v, size_t n)
{
	l->v = mem_realloc(l->v, (l->n + n + 1) * sizeof(*l->v));
	if (n)
		memcpy(l->v + l->n, v, n * sizeof(*v));
	l->n += n;
}

static int add_list(struct hash_list *l, struct index *ix, enum index_list which, uint32_t n,
		    struct err *e)
{
	const struct hash128 *v;

	if (index_list(ix, which, &v, e) < 0)
		return err_wrap(e, "'%s'", index_label(ix));
	copy_add_hashes(l, v, n);
	return 0;
}

static int add_index(struct copy_target *t, struct index *ix, struct err *e)
{
	const struct index_info *in = index_info(ix);

	copy_add_hashes(&t->index, &in->name, 1);
	if (add_list(&t->index, ix, INDEX_INDEXES, in->n_indexes, e) < 0 ||
	    add_list(&t->old, ix, INDEX_OLD_PACKS, in->n_old_packs, e) < 0 ||
	    add_list(&t->seals, ix, INDEX_SEGMENTS, in->n_segments, e) < 0)
		return -1;
	for (uint32_t k = 0; k < in->n_packs; k++) {
		struct index_pack p;

		if (index_pack_at(ix, k, &p, e) < 0)
			return err_wrap(e, "'%s'", index_label(ix));
		copy_add_hashes(&t->named, &p.name, 1);
	}
	return 0;
}

static int add_live(struct copy_target *t, const struct live *live, struct err *e)
{
	int rc = 0;

	copy_add_hashes(&t->index, live->obsolete, live->n_obsolete);
	for (size_t i = 0; i < live->n && rc == 0; i++)
		rc = add_index(t, live->v[i], e);
	t->named.n = hash128_sort(t->named.v, t->named.n);
	t->old.n = hash128_sort(t->old.v, t->old.n);
	t->index.n = hash128_sort(t->index.v, t->index.n);
	t->seals.n = hash128_sort(t->seals.v, t->seals.n);
	return rc;
}

static void add_pack(struct copy_target *t, const struct hash128 *name, uint64_t size)
{
	t->size = mem_realloc(t->size, (t->files.n + 1) * sizeof(*t->size));
	t->size[t->files.n] = size;
	copy_add_hashes(&t->files, name, 1);
}

static int add_file(const char *name, uint64_t size, void *data, struct err *e)
{
	struct store_name sn;

	(void)e;
	if (store_name_parse(bytes_str(name), &sn, NULL) == 0 && sn.kind == STORE_PACK)
		add_pack(data, &sn.hash, size);
	return 0;
}

int copy_target_look(const struct copy_opts *o, struct bytes tenant, int32_t day,
		     struct copy_target *t, struct err *e)
{
	struct buf folder = { 0 };
	struct live live;
	int rc;

	store_folder_add(&folder, STORE_PACK, tenant, day);
	rc = live_load(o->to, tenant, day, &live, e);
	if (rc == 0) {
		for (size_t i = 0; i < live.n_faults; i++)
			o->on_fault(o->data, &live.faults[i].err);
		rc = add_live(t, &live, e);
		live_release(&live);
	}
	/* A pack is there before the index file that names it: asked for later, it is found. */
	if (rc == 0)
		rc = store_list(o->to, buf_str(&folder), add_file, t, e);
	buf_release(&folder);
	return rc;
}

int copy_target_of(const struct due_day *d, struct copy_target *t, struct err *e)
{
	for (size_t i = 0; i < d->packs.n; i++)
		add_pack(t, &d->packs.v[i].hash, d->packs.v[i].size);
	return add_live(t, d->live, e);
}

/* Names are listed in ascending order, so the files are ascending, too. */
bool copy_target_has(const struct copy_target *t, const struct index_pack *row)
{
	size_t lo = 0, hi = t->files.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = hash128_cmp(&t->files.v[mid], &row->name);

		if (c == 0)
			return t->size[mid] == row->size;
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return false;
}

void copy_target_release(struct copy_target *t)
{
	free(t->named.v);
	free(t->old.v);
	free(t->index.v);
	free(t->seals.v);
	free(t->files.v);
	free(t->size);
	*t = (struct copy_target){ 0 };
}
