/*
 * What may go is decided from live files alone that have been there for the delay: they stay, so no
 * order of deletions, and no kill between two of them, makes anything count again. And it is done
 * only on a day whose live files are all right and have all their packs: else, as in a copy that
 * was made while a compaction ran, the replaced packs may be the only ones that are there.
 *
 * Packs are listed before index files are: a pack is there before the index file that names it, so
 * what is in the list and in no index file is not committed, whoever is at work.
 */
#include "index/sweep.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "index/scan.h"
#include "time/time.h"

/* An object of the day. */
struct object {
	struct store_name name;
	uint64_t size;
	int64_t date;
	struct index *ix;      /* of an index file that is not live: ours */
	struct pack_scan scan; /* of a pack that no index file names */
};

struct day {
	const struct sweep *s;
	struct live live;
	struct object *pack; /* ascending by name */
	size_t n_packs, cap_packs;
	struct object *file; /* index files: the live ones first */
	struct sweep_index *index;
	size_t n_files;
	struct sweep_pack *choice; /* for each pack */
	int64_t now;
	int64_t n_faults;
};

static void tell(struct day *d, const struct err *e)
{
	d->n_faults++;
	if (d->s->fault)
		d->s->fault(e, d->s->data);
}

static int add_pack(const char *name, uint64_t size, void *data, struct err *e)
{
	struct day *d = data;
	struct store_name sn;

	(void)e;
	if (store_name_parse(bytes_str(name), &sn, NULL) < 0 || sn.kind != STORE_PACK)
		return 0; /* not ours: left alone */
	sn.tenant = d->s->tenant;
	mem_grow(&d->pack, &d->cap_packs, d->n_packs + 1, sizeof(*d->pack));
	d->pack[d->n_packs++] = (struct object){ .name = sn, .size = size };
	return 0;
}

static int list_packs(struct day *d, struct err *e)
{
	struct buf folder = { 0 };
	int rc;

	store_folder_add(&folder, STORE_PACK, d->s->tenant, d->s->day);
	rc = store_list(d->s->store, buf_str(&folder), add_pack, d, e);
	buf_release(&folder);
	return rc;
}

/* 1 the object is there; 0 gone. */
static int date_object(struct day *d, struct object *o, struct err *e)
{
	struct buf name = { 0 };
	int rc;

	store_name_add(&name, &o->name);
	rc = store_date(d->s->store, buf_str(&name), &o->date, e);
	buf_release(&name);
	return rc;
}

static bool is_old(const struct day *d, const struct object *o)
{
	return d->now - o->date >= d->s->delay_ns;
}

static int by_name(const void *pa, const void *pb)
{
	const struct object *a = pa, *b = pb;

	return hash128_cmp(&a->name.hash, &b->name.hash);
}

/* 1 the pack is there, 0 it is not: as it was listed, or, made since, as it is. */
static int has_pack(struct day *d, const struct store_name *sn, const char *name,
		    uint64_t *ret_size, struct err *e)
{
	const struct object want = { .name = *sn }, *found = NULL;

	if (d->n_packs)
		found = bsearch(&want, d->pack, d->n_packs, sizeof(want), by_name);
	if (!found)
		return store_has(d->s->store, name, ret_size, e);
	*ret_size = found->size;
	return 1;
}

/* 0; -1. A missing pack of a live file, or a wrong page, is told. */
static int check_live(struct day *d, size_t i, struct err *e)
{
	struct index *ix = d->live.v[i];
	struct err why;

	if (index_verify(ix, NULL, NULL) > 0) {
		err_set(&why, ERR_CORRUPT, "'%s': damaged; nothing of its day is deleted",
			index_label(ix));
		tell(d, &why);
		return 0;
	}
	for (uint32_t k = 0; k < index_info(ix)->n_packs; k++) {
		struct store_name sn = { STORE_PACK, d->s->day, d->s->tenant, { { 0 } } };
		struct buf name = { 0 };
		struct index_pack p;
		uint64_t size = 0;
		int rc;

		if (index_pack_at(ix, k, &p, e) < 0)
			return -1;
		if (d->live.skip_pack[i][k])
			continue;
		sn.hash = p.name;
		store_name_add(&name, &sn);
		rc = has_pack(d, &sn, buf_str(&name), &size, e);
		if (rc == 0 || (rc == 1 && size != p.size)) {
			err_set(&why, ERR_CORRUPT,
				"'%s': pack '%s/%s' %s; nothing of its day is deleted",
				index_label(ix), store_path(d->s->store), buf_str(&name),
				rc ? "is of another size" : "is missing");
			tell(d, &why);
		}
		buf_release(&name);
		if (rc < 0)
			return -1;
	}
	return 0;
}

/* Opens it, when it is still there. */
static int load_obsolete(struct day *d, const struct hash128 *hash, struct err *e)
{
	struct object *o = &d->file[d->n_files];
	struct buf name = { 0 };
	struct err why = { 0 };
	int rc;

	*o = (struct object){ .name = { STORE_INDEX, d->s->day, d->s->tenant, *hash } };
	store_name_add(&name, &o->name);
	o->ix = index_load(d->s->store, buf_str(&name), &why);
	buf_release(&name);
	if (!o->ix) {
		if (why.code != ERR_NO)
			tell(d, &why);
		return 0;
	}
	o->size = index_info(o->ix)->size;
	rc = date_object(d, o, e);
	if (rc > 0)
		rc = live_item_init(&d->index[d->n_files].item, o->ix, e);
	else if (rc == 0) /* deleted since, by nobody who has the lock */
		rc = 1;
	if (rc == 0)
		d->n_files++;
	else
		index_close(o->ix);
	return rc < 0 ? -1 : 0;
}

/* All index files: what the decision needs of them. */
static int load_files(struct day *d, struct err *e)
{
	size_t all = d->live.n + d->live.n_obsolete;

	d->file = mem_alloc((all + 1) * sizeof(*d->file));
	d->index = mem_alloc((all + 1) * sizeof(*d->index));
	for (size_t i = 0; i < d->live.n; i++) {
		struct object *o = &d->file[i];

		o->name = (struct store_name){ STORE_INDEX, d->s->day, d->s->tenant,
					       index_info(d->live.v[i])->name };
		d->n_files++;
		if (date_object(d, o, e) < 0 ||
		    live_item_init(&d->index[i].item, d->live.v[i], e) < 0)
			return -1;
		d->index[i].live = true;
		d->index[i].old = o->date != 0 && is_old(d, o);
	}
	for (size_t i = 0; i < d->live.n_obsolete; i++)
		if (load_obsolete(d, &d->live.obsolete[i], e) < 0)
			return -1;
	return 0;
}

static struct hash_list named_by_files(const struct day *d)
{
	struct hash_list named = { 0 };
	size_t cap = 0;

	for (size_t i = 0; i < d->n_files; i++) {
		const struct live_item *it = &d->index[i].item;

		mem_grow(&named.v, &cap, named.n + it->n_packs + 1, sizeof(*named.v));
		for (size_t k = 0; k < it->n_packs; k++)
			named.v[named.n++] = it->packs[k];
	}
	named.n = hash128_sort(named.v, named.n);
	return named;
}

/* Of packs that no index file names, the trailers: where their entries come from. */
static int read_trailers(struct day *d, struct err *e)
{
	struct hash_list named = named_by_files(d);
	int rc = 0;

	d->choice = mem_alloc((d->n_packs + 1) * sizeof(*d->choice));
	for (size_t i = 0; i < d->n_packs && rc >= 0; i++) {
		struct object *o = &d->pack[i];

		d->choice[i].name = o->name.hash;
		if (hash128_among(named.v, named.n, &o->name.hash))
			continue;
		rc = date_object(d, o, e);
		d->choice[i].old = rc > 0 && is_old(d, o);
		/* One that cannot be read is idxbuild --rebuild's to tell. */
		if (rc > 0 && pack_scan_open(d->s->store, &o->name, &o->scan, NULL) == 0) {
			pack_scan_rest(&o->scan);
			d->choice[i].trailer = &o->scan.trailer;
		}
	}
	free(named.v);
	return rc < 0 ? -1 : 0;
}

static int by_date(const void *pa, const void *pb)
{
	const struct object *a = *(struct object *const *)pa, *b = *(struct object *const *)pb;

	if (a->date != b->date)
		return a->date < b->date ? -1 : 1;
	return hash128_cmp(&a->name.hash, &b->name.hash);
}

/* Those of the objects that may go, the oldest first. */
static int delete_some(struct day *d, struct object *v, const bool *goes, size_t n, struct err *e)
{
	struct object **list = mem_alloc((n + 1) * sizeof(struct object *));
	char **names = mem_alloc((n + 1) * sizeof(*names));
	size_t n_list = 0;
	int rc = 0;

	for (size_t i = 0; i < n && rc >= 0; i++) {
		if (!goes[i])
			continue;
		rc = date_object(d, &v[i], e);
		if (rc > 0)
			list[n_list++] = &v[i];
	}
	qsort(list, n_list, sizeof(struct object *), by_date);
	for (size_t i = 0; i < n_list; i++) {
		struct buf name = { 0 };

		store_name_add(&name, &list[i]->name);
		buf_str(&name);
		names[i] = name.p;
	}
	if (rc >= 0 && d->s->mode == SWEEP_DELETE)
		rc = store_delete_all(d->s->store, names, n_list, e);
	for (size_t i = 0; i < n_list; i++) {
		if (rc >= 0 && d->s->deleted)
			d->s->deleted(names[i], list[i]->size, d->s->data);
		free(names[i]);
	}
	free(names);
	free(list);
	return rc < 0 ? -1 : 0;
}

static int delete_packs(struct day *d, const enum sweep_what *v, enum sweep_what what,
			struct err *e)
{
	bool *goes = mem_alloc((d->n_packs + 1) * sizeof(*goes));
	int rc;

	for (size_t i = 0; i < d->n_packs; i++)
		goes[i] = v[i] == what;
	rc = delete_some(d, d->pack, goes, d->n_packs, e);
	free(goes);
	return rc;
}

static int sweep_day(struct day *d, struct err *e)
{
	enum sweep_what *what;
	bool *goes;
	int rc = 0;

	if (d->s->mode == SWEEP_DRY)
		d->now = store_now_to_look(d->s->store);
	else
		rc = store_now(d->s->store, &d->now, e);
	if (rc == 0)
		rc = load_files(d, e);
	if (rc == 0)
		rc = read_trailers(d, e);
	if (rc < 0 || d->n_faults)
		return rc;
	goes = mem_alloc((d->n_files + 1) * sizeof(*goes));
	what = mem_alloc((d->n_packs + 1) * sizeof(*what));
	sweep_pick(d->index, d->n_files, d->choice, d->n_packs, goes, what);
	rc = delete_packs(d, what, SWEEP_LEFTOVER, e);
	if (rc == 0)
		rc = delete_some(d, d->file, goes, d->n_files, e);
	if (rc == 0)
		rc = delete_packs(d, what, SWEEP_REPLACED, e);
	free(goes);
	free(what);
	return rc;
}

/* Is there anything but live files and the packs that are read? */
static bool is_tidy(const struct day *d)
{
	size_t n_named = 0;

	for (size_t i = 0; i < d->live.n; i++)
		for (uint32_t k = 0; k < index_info(d->live.v[i])->n_packs; k++)
			n_named += !d->live.skip_pack[i][k];
	return d->live.n_obsolete == 0 && n_named == d->n_packs;
}

int64_t index_sweep(const struct sweep *s, struct err *e)
{
	struct day d = { .s = s };
	int rc = list_packs(&d, e);

	if (rc == 0)
		rc = live_load(s->store, s->tenant, s->day, &d.live, e);
	for (size_t i = 0; rc == 0 && i < d.live.n_faults; i++)
		tell(&d, &d.live.faults[i].err);
	if (rc == 0 && d.n_faults == 0 && d.live.n > 0 && (d.n_packs == 0 || !is_tidy(&d))) {
		for (size_t i = 0; i < d.live.n && rc == 0; i++)
			rc = check_live(&d, i, e);
		if (rc == 0 && d.n_faults == 0)
			rc = sweep_day(&d, e);
	}
	for (size_t i = 0; i < d.n_files; i++) {
		live_item_release(&d.index[i].item);
		index_close(d.file[i].ix);
	}
	for (size_t i = 0; i < d.n_packs; i++)
		pack_scan_close(&d.pack[i].scan);
	free(d.file);
	free(d.index);
	free(d.choice);
	free(d.pack);
	live_release(&d.live);
	return rc < 0 ? -1 : d.n_faults;
}

struct store_lock *index_lock(struct store *s, struct bytes tenant, int32_t day, struct err *e)
{
	struct buf name = { 0 };
	struct store_lock *l;

	store_folder_add(&name, STORE_INDEX, tenant, day);
	l = store_lock(s, buf_str(&name), e);
	buf_release(&name);
	return l;
}
