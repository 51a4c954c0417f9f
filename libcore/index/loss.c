#include "index/loss.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"
#include "index/live.h"
#include "index/naming.h"
#include "time/time.h"

void loss_add(struct loss *l, uint64_t entries, uint64_t line_bytes, int64_t min_ts, int64_t max_ts)
{
	if (l->entries == 0 || min_ts < l->min_ts)
		l->min_ts = min_ts;
	if (l->entries == 0 || max_ts > l->max_ts)
		l->max_ts = max_ts;
	l->entries += entries;
	l->line_bytes += line_bytes;
}

void loss_add_text(const struct loss *l, struct buf *b)
{
	num_add_count(b, l->entries, "entry", "entries");
	buf_addf(b, ", %" PRIu64 " %s of lines, from ", l->line_bytes,
		 num_word(l->line_bytes, "byte", "bytes"));
	time_add_rfc3339(b, l->min_ts);
	buf_add_str(b, " to ");
	time_add_rfc3339(b, l->max_ts);
}

/* ---- blocks that were kept ---- */

void kept_blocks_add(struct kept_blocks *k, uint64_t off)
{
	mem_grow(&k->v, &k->cap, k->n + 1, sizeof(*k->v));
	k->v[k->n++] = off;
}

void kept_blocks_release(struct kept_blocks *k)
{
	free(k->v);
	*k = (struct kept_blocks){ 0 };
}

static int by_offset(const void *pa, const void *pb)
{
	uint64_t a = *(const uint64_t *)pa, b = *(const uint64_t *)pb;

	return (a > b) - (a < b);
}

bool kept_blocks_has(const struct kept_blocks *k, uint64_t off)
{
	return k->n && bsearch(&off, k->v, k->n, sizeof(off), by_offset);
}

/* ---- what index files tell of a pack ---- */

static int add_chunk(struct index *ix, const struct index_chunk *c, const struct kept_blocks *kept,
		     struct loss *l)
{
	for (uint32_t k = 0; k < c->n_blocks; k++) {
		struct index_block b;

		if (index_block_at(ix, c, k, &b, NULL) < 0)
			return -1;
		if (!kept_blocks_has(kept, c->offset + b.offset))
			loss_add(l, b.entries, b.line_bytes, b.min_ts, b.max_ts);
	}
	return 0;
}

/* -1: it cannot be read so far. */
static int add_pack(struct index *ix, uint32_t pack, const struct kept_blocks *kept, struct loss *l)
{
	for (uint32_t i = 0; i < index_info(ix)->n_chunks; i++) {
		struct index_chunk c;

		if (index_chunk_at(ix, i, &c, NULL) < 0 ||
		    (c.pack == pack && add_chunk(ix, &c, kept, l) < 0))
			return -1;
	}
	return 0;
}

struct looking {
	const struct kept_blocks *kept;
	bool found;
	struct loss loss;
};

/* Of several the one that knows of the least: what it lacks had expired. */
static void look_at(struct index *ix, uint32_t pack, void *data)
{
	struct looking *l = data;
	struct pack_bundles bundles;
	struct loss loss = { 0 };
	struct arena mem = { 0 };
	int rc = index_pack_bundles(ix, pack, &mem, &bundles, NULL);

	arena_release(&mem);
	if (rc < 0) /* where chunks lay is not sure without them */
		return;
	if (add_pack(ix, pack, l->kept, &loss) < 0 || (l->found && loss.entries >= l->loss.entries))
		return;
	l->found = true;
	l->loss = loss;
}

int loss_of_pack(struct store *s, const struct store_name *pack, const struct kept_blocks *kept,
		 struct loss *ret, struct err *e)
{
	struct looking l = { .kept = kept };

	if (naming_each(s, pack, look_at, &l, e) < 0)
		return -1;
	*ret = l.loss;
	return l.found;
}

/* ---- what counts again ---- */

struct regaining {
	struct store *s;
	struct bytes tenant;
	int32_t day;
	struct hash_list without, old; /* what goes; the packs that it replaced: ascending */
	size_t cap_without, cap_old;
};

static void add_old(struct regaining *g, struct index *ix)
{
	const struct hash128 *old;
	uint32_t n = index_info(ix)->n_old_packs;

	if (n == 0 || index_list(ix, INDEX_OLD_PACKS, &old, NULL) < 0)
		return; /* what is damaged says nothing */
	mem_grow(&g->old.v, &g->cap_old, g->old.n + n, sizeof(*g->old.v));
	memcpy(g->old.v + g->old.n, old, n * sizeof(*old));
	g->old.n = hash128_sort(g->old.v, g->old.n + n);
}

static void add_without(struct regaining *g, const struct hash128 *name)
{
	mem_grow(&g->without.v, &g->cap_without, g->without.n + 1, sizeof(*g->without.v));
	g->without.v[g->without.n++] = *name;
	g->without.n = hash128_sort(g->without.v, g->without.n);
}

static int begin(struct regaining *g, const struct hash_list *without, struct err *e)
{
	for (size_t i = 0; i < without->n; i++) {
		const struct store_name sn = { STORE_INDEX, g->day, g->tenant, without->v[i] };
		struct buf name = { 0 };
		struct err why = { 0 };
		struct index *ix;

		add_without(g, &without->v[i]);
		store_name_add(&name, &sn);
		ix = index_load(g->s, buf_str(&name), &why);
		buf_release(&name);
		if (!ix && (why.code == ERR_IO || why.code == ERR_AGAIN))
			return err_set(e, why.code, "%s", why.msg);
		if (ix)
			add_old(g, ix);
		index_close(ix);
	}
	return 0;
}

/* 1 all packs that are to be read of it are there, 0, -1. */
static int is_whole(struct regaining *g, const struct live *l, size_t i, struct err *e)
{
	int rc = 1;

	for (uint32_t k = 0; k < index_info(l->v[i])->n_packs && rc == 1; k++) {
		struct store_name sn = { STORE_PACK, g->day, g->tenant, { { 0 } } };
		struct buf name = { 0 };
		struct index_pack p;

		if (l->skip_pack[i][k])
			continue;
		if (index_pack_at(l->v[i], k, &p, NULL) < 0)
			return 0;
		sn.hash = p.name;
		store_name_add(&name, &sn);
		rc = store_has(g->s, buf_str(&name), NULL, e);
		buf_release(&name);
	}
	return rc;
}

/* 1 some of those that would count then go, too; 0, -1. */
static int drop_broken(struct regaining *g, const struct live *l, struct err *e)
{
	int any = 0;

	for (size_t i = 0; i < l->n; i++) {
		int rc = is_whole(g, l, i, e);

		if (rc < 0)
			return -1;
		if (rc == 1)
			continue;
		add_old(g, l->v[i]);
		add_without(g, &index_info(l->v[i])->name);
		any = 1;
	}
	return any;
}

static uint64_t count(const struct regaining *g, const struct live *l)
{
	uint64_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		for (uint32_t k = 0; k < index_info(l->v[i])->n_packs; k++) {
			struct index_pack p;

			if (!l->skip_pack[i][k] && index_pack_at(l->v[i], k, &p, NULL) == 0 &&
			    hash128_among(g->old.v, g->old.n, &p.name))
				n += p.entries;
		}
	return n;
}

int loss_regained(struct store *s, struct bytes tenant, int32_t day,
		  const struct hash_list *without, uint64_t *ret_entries, struct err *e)
{
	struct regaining g = { .s = s, .tenant = tenant, .day = day };
	int rc = begin(&g, without, e);
	bool again = rc == 0;

	while (again) {
		struct live l = { 0 };

		rc = live_load_without(s, tenant, day, &g.without, &l, e);
		if (rc == 0)
			rc = drop_broken(&g, &l, e);
		again = rc == 1;
		if (rc == 0)
			*ret_entries = count(&g, &l);
		live_release(&l);
	}
	free(g.without.v);
	free(g.old.v);
	return rc;
}
