#include "index/look.h"

#include <stdlib.h>

#include "base/io.h"
#include "base/map.h"
#include "base/num.h"
#include "index/check.h"
#include "index/scan.h"
#include "labels/labels.h"
#include "store/names.h"
#include "store/store.h"

/* Faults of one file: the calls that find them know only the place inside. */
struct place {
	struct index_look *l;
	struct index *ix;
};

static void on_fault(const struct err *e, void *data)
{
	const struct place *p = data;
	struct err full = *e;

	err_wrap(&full, "'%s'", index_label(p->ix));
	p->l->fault(&full, p->l->data);
}

static int print_stats(struct index_look *l, struct err *e)
{
	struct buf out = { 0 };
	int rc;

	if (!l->stats)
		return 0;
	index_stats_print(l->stats, buf_bytes(&l->tenant), l->n_largest, &out);
	rc = l->sink(buf_bytes(&out), l->data, e);
	index_stats_free(l->stats);
	l->stats = NULL;
	buf_release(&out);
	return rc;
}

static int add_stats(struct index_look *l, struct index *ix, const bool *skip_pack, struct err *e)
{
	struct place place = { l, ix };
	struct bytes tenant = index_info(ix)->tenant;
	struct err why;

	if (l->stats && !bytes_eq(buf_bytes(&l->tenant), tenant) &&
	    (print_stats(l, e) < 0 || l->sink(BYTES_LIT("\n"), l->data, e) < 0))
		return -1;
	if (!l->stats) {
		l->stats = index_stats_new();
		buf_reset(&l->tenant);
		buf_add_bytes(&l->tenant, tenant);
	}
	if (index_stats_add(l->stats, ix, skip_pack, &why) < 0)
		on_fault(&why, &place);
	return 0;
}

/* s and beside are NULL for a file that is looked at alone. */
static int look(struct index_look *l, struct store *s, struct index *ix,
		const struct index_beside *beside, struct err *e)
{
	struct place place = { l, ix };
	struct err why;

	switch (l->what) {
	case INDEX_LOOK_DUMP:
		if (index_dump(ix, l->sink, l->data, &why) == 0)
			break;
		if (why.code != ERR_CORRUPT) {
			*e = why;
			return -1;
		}
		on_fault(&why, &place);
		break;
	case INDEX_LOOK_STATS:
		return add_stats(l, ix, beside ? beside->skip_pack : NULL, e);
	case INDEX_LOOK_VERIFY:
		if (index_check(s, ix, beside, on_fault, &place) == 0)
			l->right(index_label(ix), l->data);
		break;
	}
	return 0;
}

int index_look_file(struct index_look *l, const char *path, struct err *e)
{
	struct io_map map;
	struct index *ix;
	struct err why;
	int rc = 0;

	if (io_map(path, &map, &why) < 0) {
		l->fault(&why, l->data);
		return 0;
	}
	ix = index_open(map.b, path, &why);
	if (ix)
		rc = look(l, NULL, ix, NULL, e);
	else
		l->fault(&why, l->data);
	index_close(ix);
	io_unmap(&map);
	return rc;
}

/* What is obsolete may be deleted at any moment. */
static int look_at_obsolete(struct index_look *l, struct store *s, const struct store_name *name,
			    struct err *e)
{
	struct buf text = { 0 };
	struct index *ix;
	struct err why = { 0 };
	int rc = 0;

	store_name_add(&text, name);
	ix = index_load(s, buf_str(&text), &why);
	if (ix)
		rc = look(l, NULL, ix, NULL, e);
	else if (why.code != ERR_NO)
		l->fault(&why, l->data);
	index_close(ix);
	buf_release(&text);
	return rc;
}

struct walk {
	struct index_look *l;
	struct store *s;
	struct bytes tenant; /* empty: all */
	struct arena names;
	struct map packs;   /* that an index file names */
	struct map covered; /* day, tenant and segment, as key_of: that one replaces */
	uint64_t n_unnamed; /* of a tenant; not those of the next line */
	uint64_t n_leftovers;
};

static void add_named(struct walk *w, const struct hash128 *name)
{
	struct bytes key = bytes_of(name->b, sizeof(name->b));
	uint64_t h = hash64(key);

	if (map_get(&w->packs, h, key) == MAP_NONE)
		map_put(&w->packs, h, arena_copy(&w->names, key), 0);
}

static void key_of(struct bytes tenant, int32_t day, const struct hash128 *segment, struct buf *b)
{
	buf_reset(b);
	buf_add(b, &day, sizeof(day));
	buf_add(b, segment->b, sizeof(segment->b));
	buf_add_bytes(b, tenant);
}

static void add_covered(struct walk *w, struct index *ix)
{
	const struct index_info *in = index_info(ix);
	const struct hash128 *id;
	struct buf key = { 0 };

	if (index_list(ix, INDEX_SEGMENTS, &id, NULL) < 0)
		return;
	for (uint32_t i = 0; i < in->n_segments; i++) {
		uint64_t h;

		key_of(in->tenant, in->day, &id[i], &key);
		h = hash64(buf_bytes(&key));
		if (map_get(&w->covered, h, buf_bytes(&key)) == MAP_NONE)
			map_put(&w->covered, h, arena_copy(&w->names, buf_bytes(&key)), 0);
	}
	buf_release(&key);
}

/* What cannot be read was told. */
static void add_packs(struct walk *w, struct index *ix)
{
	const struct index_info *in = index_info(ix);
	const struct hash128 *old;
	struct index_pack p;

	for (uint32_t i = 0; i < in->n_packs && index_pack_at(ix, i, &p, NULL) == 0; i++)
		add_named(w, &p.name);
	if (index_list(ix, INDEX_OLD_PACKS, &old, NULL) == 0)
		for (uint32_t i = 0; i < in->n_old_packs; i++)
			add_named(w, &old[i]);
}

static bool is_named(struct walk *w, const struct hash128 *pack)
{
	struct bytes key = bytes_of(pack->b, sizeof(pack->b));

	return map_get(&w->packs, hash64(key), key) != MAP_NONE;
}

/* Is it all of packs that index files know of? */
static bool is_leftover(struct walk *w, const struct pack_trailer *t)
{
	for (size_t i = 0; i < t->sources.n; i++)
		if (!is_named(w, &t->sources.v[i]))
			return false;
	return t->sources.n > 0;
}

/* Is it of segments alone, all of which an index file covers with other packs? */
static bool is_superfluous(struct walk *w, const struct pack_trailer *t)
{
	struct buf key = { 0 };
	bool ret = !t->mixed && t->segments.n > 0 && t->replaced.n == 0;

	for (size_t i = 0; ret && i < t->segments.n; i++) {
		key_of(t->tenant, t->day, &t->segments.v[i], &key);
		ret = map_get(&w->covered, hash64(buf_bytes(&key)), buf_bytes(&key)) != MAP_NONE;
	}
	buf_release(&key);
	return ret;
}

static void warn(struct walk *w, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void warn(struct walk *w, const char *fmt, ...)
{
	struct buf text = { 0 };
	va_list va;

	va_start(va, fmt);
	buf_addv(&text, fmt, va);
	va_end(va);
	w->l->warn(buf_str(&text), w->l->data);
	buf_release(&text);
}

/* By its trailer. */
static void judge_unnamed(struct walk *w, const char *name, const struct store_name *sn)
{
	struct pack_scan scan;
	struct err why;

	if (pack_scan_open(w->s, sn, &scan, &why) < 0) {
		w->n_unnamed++; /* idxbuild --rebuild tells what is wrong with it */
		return;
	}
	if (is_leftover(w, &scan.trailer))
		w->n_leftovers++;
	else if (is_superfluous(w, &scan.trailer))
		warn(w,
		     "'%s/%s': superfluous, as after a flush that was broken off: other packs have "
		     "all its segments; delete it by hand",
		     store_path(w->s), name);
	else
		w->n_unnamed++;
	pack_scan_close(&scan);
}

static int count_unnamed(const char *name, uint64_t size, void *data, struct err *e)
{
	struct walk *w = data;
	struct store_name sn;

	(void)size;
	(void)e;
	if (store_name_parse(bytes_str(name), &sn, NULL) == 0 && sn.kind == STORE_PACK &&
	    !is_named(w, &sn.hash))
		judge_unnamed(w, name, &sn);
	return 0;
}

static void warn_of_packs(struct walk *w, struct bytes tenant)
{
	uint64_t n = w->n_unnamed;

	if (n)
		warn(w,
		     "tenant '%.*s': %llu %s in no index file: if no flush is under way, "
		     "idxbuild --rebuild adds %s",
		     BYTES_ARG(tenant), (unsigned long long)n, num_word(n, "pack is", "packs are"),
		     num_word(n, "it", "them"));
	n = w->n_leftovers;
	if (n)
		warn(w,
		     "tenant '%.*s': %llu %s in no index file and all of packs that are: if no "
		     "compaction is under way, one did not end, and idxbuild --compact deletes %s "
		     "after its delay",
		     BYTES_ARG(tenant), (unsigned long long)n, num_word(n, "pack is", "packs are"),
		     num_word(n, "it", "them"));
}

static int look_beside(const char *tenant, uint64_t size, void *data, struct err *e)
{
	struct walk *w = data;
	struct bytes t = bytes_str(tenant);
	struct buf folder = { 0 };
	uint64_t n_abandoned = 0;
	int rc;

	(void)size;
	if ((w->tenant.n && !bytes_eq(t, w->tenant)) || labels_check_tenant(t, NULL) < 0)
		return 0;
	w->n_unnamed = w->n_leftovers = 0;
	store_folder_add_all(&folder, STORE_PACK, t);
	rc = store_list(w->s, buf_str(&folder), count_unnamed, w, e);
	if (rc == 0)
		warn_of_packs(w, t);
	if (rc == 0 && w->l->what == INDEX_LOOK_VERIFY)
		rc = store_abandoned(w->s, buf_str(&folder), &n_abandoned, e);
	buf_reset(&folder);
	store_folder_add_all(&folder, STORE_INDEX, t);
	if (rc == 0 && w->l->what == INDEX_LOOK_VERIFY)
		rc = store_abandoned(w->s, buf_str(&folder), &n_abandoned, e);
	if (rc == 0 && n_abandoned)
		warn(w,
		     "tenant '%.*s': %llu %s left by writers that died: idxbuild --rebuild deletes "
		     "%s",
		     BYTES_ARG(t), (unsigned long long)n_abandoned,
		     num_word(n_abandoned, "*.tmp file is", "*.tmp files are"),
		     num_word(n_abandoned, "it", "them"));
	buf_release(&folder);
	return rc;
}

static int look_at_day(struct live *live, struct bytes tenant, int32_t day, void *data,
		       struct err *e)
{
	struct walk *w = data;
	struct index_beside beside;
	int rc = 0;

	for (size_t i = 0; i < live->n_faults; i++)
		w->l->fault(&live->faults[i].err, w->l->data);
	if (live_known_packs(live, &beside.known, e) < 0)
		return -1;
	for (size_t i = 0; i < live->n; i++) {
		add_packs(w, live->v[i]);
		add_covered(w, live->v[i]);
	}
	for (size_t i = 0; i < live->n && rc == 0; i++) {
		beside.skip_pack = live->skip_pack[i];
		rc = look(w->l, w->s, live->v[i], &beside, e);
	}
	free(beside.known.v);
	if (w->l->what != INDEX_LOOK_VERIFY)
		return rc;
	for (size_t i = 0; i < live->n_obsolete && rc == 0; i++) {
		struct store_name sn = { STORE_INDEX, day, tenant, live->obsolete[i] };

		rc = look_at_obsolete(w->l, w->s, &sn, e);
	}
	return rc;
}

int index_look_store(struct index_look *l, struct store *s, struct bytes tenant, struct err *e)
{
	struct walk w = { .l = l, .s = s, .tenant = tenant };
	int rc = live_each(s, tenant, look_at_day, &w, e);

	if (rc == 0 && l->what != INDEX_LOOK_DUMP)
		rc = store_list_folders(s, "", look_beside, &w, e);
	map_release(&w.packs);
	map_release(&w.covered);
	arena_release(&w.names);
	return rc;
}

int index_look_end(struct index_look *l, struct err *e)
{
	int rc = print_stats(l, e);

	index_stats_free(l->stats);
	buf_release(&l->tenant);
	return rc;
}
