#include "index/merge.h"

#include <stdlib.h>

#include "base/mem.h"
#include "index/dated.h"
#include "index/deletes.h"
#include "index/rewriting.h"
#include "index/scan.h"

struct merging {
	const struct index_merge *m;
	struct index_writer *w;
	struct pack_scan *scan; /* the added packs */
	struct hash_list out;	/* of the files that are taken, these packs are left out */
	struct common_deletes deletes;
	struct common_deletes taken; /* of all files that are taken */
	bool any;		     /* pack is in the new file */
};

static struct store_name pack_name(const struct index_merge *m, const struct hash128 *pack)
{
	return (struct store_name){ STORE_PACK, m->day, m->tenant, *pack };
}

static bool is_taken(const struct index_merge *m, size_t i)
{
	return !m->take || m->take[i];
}

/* ---- added packs ---- */

/* What the trailer claims holds when each part is among what is known. */
static int check_parts(const struct pack_scan *p, const struct hash_list *known, struct err *e)
{
	const struct hash_list *parts = &p->trailer.parts;

	for (size_t i = 0; i < parts->n; i++) {
		char hex[HASH128_HEX + 1];

		if (hash128_among(known->v, known->n, &parts->v[i]))
			continue;
		hash128_hex(&parts->v[i], hex);
		return err_set(e, ERR_CORRUPT, "'%s': its part %s is not there", p->path, hex);
	}
	return 0;
}

/* The packs that live files know of, and the added ones. */
static int known_packs(const struct index_merge *m, struct hash_list *ret, struct err *e)
{
	if (live_known_packs(m->live, ret, e) < 0)
		return -1;
	ret->v = mem_realloc(ret->v, (ret->n + m->n_added + 1) * sizeof(*ret->v));
	for (size_t i = 0; i < m->n_added; i++)
		ret->v[ret->n++] = m->added[i];
	ret->n = hash128_sort(ret->v, ret->n);
	return 0;
}

/* Reads their trailers, and fills m->out. */
static int open_added(struct merging *g, struct err *e)
{
	const struct index_merge *m = g->m;
	struct hash_list known = { 0 };
	size_t cap = 0;
	int rc = known_packs(m, &known, e);

	for (size_t i = 0; i < m->n_added && rc == 0; i++) {
		struct store_name sn = pack_name(m, &m->added[i]);
		struct pack_scan *p = &g->scan[i];
		const struct hash_list *old;

		rc = pack_scan_open(m->store, &sn, p, e);
		pack_scan_rest(p);
		if (rc == 0)
			rc = check_parts(p, &known, e);
		old = &p->trailer.replaced;
		mem_grow(&g->out.v, &cap, g->out.n + old->n + 1, sizeof(*g->out.v));
		for (size_t k = 0; rc == 0 && k < old->n; k++)
			g->out.v[g->out.n++] = old->v[k];
		if (rc == 0) /* a live file may name it already: it is added once */
			g->out.v[g->out.n++] = m->added[i];
	}
	g->out.n = hash128_sort(g->out.v, g->out.n);
	free(known.v);
	return rc;
}

static int add_added(struct merging *g, struct err *e)
{
	const struct index_merge *m = g->m;

	for (size_t i = 0; i < m->n_added; i++) {
		struct store_name sn = pack_name(m, &m->added[i]);
		const struct pack_trailer *t = &g->scan[i].trailer;

		if (pack_scan_into(&g->scan[i], m->store, &sn, g->w, e) < 0)
			return -1;
		for (size_t k = 0; k < t->segments.n; k++)
			index_writer_replaces(g->w, INDEX_SEGMENTS, &t->segments.v[k]);
		for (size_t k = 0; k < t->replaced.n; k++)
			index_writer_replaces(g->w, INDEX_OLD_PACKS, &t->replaced.v[k]);
		common_deletes_add(&g->deletes, t->deletes, t->n_deletes);
	}
	return 0;
}

/* ---- files that are taken ---- */

static int inherit(struct merging *g, struct index *ix, struct err *e)
{
	const struct index_info *in = index_info(ix);
	const uint32_t n[] = { [INDEX_SEGMENTS] = in->n_segments,
			       [INDEX_INDEXES] = in->n_indexes,
			       [INDEX_OLD_PACKS] = in->n_old_packs };

	index_writer_replaces(g->w, INDEX_INDEXES, &in->name);
	for (int k = 0; k < 3; k++) {
		const struct hash128 *id;

		if (index_list(ix, (enum index_list)k, &id, e) < 0)
			return -1;
		for (uint32_t i = 0; i < n[k]; i++)
			index_writer_replaces(g->w, (enum index_list)k, &id[i]);
	}
	return 0;
}

/* Of rewritings also those of files that are not taken: who lacks them has not seen them. */
static int inherit_marks(struct merging *g, struct index *ix, struct err *e)
{
	const struct hash128 *old;
	struct hash_list marks;

	if (index_list(ix, INDEX_OLD_PACKS, &old, e) < 0)
		return err_wrap(e, "'%s'", index_label(ix));
	marks = rewriting_marks(old, index_info(ix)->n_old_packs);
	for (size_t i = 0; i < marks.n; i++)
		index_writer_replaces(g->w, INDEX_OLD_PACKS, &marks.v[i]);
	return 0;
}

static int inherit_deletes(struct index *ix, struct common_deletes *to, struct err *e)
{
	uint32_t n = index_info(ix)->n_deletes;
	struct bytes *v = mem_alloc((n + (size_t)1) * sizeof(*v));
	int rc = 0;

	for (uint32_t i = 0; i < n && rc == 0; i++)
		rc = index_delete_at(ix, i, &v[i], e);
	if (rc == 0)
		common_deletes_add(to, v, n);
	free(v);
	return rc;
}

/* Of each pack of a file that is taken, how many of its chunks are dropped. */
static int count_dropped(struct index *ix, const bool *drop, uint32_t *ret, struct err *e)
{
	for (uint32_t i = 0; i < index_info(ix)->n_chunks; i++) {
		struct index_chunk c;

		if (!drop[i])
			continue;
		if (index_chunk_at(ix, i, &c, e) < 0)
			return -1;
		ret[c.pack]++;
	}
	return 0;
}

static bool is_gone(const struct index_merge *m, const struct hash128 *pack)
{
	return m->gone && hash128_cmp(m->gone, pack) == 0;
}

/* Which packs of a file that is taken are left out; some are because all their chunks are dropped.
 */
static int find_skipped(struct merging *g, size_t i, const bool *drop, bool *ret_skip,
			bool *ret_any, struct err *e)
{
	struct index *ix = g->m->live->v[i];
	uint32_t n = index_info(ix)->n_packs;
	uint32_t *dropped = mem_alloc((n + (size_t)1) * sizeof(*dropped));
	int rc = drop ? count_dropped(ix, drop, dropped, e) : 0;

	for (uint32_t k = 0; k < n && rc == 0; k++) {
		struct index_pack p;

		rc = index_pack_at(ix, k, &p, e);
		ret_skip[k] = rc < 0 || g->m->live->skip_pack[i][k] ||
			      hash128_among(g->out.v, g->out.n, &p.name);
		if (rc < 0 || ret_skip[k])
			continue;
		ret_skip[k] =
			is_gone(g->m, &p.name) || (dropped[k] > 0 && dropped[k] == p.n_chunks);
		*ret_any = *ret_any || !ret_skip[k];
		if (dropped[k] > 0 || ret_skip[k])
			index_writer_thinned(g->w);
		if (ret_skip[k])
			index_writer_replaces(g->w, INDEX_OLD_PACKS, &p.name);
	}
	free(dropped);
	return rc;
}

static int add_taken(struct merging *g, size_t i, struct err *e)
{
	struct index *ix = g->m->live->v[i];
	uint32_t n = index_info(ix)->n_packs;
	bool *skip = mem_alloc((n + (size_t)1) * sizeof(*skip));
	struct index_leave leave = { .pack = skip, .chunk = g->m->drop ? g->m->drop[i] : NULL };
	bool any = false;
	int rc = find_skipped(g, i, leave.chunk, skip, &any, e);

	if (index_info(ix)->thinned)
		index_writer_thinned(g->w);
	if (rc == 0)
		rc = inherit(g, ix, e);
	if (rc == 0)
		rc = inherit_deletes(ix, &g->taken, e);
	if (rc == 0 && any)
		rc = inherit_deletes(ix, &g->deletes, e);
	if (rc < 0)
		err_wrap(e, "'%s'", index_label(ix));
	else if (any)
		rc = index_writer_add_index(g->w, ix, &leave, e);
	g->any = g->any || any;
	free(skip);
	return rc;
}

/* ---- the whole ---- */

/* What others have made of them meanwhile would be there a second time. Where this is not seen, as
 * they commit at the same moment, readers' rules decide. */
static int check_live(const struct index_merge *m, struct err *e)
{
	int rc = live_is_still(m->store, m->tenant, m->day, m->live, m->take, e);

	if (rc == 0)
		return err_set(e, ERR_AGAIN, "others have replaced index files meanwhile");
	return rc < 0 ? -1 : 0;
}

/* Who deletes takes index files before packs: what these name is then still there. */
static int check_taken(const struct index_merge *m, struct err *e)
{
	struct dated there = { 0 };
	int rc = dated_list(m->store, STORE_INDEX, m->tenant, m->day, &there, e);

	for (size_t i = 0; i < m->live->n && rc == 0; i++)
		if (is_taken(m, i) && !dated_find(&there, &index_info(m->live->v[i])->name))
			rc = err_set(e, ERR_AGAIN, "'%s': deleted since it was read",
				     index_label(m->live->v[i]));
	dated_release(&there);
	return rc;
}

static int commit(const struct index_merge *m, enum index_merge_mode mode, struct bytes file,
		  struct hash128 *ret_hash, struct buf *ret_name, struct err *e)
{
	struct store_name sn = { STORE_INDEX, m->day, m->tenant, hash128(file) };
	struct buf folder = { 0 };
	int rc = 0;

	store_folder_add(&folder, STORE_INDEX, m->tenant, m->day);
	if (mode == INDEX_MERGE_WRITE)
		rc = check_live(m, e) < 0 ? -1 : check_taken(m, e);
	if (mode == INDEX_MERGE_WRITE && rc == 0)
		rc = store_put_bytes(m->store, buf_str(&folder), store_suffix(STORE_INDEX), file,
				     &sn.hash, NULL, e);
	buf_release(&folder);
	if (rc < 0)
		return -1;
	*ret_hash = sn.hash;
	if (ret_name)
		store_name_add(ret_name, &sn);
	return 0;
}

int index_merge(const struct index_merge *m, enum index_merge_mode mode, struct hash128 *ret_hash,
		struct buf *ret_name, struct err *e)
{
	struct merging g = { .m = m, .w = index_writer_new(m->tenant, m->day) };
	struct common_deletes *deletes;
	struct buf file = { 0 };
	int rc;

	index_writer_compress(g.w);
	g.scan = mem_alloc((m->n_added + 1) * sizeof(*g.scan));
	rc = open_added(&g, e);
	for (size_t i = 0; i < m->live->n && rc == 0; i++)
		rc = is_taken(m, i) ? add_taken(&g, i, e) : inherit_marks(&g, m->live->v[i], e);
	if (rc == 0)
		rc = add_added(&g, e);
	deletes = g.any || m->n_added ? &g.deletes : &g.taken;
	common_deletes_also(deletes, m->applied, m->n_applied);
	for (size_t i = 0; i < deletes->n && rc == 0; i++)
		index_writer_delete(g.w, deletes->v[i]);
	if (rc == 0)
		rc = index_writer_finish(g.w, &file, e);
	if (rc == 0)
		rc = commit(m, mode, buf_bytes(&file), ret_hash, ret_name, e);
	for (size_t i = 0; i < m->n_added; i++)
		pack_scan_close(&g.scan[i]);
	free(g.scan);
	free(g.out.v);
	common_deletes_release(&g.deletes);
	common_deletes_release(&g.taken);
	index_writer_free(g.w);
	buf_release(&file);
	return rc;
}
