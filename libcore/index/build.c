/*
 * The builder works tenant by tenant and day by day, so that memory holds the trailers and index
 * rows of one day. A pack that turns out to be damaged after its group was planned makes the group
 * be planned again without it: what it was a part of must not be said to be covered.
 */
#include "index/build.h"

#include <stdlib.h>

#include "base/mem.h"
#include "index/deletes.h"
#include "index/scan.h"
#include "index/select.h"
#include "index/sweep.h"
#include "time/time.h"

struct group {
	struct store *s;
	const struct build_events *ev;
	struct bytes tenant;
	int32_t day;
	struct pack_scan *scan;
	struct select_pack *pack;
	size_t n;
	int64_t n_faults;
	struct hash128 made[2]; /* the index files of this group */
	size_t n_made;
};

static void tell_fault(struct group *g, const struct err *e)
{
	g->n_faults++;
	if (g->ev->fault)
		g->ev->fault(e, g->ev->data);
}

static void open_packs(struct group *g, const struct store_name *names, size_t n)
{
	g->scan = mem_alloc((n + 1) * sizeof(*g->scan));
	g->pack = mem_alloc((n + 1) * sizeof(*g->pack));
	for (size_t i = 0; i < n; i++) {
		struct err e = { 0 };

		if (pack_scan_open(g->s, &names[i], &g->scan[g->n], &e) < 0) {
			tell_fault(g, &e);
			continue;
		}
		pack_scan_rest(&g->scan[g->n]);
		g->pack[g->n] = (struct select_pack){
			.name = names[i].hash,
			.trailer = &g->scan[g->n].trailer,
			.usable = true,
		};
		g->n++;
	}
}

static void close_packs(struct group *g)
{
	for (size_t i = 0; i < g->n; i++)
		pack_scan_close(&g->scan[i]);
	free(g->scan);
	free(g->pack);
}

/* 0; 1 when the pack cannot be used (told, and marked); -1. */
static int add_pack(struct group *g, size_t i, struct index_writer *w, struct err *e)
{
	struct store_name sn = { STORE_PACK, g->day, g->tenant, g->pack[i].name };
	struct err why = { 0 };

	if (pack_scan_into(&g->scan[i], g->s, &sn, w, &why) == 0)
		return 0;
	if (why.code == ERR_IO || why.code == ERR_NOMEM) {
		*e = why;
		return -1;
	}
	tell_fault(g, &why);
	g->pack[i].usable = false;
	return 1;
}

/* An index lists a delete request only when all its packs have it applied. */
static void add_deletes(struct group *g, bool mixed, struct index_writer *w)
{
	struct common_deletes common = { 0 };

	for (size_t i = 0; i < g->n; i++)
		if (mixed ? g->pack[i].in_mixed : g->pack[i].in_whole)
			common_deletes_add(&common, g->pack[i].trailer->deletes,
					   g->pack[i].trailer->n_deletes);
	for (size_t i = 0; i < common.n; i++)
		index_writer_delete(w, common.v[i]);
	common_deletes_release(&common);
}

static void add_replaces(const struct select_pack *p, struct index_writer *w)
{
	for (size_t i = 0; i < p->trailer->segments.n; i++)
		index_writer_replaces(w, INDEX_SEGMENTS, &p->trailer->segments.v[i]);
	for (size_t i = 0; i < p->trailer->replaced.n; i++)
		index_writer_replaces(w, INDEX_OLD_PACKS, &p->trailer->replaced.v[i]);
}

static int commit(struct group *g, struct index_writer *w, struct err *e)
{
	struct buf file = { 0 }, folder = { 0 }, name = { 0 };
	struct hash128 hash;
	int rc = index_writer_finish(w, &file, e);

	store_folder_add(&folder, STORE_INDEX, g->tenant, g->day);
	if (rc == 0)
		rc = store_put_bytes(g->s, buf_str(&folder), store_suffix(STORE_INDEX),
				     buf_bytes(&file), &hash, &name, e);
	if (rc == 0) {
		g->made[g->n_made++] = hash;
		if (g->ev->made) {
			struct index *ix = index_open(buf_bytes(&file), buf_str(&name), e);

			rc = ix ? 0 : -1;
			if (ix)
				g->ev->made(buf_str(&name), index_info(ix), g->ev->data);
			index_close(ix);
		}
	}
	buf_release(&file);
	buf_release(&folder);
	buf_release(&name);
	return rc;
}

/* One of the two index files of the group: 0, 1 when a pack could not be used, -1. */
static int write_index(struct group *g, bool mixed, struct err *e)
{
	struct index_writer *w = index_writer_new(g->tenant, g->day);
	bool provenance = false, any = false;
	int rc = 0;

	for (size_t i = 0; i < g->n && rc == 0; i++) {
		const struct select_pack *p = &g->pack[i];

		if (!(mixed ? p->in_mixed : p->in_whole))
			continue;
		any = true;
		rc = add_pack(g, i, w, e);
		if (rc == 0 && p->counts && p->trailer->mixed == mixed) {
			add_replaces(p, w);
			provenance = true;
		}
	}
	if (rc == 0 && any) {
		if (mixed && provenance)
			index_writer_mixed(w);
		add_deletes(g, mixed, w);
		rc = commit(g, w, e);
	}
	index_writer_free(w);
	return rc;
}

static int build_group(struct group *g, const struct store_name *names, size_t n, struct err *e)
{
	int rc = 0;

	open_packs(g, names, n);
	do {
		g->n_made = 0;
		select_packs(g->pack, g->n);
		rc = write_index(g, false, e);
		if (rc == 0)
			rc = write_index(g, true, e);
	} while (rc == 1);
	close_packs(g);
	return rc;
}

static int cmp_names(const void *pa, const void *pb)
{
	const struct store_name *a = pa, *b = pb;
	int c = bytes_cmp(a->tenant, b->tenant);

	if (c)
		return c;
	if (a->day != b->day)
		return a->day < b->day ? -1 : 1;
	return hash128_cmp(&a->hash, &b->hash);
}

static bool same_group(const struct store_name *a, const struct store_name *b)
{
	return a->day == b->day && bytes_eq(a->tenant, b->tenant);
}

int64_t index_build(struct store *s, const struct store_name *names, size_t n,
		    const struct build_events *ev, struct err *e)
{
	struct store_name *v = mem_alloc((n + 1) * sizeof(*v));
	int64_t n_faults = 0;
	size_t all = 0;

	if (n) {
		memcpy(v, names, n * sizeof(*v));
		qsort(v, n, sizeof(*v), cmp_names);
	}
	for (size_t i = 0; i < n; i++)
		if (all == 0 || cmp_names(&v[all - 1], &v[i]) != 0)
			v[all++] = v[i];
	for (size_t i = 0, end; i < all; i = end) {
		struct group g = { .s = s, .ev = ev, .tenant = v[i].tenant, .day = v[i].day };

		for (end = i + 1; end < all && same_group(&v[i], &v[end]);)
			end++;
		if (build_group(&g, v + i, end - i, e) < 0) {
			free(v);
			return -1;
		}
		n_faults += g.n_faults;
	}
	free(v);
	return n_faults;
}

/* ---- rebuild ---- */

struct name_list {
	struct arena *mem;
	enum store_kind kind;
	struct store_name *v;
	size_t n, cap;
};

static int add_name(const char *name, uint64_t size, void *data, struct err *e)
{
	struct name_list *l = data;
	struct store_name sn;

	(void)size;
	(void)e;
	if (store_name_parse(arena_copy(l->mem, bytes_str(name)), &sn, NULL) < 0 ||
	    sn.kind != l->kind)
		return 0; /* not ours: left alone */
	mem_grow(&l->v, &l->cap, l->n + 1, sizeof(*l->v));
	l->v[l->n++] = sn;
	return 0;
}

static int list_all(struct store *s, enum store_kind kind, struct bytes tenant, struct arena *mem,
		    struct name_list *ret, struct err *e)
{
	struct buf folder = { 0 };
	int rc;

	*ret = (struct name_list){ .mem = mem, .kind = kind };
	store_folder_add_all(&folder, kind, tenant);
	rc = store_sweep(s, buf_str(&folder), e);
	if (rc == 0)
		rc = store_list(s, buf_str(&folder), add_name, ret, e);
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), cmp_names);
	buf_release(&folder);
	return rc;
}

/* The packs of the day, and those that the new index files say were replaced: ascending, *ret to be
 * freed. */
static int known_packs(struct group *g, const struct store_name *packs, size_t n,
		       struct hash_list *ret, struct err *e)
{
	struct buf name = { 0 };
	size_t cap = 0;
	int rc = 0;

	mem_grow(&ret->v, &cap, n + 1, sizeof(*ret->v));
	for (size_t i = 0; i < n; i++)
		ret->v[ret->n++] = packs[i].hash;
	for (size_t i = 0; i < g->n_made && rc == 0; i++) {
		struct store_name sn = { STORE_INDEX, g->day, g->tenant, g->made[i] };
		const struct hash128 *v;
		struct index *ix;

		buf_reset(&name);
		store_name_add(&name, &sn);
		ix = index_load(g->s, buf_str(&name), e);
		rc = ix ? index_list(ix, INDEX_OLD_PACKS, &v, e) : -1;
		for (uint32_t k = 0; rc == 0 && k < index_info(ix)->n_old_packs; k++) {
			mem_grow(&ret->v, &cap, ret->n + 1, sizeof(*ret->v));
			ret->v[ret->n++] = v[k];
		}
		index_close(ix);
	}
	ret->n = hash128_sort(ret->v, ret->n);
	buf_release(&name);
	return rc;
}

/* Without any pack of the day the disk that has them may not be mounted, or not be restored yet:
 * its index files are then the last trace of them. */
enum missing { MISSING_SOME, MISSING_ALL };

/* Each pack that an old index file names is to be there, or replaced: else what it held is lost,
 * and a fault. A file that cannot be read says nothing. */
static void check_old(struct group *g, const struct store_name *old, const struct hash_list *known,
		      enum missing missing)
{
	struct buf name = { 0 };
	struct index *ix;
	struct err e;

	store_name_add(&name, old);
	ix = index_load(g->s, buf_str(&name), &e);
	for (uint32_t i = 0; ix && i < index_info(ix)->n_packs; i++) {
		char hex[HASH128_HEX + 1];
		struct index_pack p;

		if (index_pack_at(ix, i, &p, &e) < 0 || hash128_among(known->v, known->n, &p.name))
			continue;
		hash128_hex(&p.name, hex);
		if (missing == MISSING_SOME)
			err_set(&e, ERR_CORRUPT, "'%s/%s': pack %s is missing; the file is deleted",
				store_path_of(g->s, buf_str(&name)), buf_str(&name), hex);
		else
			err_set(&e, ERR_CORRUPT,
				"'%s/%s': pack %s is missing, as all packs of its tenant and day "
				"are; the file is kept",
				store_path_of(g->s, buf_str(&name)), buf_str(&name), hex);
		tell_fault(g, &e);
	}
	index_close(ix);
	buf_release(&name);
}

/* Deletes those of the old index files that are not among the new ones. */
static int delete_old(struct group *g, const struct store_name *old, size_t n, struct err *e)
{
	struct buf name = { 0 };
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		bool kept = false;

		for (size_t k = 0; k < g->n_made; k++)
			kept = kept || hash128_cmp(&g->made[k], &old[i].hash) == 0;
		if (kept)
			continue;
		buf_reset(&name);
		store_name_add(&name, &old[i]);
		rc = store_delete(g->s, buf_str(&name), e);
		if (rc == 0 && g->ev->deleted)
			g->ev->deleted(buf_str(&name), g->ev->data);
	}
	buf_release(&name);
	return rc;
}

/* Those of the day, from *at on, which is moved behind them. */
static size_t take_day(const struct name_list *l, size_t *at, int32_t day)
{
	size_t start = *at;

	while (*at < l->n && l->v[*at].day == day)
		(*at)++;
	return *at - start;
}

/* Others may have deleted what was made, where the lock was lost: then the old ones are all there
 * is. */
static bool are_there(struct group *g)
{
	struct buf name = { 0 };
	bool ret = true;

	for (size_t i = 0; i < g->n_made && ret; i++) {
		struct store_name sn = { STORE_INDEX, g->day, g->tenant, g->made[i] };
		struct err e = { 0 };
		int rc;

		buf_reset(&name);
		store_name_add(&name, &sn);
		rc = store_has(g->s, buf_str(&name), NULL, &e);
		if (rc == 0)
			err_set(&e, ERR_AGAIN, "'%s/%s': deleted by others since it was made",
				store_path_of(g->s, buf_str(&name)), buf_str(&name));
		if (rc <= 0)
			tell_fault(g, &e);
		ret = rc > 0;
	}
	buf_release(&name);
	return ret;
}

/* What is there of a day. */
struct rebuild_day {
	const struct store_name *old, *pack;
	size_t n_old, n_packs;
};

static int rebuild_group(struct group *g, const struct rebuild_day *d, struct err *e)
{
	const enum missing missing = d->n_packs == 0 ? MISSING_ALL : MISSING_SOME;
	struct hash_list known = { 0 };
	int rc = build_group(g, d->pack, d->n_packs, e);

	if (rc < 0 || g->n_faults)
		return rc;
	rc = known_packs(g, d->pack, d->n_packs, &known, e);
	for (size_t i = 0; rc == 0 && i < d->n_old; i++)
		check_old(g, &d->old[i], &known, missing);
	free(known.v);
	if (rc == 0 && (missing == MISSING_SOME || g->n_faults == 0) && are_there(g))
		rc = delete_old(g, d->old, d->n_old, e);
	return rc;
}

/* Who deletes what index files have replaced might take a new one for replaced by an old one, and
 * both would be gone. */
static int rebuild_locked(struct group *g, const struct rebuild_day *d, struct err *e)
{
	struct err why = { 0 };
	struct store_lock *lock = index_lock(g->s, g->tenant, g->day, &why);
	int rc;

	if (!lock && why.code == ERR_AGAIN) {
		err_wrap(&why, "a compaction or a repair is at work, and its day is left as it is");
		tell_fault(g, &why);
		return 0;
	}
	if (!lock) {
		*e = why;
		return -1;
	}
	rc = rebuild_group(g, d, e);
	store_unlock(lock);
	return rc;
}

int64_t index_rebuild(struct store *s, struct bytes tenant, const struct build_events *ev,
		      struct err *e)
{
	struct arena mem = { 0 };
	struct name_list old = { 0 }, packs = { 0 };
	size_t o = 0, p = 0;
	int64_t n_faults = 0;
	int rc;

	/* Index files first: a pack is there before the index that names it, so what a racing flush
	 * commits is either not in our list of what to delete, or its packs are in the other. */
	rc = list_all(s, STORE_INDEX, tenant, &mem, &old, e);
	if (rc == 0)
		rc = list_all(s, STORE_PACK, tenant, &mem, &packs, e);
	while (rc == 0 && (o < old.n || p < packs.n)) {
		struct group g = { .s = s, .ev = ev, .tenant = tenant };
		struct rebuild_day d = { .old = old.v + o, .pack = packs.v + p };

		g.day = p == packs.n || (o < old.n && old.v[o].day < packs.v[p].day)
				? old.v[o].day
				: packs.v[p].day;
		d.n_old = take_day(&old, &o, g.day);
		d.n_packs = take_day(&packs, &p, g.day);
		rc = rebuild_locked(&g, &d, e);
		n_faults += g.n_faults;
	}
	free(old.v);
	free(packs.v);
	arena_release(&mem);
	return rc < 0 ? -1 : n_faults;
}
