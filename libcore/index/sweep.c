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
#include "index/dated.h"
#include "index/scan.h"
#include "store/tenants.h"
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
	size_t n_packs;
	struct object *file; /* index files: the live ones first */
	struct sweep_index *index;
	size_t n_files;
	struct sweep_pack *choice; /* for each pack */
	int64_t now[2];		   /* by enum store_kind: they may lie in two stores */
	int64_t n_faults;
};

static void tell(struct day *d, const struct err *e)
{
	d->n_faults++;
	if (d->s->fault)
		d->s->fault(e, d->s->data);
}

static int list_packs(struct day *d, struct err *e)
{
	const struct sweep *s = d->s;
	struct dated packs = { 0 };
	int rc = dated_list(s->store, STORE_PACK, s->tenant, s->day, &packs, e);

	d->pack = mem_alloc((packs.n + 1) * sizeof(*d->pack));
	for (size_t i = 0; i < packs.n; i++)
		d->pack[d->n_packs++] = (struct object){
			.name = { STORE_PACK, s->day, s->tenant, packs.v[i].hash },
			.size = packs.v[i].size,
			.date = packs.v[i].date_ns,
		};
	dated_release(&packs);
	return rc;
}

static bool is_old(const struct day *d, const struct object *o)
{
	return d->now[o->name.kind] - o->date >= d->s->delay_ns;
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

/* Takes an opened file, or why it could not be. */
static int add_obsolete(struct day *d, const struct object *o, const struct err *why, struct err *e)
{
	if (!o->ix) {
		if (why->code != ERR_NO)
			tell(d, why);
		return 0;
	}
	if (live_item_init(&d->index[d->n_files].item, o->ix, e) < 0) {
		index_close(o->ix);
		return -1;
	}
	d->file[d->n_files++] = *o;
	return 0;
}

/* Opens those that are still there, at once. */
static int load_obsolete(struct day *d, const struct dated *there, struct err *e)
{
	const size_t all = d->live.n_obsolete;
	struct index_file *f = mem_alloc((all + 1) * sizeof(*f));
	struct object *o = mem_alloc((all + 1) * sizeof(*o));
	struct index **ix = mem_alloc((all + 1) * sizeof(struct index *));
	struct err *why = mem_alloc((all + 1) * sizeof(*why));
	struct arena names = { 0 };
	struct buf name = { 0 };
	size_t n = 0;
	int rc = 0;

	for (size_t i = 0; i < all; i++) {
		const struct dated_object *found = dated_find(there, &d->live.obsolete[i]);

		if (!found) /* deleted since, by nobody who has the lock */
			continue;
		o[n] = (struct object){ .name = { STORE_INDEX, d->s->day, d->s->tenant,
						  found->hash },
					.size = found->size,
					.date = found->date_ns };
		buf_reset(&name);
		store_name_add(&name, &o[n].name);
		buf_add_char(&name, '\0');
		f[n++] = (struct index_file){ arena_copy(&names, buf_bytes(&name)).p, found->size };
	}
	index_load_all(d->s->store, f, n, ix, why);
	for (size_t i = 0; i < n; i++) {
		o[i].ix = ix[i];
		if (rc < 0)
			index_close(ix[i]);
		else
			rc = add_obsolete(d, &o[i], &why[i], e);
	}
	buf_release(&name);
	arena_release(&names);
	free(f);
	free(o);
	free(ix);
	free(why);
	return rc;
}

/* All index files: what the decision needs of them. */
static int load_files(struct day *d, struct err *e)
{
	size_t all = d->live.n + d->live.n_obsolete;
	struct dated there = { 0 };
	int rc = dated_list(d->s->store, STORE_INDEX, d->s->tenant, d->s->day, &there, e);

	d->file = mem_alloc((all + 1) * sizeof(*d->file));
	d->index = mem_alloc((all + 1) * sizeof(*d->index));
	for (size_t i = 0; i < d->live.n && rc == 0; i++) {
		struct object *o = &d->file[i];
		const struct dated_object *found;

		o->name = (struct store_name){ STORE_INDEX, d->s->day, d->s->tenant,
					       index_info(d->live.v[i])->name };
		found = dated_find(&there, &o->name.hash);
		o->date = found ? found->date_ns : 0;
		d->n_files++;
		rc = live_item_init(&d->index[i].item, d->live.v[i], e);
		d->index[i].live = true;
		d->index[i].old = found && is_old(d, o);
	}
	if (rc == 0)
		rc = load_obsolete(d, &there, e);
	dated_release(&there);
	return rc;
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

/* How old they are now: one of them may have been written again since all were listed. */
static int date_again(struct day *d, struct object *const *v, size_t n, struct err *e)
{
	struct dated there = { 0 };
	int rc = n ? dated_list(d->s->store, STORE_PACK, d->s->tenant, d->s->day, &there, e) : 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		const struct dated_object *found = dated_find(&there, &v[i]->name.hash);

		v[i]->date = found ? found->date_ns : INT64_MAX; /* gone */
	}
	dated_release(&there);
	return rc;
}

/* Of packs that no index file names, the trailers: where their entries come from. */
static int read_trailers(struct day *d, struct err *e)
{
	struct hash_list named = named_by_files(d);
	struct object **unnamed = mem_alloc((d->n_packs + 1) * sizeof(struct object *));
	size_t n = 0;
	int rc;

	d->choice = mem_alloc((d->n_packs + 1) * sizeof(*d->choice));
	for (size_t i = 0; i < d->n_packs; i++) {
		d->choice[i].name = d->pack[i].name.hash;
		if (!hash128_among(named.v, named.n, &d->pack[i].name.hash))
			unnamed[n++] = &d->pack[i];
	}
	rc = date_again(d, unnamed, n, e);
	for (size_t i = 0; i < n && rc == 0; i++) {
		struct object *o = unnamed[i];
		struct sweep_pack *choice = &d->choice[o - d->pack];

		if (o->date == INT64_MAX)
			continue;
		choice->old = is_old(d, o);
		/* One that cannot be read is idxbuild --rebuild's to tell. */
		if (pack_scan_open_sized(d->s->store, &o->name, o->size, &o->scan, NULL) == 0) {
			pack_scan_rest(&o->scan);
			choice->trailer = &o->scan.trailer;
		}
	}
	free(unnamed);
	free(named.v);
	return rc;
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

	for (size_t i = 0; i < n; i++)
		if (goes[i])
			list[n_list++] = &v[i];
	qsort(list, n_list, sizeof(struct object *), by_date);
	for (size_t i = 0; i < n_list; i++) {
		struct buf name = { 0 };

		store_name_add(&name, &list[i]->name);
		buf_str(&name);
		names[i] = name.p;
	}
	if (d->s->mode == SWEEP_DELETE)
		rc = store_delete_all(d->s->store, names, n_list, e);
	for (size_t i = 0; i < n_list; i++) {
		if (rc == 0 && d->s->deleted)
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

/* Turn after turn. */
static int delete_files(struct day *d, const unsigned *turns, struct err *e)
{
	bool *goes = mem_alloc((d->n_files + 1) * sizeof(*goes));
	unsigned last = 0;
	int rc = 0;

	for (size_t i = 0; i < d->n_files; i++)
		last = turns[i] > last ? turns[i] : last;
	for (unsigned turn = 1; turn <= last && rc == 0; turn++) {
		for (size_t i = 0; i < d->n_files; i++)
			goes[i] = turns[i] == turn;
		rc = delete_some(d, d->file, goes, d->n_files, e);
	}
	free(goes);
	return rc;
}

static int ask_clock(const struct day *d, const char *folder, int64_t *ret_ns, struct err *e)
{
	if (d->s->mode != SWEEP_DRY)
		return store_now(d->s->store, folder, ret_ns, e);
	*ret_ns = store_now_to_look(d->s->store, folder);
	return 0;
}

static int ask_clocks(struct day *d, struct err *e)
{
	struct store *s = d->s->store;
	struct buf packs = { 0 }, files = { 0 };
	int rc;

	store_folder_add(&packs, STORE_PACK, d->s->tenant, d->s->day);
	store_folder_add(&files, STORE_INDEX, d->s->tenant, d->s->day);
	rc = ask_clock(d, buf_str(&packs), &d->now[STORE_PACK], e);
	d->now[STORE_INDEX] = d->now[STORE_PACK];
	if (rc == 0 && store_part(s, buf_str(&files)) != store_part(s, buf_str(&packs)))
		rc = ask_clock(d, buf_str(&files), &d->now[STORE_INDEX], e);
	buf_release(&packs);
	buf_release(&files);
	return rc;
}

static int sweep_day(struct day *d, struct err *e)
{
	enum sweep_what *what;
	unsigned *turns;
	int rc = ask_clocks(d, e);

	if (rc == 0)
		rc = load_files(d, e);
	if (rc == 0)
		rc = read_trailers(d, e);
	if (rc < 0 || d->n_faults)
		return rc;
	turns = mem_alloc((d->n_files + 1) * sizeof(*turns));
	what = mem_alloc((d->n_packs + 1) * sizeof(*what));
	sweep_pick(d->index, d->n_files, d->choice, d->n_packs, turns, what);
	rc = delete_packs(d, what, SWEEP_LEFTOVER, e);
	if (rc == 0)
		rc = delete_files(d, turns, e);
	if (rc == 0)
		rc = delete_packs(d, what, SWEEP_REPLACED, e);
	free(turns);
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

static int sweep_folder(const char *folder, void *data, struct err *e)
{
	return store_sweep(data, folder, e);
}

int index_sweep_abandoned(struct store *s, struct bytes tenant, struct err *e)
{
	return store_each_written(s, tenant, sweep_folder, s, e);
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
