#include "index/repair_named.h"

#include <stdlib.h>

#include "base/mem.h"
#include "index/merge.h"
#include "index/rewriting.h"

/* ---- who names it ---- */

/* Of an index file that names the pack, what of it is to be kept. */
static int add_chunks(struct index *ix, uint32_t pack, struct kept_blocks *to, struct err *e)
{
	for (uint32_t i = 0; i < index_info(ix)->n_chunks; i++) {
		struct index_chunk c;

		if (index_chunk_at(ix, i, &c, e) < 0)
			return -1;
		if (c.pack == pack)
			kept_blocks_add(to, c.offset);
	}
	return 0;
}

static void add_name(struct hash_list *l, const struct hash128 *name)
{
	l->v = mem_realloc(l->v, (l->n + 1) * sizeof(*l->v));
	l->v[l->n++] = *name;
}

static int add_old(struct hash_list *l, struct index *ix, struct err *e)
{
	const uint32_t n = index_info(ix)->n_old_packs;
	const struct hash128 *old;

	if (index_list(ix, INDEX_OLD_PACKS, &old, e) < 0)
		return -1;
	l->v = mem_realloc(l->v, (l->n + n + 1) * sizeof(*l->v));
	if (n)
		memcpy(l->v + l->n, old, n * sizeof(*old));
	l->n = hash128_sort(l->v, l->n + n);
	return 0;
}

/* Live index file i, if it names the pack. One alone is that for which it is read. */
static int look_at(struct repair_named *n, size_t i, const struct hash128 *pack, bool *ret_read,
		   struct err *e)
{
	struct index *ix = n->live.v[i];

	for (uint32_t k = 0; k < index_info(ix)->n_packs; k++) {
		struct index_pack p;

		if (index_pack_at(ix, k, &p, e) < 0)
			return -1;
		if (hash128_cmp(&p.name, pack) != 0)
			continue;
		n->take[i] = true;
		add_name(&n->names, &index_info(ix)->name);
		if (add_old(&n->old, ix, e) < 0)
			return -1;
		if (n->live.skip_pack[i][k])
			continue;
		*ret_read = true;
		if (add_chunks(ix, k, &n->chunks, e) < 0)
			return -1;
	}
	return 0;
}

static int by_offset(const void *pa, const void *pb)
{
	uint64_t a = *(const uint64_t *)pa, b = *(const uint64_t *)pb;

	return (a > b) - (a < b);
}

static int find_names(struct repair_named *n, const struct hash128 *pack, bool *ret_read,
		      struct err *e)
{
	int rc = 0;

	n->take = mem_alloc((n->live.n + 1) * sizeof(*n->take));
	for (size_t i = 0; i < n->live.n && rc == 0; i++)
		rc = look_at(n, i, pack, ret_read, e);
	if (n->chunks.n)
		qsort(n->chunks.v, n->chunks.n, sizeof(*n->chunks.v), by_offset);
	return rc == 0 ? live_known_packs(&n->live, &n->known, e) : -1;
}

/* ---- which way ---- */

static bool any_among(const struct hash_list *in, const struct hash_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (hash128_among(in->v, in->n, &l->v[i]))
			return true;
	return false;
}

static bool any_thinned(const struct repair_named *n)
{
	for (size_t i = 0; i < n->live.n; i++)
		if (n->take[i] && index_info(n->live.v[i])->thinned)
			return true;
	return false;
}

static bool any_segments(const struct repair_named *n)
{
	for (size_t i = 0; i < n->live.n; i++)
		if (n->take[i] && index_info(n->live.v[i])->n_segments > 0)
			return true;
	return false;
}

/* What takes over all that they say of segments and replaced packs must have all of it, or the log
 * and older packs would not be asked for what is lost. Two things are worse than that: lines from
 * before a rewriting, and what has expired. */
static enum named_way way_of(const struct repair_named *n)
{
	const struct salvaged *rest = &n->salvaged;

	if (any_thinned(n))
		return NAMED_MERGE;
	if (rest->entries == 0)
		return NAMED_APART;
	if (n->loss.entries > 0 && rewriting_marks(n->old.v, n->old.n).n == 0)
		return NAMED_APART;
	return rest->has_trailer || !any_segments(n) ? NAMED_MERGE : NAMED_APART;
}

static int read_pack(const struct repair_day *d, const struct store_name *pack,
		     struct repair_named *n, struct err *e)
{
	const struct salvage_how how = { .dry_run = true, .only = &n->chunks, .there = &n->known };

	if (salvage_pack(d->store, pack, &how, &n->salvaged, e) < 0 ||
	    loss_of_pack(d->store, pack, &n->salvaged.kept, &n->loss, e) < 0)
		return -1;
	n->way = way_of(n);
	return 0;
}

int repair_named_plan(const struct repair_day *d, const struct store_name *pack,
		      struct repair_named *ret, struct err *e)
{
	bool read = false;

	*ret = (struct repair_named){ .way = NAMED_APART };
	if (live_load(d->store, d->tenant, d->day, &ret->live, e) < 0 ||
	    find_names(ret, &pack->hash, &read, e) < 0)
		return -1;
	if (ret->names.n == 0 || any_among(&d->without, &ret->names))
		return 0;
	if (!read) {
		ret->way = NAMED_REPLACED;
		return 0;
	}
	return read_pack(d, pack, ret, e);
}

/* ---- doing it ---- */

/* Nothing can be read of it. */
static int merge_without(const struct store_name *pack, struct index_merge *m,
			 struct buf *ret_index, struct err *e)
{
	struct hash128 hash;

	m->gone = &pack->hash;
	return index_merge(m, INDEX_MERGE_WRITE, &hash, ret_index, e);
}

static int merge_with_rest(const struct repair_named *n, const struct store_name *pack,
			   struct index_merge *m, struct buf *ret_pack, struct buf *ret_index,
			   struct err *e)
{
	const struct salvage_how how = { .only = &n->chunks, .there = &n->known };
	struct store_name made = *pack;
	struct salvaged rest = { 0 };
	struct hash128 hash;
	int rc = salvage_pack(m->store, pack, &how, &rest, e);

	made.hash = rest.name;
	m->added = &made.hash;
	m->n_added = 1;
	if (rc == 0 && rest.entries != n->salvaged.entries)
		rc = err_set(e, ERR_IO, "it is read otherwise a second time");
	if (rc == 0)
		rc = index_merge(m, INDEX_MERGE_WRITE, &hash, ret_index, e);
	if (rc == 0)
		store_name_add(ret_pack, &made);
	salvaged_release(&rest);
	return rc;
}

int repair_named_merge(const struct repair_day *d, const struct store_name *pack,
		       const struct repair_named *n, struct buf *ret_pack, struct buf *ret_index,
		       struct err *e)
{
	struct index_merge m = { .store = d->store,
				 .tenant = d->tenant,
				 .day = d->day,
				 .live = &n->live,
				 .take = n->take };

	return n->salvaged.entries ? merge_with_rest(n, pack, &m, ret_pack, ret_index, e)
				   : merge_without(pack, &m, ret_index, e);
}

void repair_named_release(struct repair_named *n)
{
	salvaged_release(&n->salvaged);
	live_release(&n->live);
	kept_blocks_release(&n->chunks);
	free(n->names.v);
	free(n->known.v);
	free(n->old.v);
	free(n->take);
	*n = (struct repair_named){ 0 };
}
