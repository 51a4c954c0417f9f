/*
 * The store is listed once, and of a tenant packs come before index files: a pack is there before
 * the index file that names it, so what is in the list and in no index file that is opened later is
 * not committed.
 */
#include "index/fsck.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/work.h"
#include "index/fsck_day.h"
#include "index/live_files.h"
#include "labels/labels.h"
#include "store/tenants.h"

enum { BESIDE_AT_ONCE = 16 };

/* Neither packs nor index files: names, in the order of the listing. */
struct others {
	const char **v; /* in mem */
	size_t n, cap;
	struct arena mem;
};

struct walk {
	const struct index_fsck *f;
	struct buf tenant; /* whose objects are listed now */
	struct fsck_objects objects;
	struct others others;
	struct buf foreign; /* told last */
	int64_t n_faults;
	bool has_failed; /* in other ways than that a folder cannot be read */
};

static void tell(struct walk *w, enum fault_kind kind, const char *name, struct bytes tenant,
		 uint64_t n, const struct err *e)
{
	w->n_faults++;
	w->f->tell(
		&(struct index_fault){
			.kind = kind, .name = name, .tenant = tenant, .n = n, .err = *e },
		w->f->data);
}

/* ---- beside packs and index files ---- */

/* What became of one of them. */
struct beside {
	int rc;
	enum fault_kind kind;
	struct err err;
};

struct asking {
	struct walk *walk;
	struct bytes tenant;
	struct beside slot[BESIDE_AT_ONCE];
};

static void tell_beside(struct walk *w, const char *name, struct bytes tenant, struct beside *x)
{
	if (x->rc <= 0)
		return;
	fault_cut_path(&x->err, store_path(w->f->store), name);
	tell(w, x->kind, name, tenant, 1, &x->err);
}

static int look_beside(const struct walk *w, const char *name, struct beside *ret, struct err *e)
{
	ret->rc = w->f->beside(w->f->store, name, &ret->kind, w->f->beside_data, &ret->err);
	if (ret->rc < 0)
		*e = ret->err;
	return ret->rc < 0 ? -1 : 0;
}

static int look_at_other(void *data, unsigned worker, size_t item, size_t slot, struct err *e)
{
	struct asking *a = data;

	(void)worker;
	return look_beside(a->walk, a->walk->others.v[item], &a->slot[slot], e);
}

static int tell_other(void *data, size_t item, size_t slot, struct err *e)
{
	struct asking *a = data;

	(void)e;
	tell_beside(a->walk, a->walk->others.v[item], a->tenant, &a->slot[slot]);
	return 0;
}

/* Of a remote store several at once: each is small, and there may be thousands. */
static int look_at_others(struct walk *w, struct bytes tenant, struct err *e)
{
	struct others *o = &w->others;
	struct asking *a = mem_alloc(sizeof(*a));
	struct work work = { .n = o->n,
			     .jobs = 1,
			     .window = BESIDE_AT_ONCE,
			     .run = look_at_other,
			     .done = tell_other,
			     .data = a };
	int rc;

	a->walk = w;
	a->tenant = tenant;
	if (o->n && store_is_remote(store_part(w->f->store, o->v[0])))
		work.jobs = BESIDE_AT_ONCE;
	rc = work_run(&work, e);
	o->n = 0;
	arena_reset(&o->mem);
	free(a);
	return rc;
}

static void add_other(struct walk *w, const char *name)
{
	struct others *o = &w->others;

	if (!w->f->beside)
		return;
	mem_grow(&o->v, &o->cap, o->n + 1, sizeof(*o->v));
	o->v[o->n++] = arena_copy(&o->mem, bytes_of(name, strlen(name) + 1)).p;
}

/* Those that have names of their own. */
static int look_at_named(struct walk *w, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; w->f->beside && w->f->besides && w->f->besides[i] && rc == 0; i++) {
		struct beside x;

		rc = look_beside(w, w->f->besides[i], &x, e);
		if (rc == 0)
			tell_beside(w, w->f->besides[i], (struct bytes){ 0 }, &x);
	}
	return rc;
}

/* ---- a tenant ---- */

/* A file in the place of a folder is a fault by itself, and the other tenants have their turn. */
static bool is_told(const struct walk *w, const struct err *e)
{
	return e->code == ERR_CORRUPT && w->f->depth != FSCK_UNNAMED;
}

static int end_tenant(struct walk *w, struct err *e)
{
	struct bytes tenant = buf_bytes(&w->tenant);
	struct err why;
	int rc;

	if (look_at_others(w, tenant, e) < 0)
		return -1;
	rc = fsck_days(w->f, tenant, &w->objects, &w->n_faults, &why);
	fsck_objects_reset(&w->objects);
	return rc < 0 && !is_told(w, &why) ? err_set(e, why.code, "%s", why.msg) : 0;
}

static void add_object(struct walk *w, const struct store_name *sn, const struct store_object *o)
{
	struct fsck_objects *to = &w->objects;

	if (sn->kind == STORE_PACK) {
		mem_grow(&to->pack, &to->cap_packs, to->n_packs + 1, sizeof(*to->pack));
		to->pack[to->n_packs++] =
			(struct fsck_pack){ sn->day, sn->hash, o->size, o->date_ns };
	} else {
		mem_grow(&to->file, &to->cap_files, to->n_files + 1, sizeof(*to->file));
		to->file[to->n_files++] = (struct live_file){ sn->day, sn->hash, o->size };
	}
}

/* ---- the list ---- */

/* Is it just as we would call it? A name that is parsed may stand deeper. */
static bool is_ours(const char *name, struct store_name *ret)
{
	struct buf text = { 0 };
	bool same;

	if (store_name_parse(bytes_str(name), ret, NULL) < 0)
		return false;
	store_name_add(&text, ret);
	same = bytes_is(buf_bytes(&text), name);
	buf_release(&text);
	return same;
}

/* Once for all that begins so. */
static void tell_foreign(struct walk *w, struct bytes what)
{
	if (!w->f->foreign || bytes_eq(what, buf_bytes(&w->foreign)))
		return;
	buf_reset(&w->foreign);
	buf_add_bytes(&w->foreign, what);
	w->f->foreign(buf_str(&w->foreign), w->f->data);
}

static bool is_beside(struct bytes folder)
{
	return bytes_is(folder, "deletes") || bytes_is(folder, "receipts") ||
	       bytes_is(folder, "processed");
}

/* What of a tenant is neither a pack nor an index file. */
static void other_object(struct walk *w, const char *name, struct bytes tenant, struct bytes folder,
			 struct bytes rest)
{
	struct err why;

	if (w->f->depth == FSCK_UNNAMED || (rest.p && bytes_is(folder, "rules")))
		return;
	if (rest.p && is_beside(folder)) {
		add_other(w, name);
		return;
	}
	if (!bytes_is(folder, "chunks") && !bytes_is(folder, "index")) {
		tell_foreign(w, bytes_of(name, (size_t)(folder.p + folder.n - name)));
		return;
	}
	err_set(&why, ERR_CORRUPT,
		rest.p ? "it is neither a pack nor an index file"
		       : "it is a file, where the tenant's folder should be");
	tell(w, FAULT_FOREIGN, name, tenant, 1, &why);
}

static int on_object(const struct store_object *o, void *data, struct err *e)
{
	struct walk *w = data;
	const char *name = o->name;
	struct bytes rest = bytes_str(name), tenant, folder;
	struct store_name sn;

	if (!bytes_split(&rest, '/', &tenant) || !rest.p || labels_check_tenant(tenant, NULL) < 0) {
		tell_foreign(w, tenant);
		return 0;
	}
	if (!bytes_eq(tenant, buf_bytes(&w->tenant))) {
		w->has_failed = end_tenant(w, e) < 0;
		if (w->has_failed)
			return -1;
		buf_reset(&w->tenant);
		buf_add_bytes(&w->tenant, tenant);
	}
	if (is_ours(name, &sn))
		add_object(w, &sn, o);
	else if (bytes_split(&rest, '/', &folder))
		other_object(w, name, tenant, folder, rest);
	return 0;
}

/* Of a tenant, or of the store itself. */
struct writers {
	struct walk *walk;
	struct bytes tenant;
};

static int look_for_abandoned(const char *folder, void *data, struct err *e)
{
	const struct writers *x = data;
	struct err why;
	uint64_t n = 0;

	if (store_abandoned(x->walk->f->store, folder, &n, &why) < 0) {
		if (x->tenant.n && is_told(x->walk, &why))
			return 0;
		*e = why;
		return -1;
	}
	if (n == 0)
		return 0;
	err_set(&why, ERR_CORRUPT, "%llu %s left by writers that died", (unsigned long long)n,
		num_word(n, "*.tmp file is", "*.tmp files are"));
	tell(x->walk, FAULT_ABANDONED, folder, x->tenant, n, &why);
	return 0;
}

static int look_at_writers(struct walk *w, struct bytes tenant, struct err *e)
{
	struct writers x = { w, tenant };

	return store_each_written(w->f->store, tenant, look_for_abandoned, &x, e);
}

static int on_tenant(const char *name, uint64_t size, void *data, struct err *e)
{
	(void)size;
	return look_at_writers(data, bytes_str(name), e);
}

/* In all folders that are the store's. */
static int look_for_all_abandoned(struct walk *w, struct err *e)
{
	if (w->f->depth == FSCK_UNNAMED)
		return 0;
	if (w->f->tenant.n == 0 && look_at_writers(w, (struct bytes){ 0 }, e) < 0)
		return -1;
	return store_each_tenant(w->f->store, w->f->tenant, on_tenant, w, e);
}

/* ---- the mark ---- */

struct proof {
	struct store *s;
	bool found;
};

static int look_for_proof(const struct store_object *o, void *data, struct err *e)
{
	struct proof *p = data;
	struct store_name sn;

	if (!is_ours(o->name, &sn))
		return 0;
	p->found = fsck_start(p->s, &sn, o->name) == FSCK_START_OURS;
	return p->found ? err_set(e, ERR_NO, "found") : 0;
}

/* Without its mark a store is known by a pack or an index file; without these it is the folder of
 * something else. */
static int check_mark(struct walk *w, struct err *e)
{
	struct proof p = { .s = w->f->store };
	struct err why, other;

	if (w->f->depth == FSCK_UNNAMED || store_check_mark(w->f->store, &why) == 0)
		return 0;
	if (store_list_objects(w->f->store, "", look_for_proof, &p, &other) < 0 && !p.found)
		return err_set(e, other.code, "%s", other.msg);
	if (!p.found)
		return err_set(e, why.code, "%s", why.msg);
	why.code = ERR_CORRUPT;
	tell(w, FAULT_UNMARKED, "", (struct bytes){ 0 }, 1, &why);
	return 0;
}

/* What is in folders that can be read. *ret_shut: of one that cannot, once all others were looked
 * at; else ERR_NONE. */
static int look_at_objects(struct walk *w, struct err *ret_shut, struct err *e)
{
	struct buf folder = { 0 };
	int rc;

	ret_shut->code = ERR_NONE;
	if (w->f->tenant.n)
		buf_addf(&folder, "%.*s/", BYTES_ARG(w->f->tenant));
	rc = store_list_objects(w->f->store, buf_str(&folder), on_object, w, e);
	if (rc < 0 && !w->has_failed && e->code == ERR_IO) {
		*ret_shut = *e;
		rc = 0;
	}
	buf_release(&folder);
	return rc == 0 ? end_tenant(w, e) : rc;
}

int64_t index_fsck(const struct index_fsck *f, struct err *e)
{
	struct walk w = { .f = f };
	struct err shut = { .code = ERR_NONE };
	int rc = check_mark(&w, e);

	if (rc == 0)
		rc = look_at_named(&w, e);
	if (rc == 0)
		rc = look_at_objects(&w, &shut, e);
	if (rc == 0)
		rc = look_for_all_abandoned(&w, e);
	if (shut.code != ERR_NONE && (rc == 0 || e->code == ERR_IO))
		rc = err_set(e, shut.code, "%s", shut.msg);
	fsck_objects_release(&w.objects);
	free(w.others.v);
	arena_release(&w.others.mem);
	buf_release(&w.tenant);
	buf_release(&w.foreign);
	return rc < 0 ? -1 : w.n_faults;
}
