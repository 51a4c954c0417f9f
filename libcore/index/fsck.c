/*
 * The store is listed once, and of a tenant packs come before index files: a pack is there before
 * the index file that names it, so what is in the list and in no index file that is opened later is
 * not committed.
 */
#include "index/fsck.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"
#include "index/fsck_day.h"
#include "labels/labels.h"
#include "store/tenants.h"

struct walk {
	const struct index_fsck *f;
	struct buf tenant; /* whose objects are listed now */
	struct fsck_pack *pack;
	size_t n_packs, cap_packs;
	int32_t *day; /* of its packs and index files; not sorted, many times */
	size_t n_days, cap_days;
	struct buf foreign; /* told last */
	int64_t n_faults;
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

/* ---- a tenant ---- */

static int by_day(const void *pa, const void *pb)
{
	int32_t a = *(const int32_t *)pa, b = *(const int32_t *)pb;

	return (a > b) - (a < b);
}

static int by_day_and_hash(const void *pa, const void *pb)
{
	const struct fsck_pack *a = pa, *b = pb;
	int c = by_day(&a->day, &b->day);

	return c ? c : hash128_cmp(&a->hash, &b->hash);
}

/* A file in the place of a folder is a fault by itself, and the other tenants have their turn. */
static bool is_told(const struct walk *w, const struct err *e)
{
	return e->code == ERR_CORRUPT && w->f->depth != FSCK_UNNAMED;
}

static int end_tenant(struct walk *w, struct err *e)
{
	struct bytes tenant = buf_bytes(&w->tenant);
	struct err why;
	size_t at = 0;
	int64_t rc = 0;

	if (w->n_packs)
		qsort(w->pack, w->n_packs, sizeof(*w->pack), by_day_and_hash);
	if (w->n_days)
		qsort(w->day, w->n_days, sizeof(*w->day), by_day);
	for (size_t i = 0; i < w->n_days && rc >= 0; i++) {
		size_t first = at;

		if (i && w->day[i] == w->day[i - 1])
			continue;
		while (at < w->n_packs && w->pack[at].day == w->day[i])
			at++;
		rc = fsck_day(w->f, tenant, w->day[i], w->pack + first, at - first, &why);
		w->n_faults += rc > 0 ? rc : 0;
	}
	w->n_packs = w->n_days = 0;
	return rc < 0 && !is_told(w, &why) ? err_set(e, why.code, "%s", why.msg) : 0;
}

static void add_object(struct walk *w, const struct store_name *sn, const struct store_object *o)
{
	mem_grow(&w->day, &w->cap_days, w->n_days + 1, sizeof(*w->day));
	w->day[w->n_days++] = sn->day;
	if (sn->kind != STORE_PACK)
		return;
	mem_grow(&w->pack, &w->cap_packs, w->n_packs + 1, sizeof(*w->pack));
	w->pack[w->n_packs++] = (struct fsck_pack){ sn->day, sn->hash, o->size, o->date_ns };
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

static int look_beside(struct walk *w, const char *name, struct bytes tenant, struct err *e)
{
	enum fault_kind kind;
	struct err why;
	int rc = w->f->beside ? w->f->beside(w->f->store, name, &kind, w->f->beside_data, &why) : 0;

	if (rc < 0)
		*e = why;
	if (rc > 0) {
		fault_cut_path(&why, store_path(w->f->store), name);
		tell(w, kind, name, tenant, 1, &why);
	}
	return rc < 0 ? -1 : 0;
}

/* What of a tenant is neither a pack nor an index file. */
static int other_object(struct walk *w, const char *name, struct bytes tenant, struct bytes folder,
			struct bytes rest, struct err *e)
{
	struct err why;

	if (w->f->depth == FSCK_UNNAMED || (rest.p && bytes_is(folder, "rules")))
		return 0;
	if (rest.p && (bytes_is(folder, "deletes") || bytes_is(folder, "receipts")))
		return look_beside(w, name, tenant, e);
	if (!bytes_is(folder, "chunks") && !bytes_is(folder, "index")) {
		tell_foreign(w, bytes_of(name, (size_t)(folder.p + folder.n - name)));
		return 0;
	}
	err_set(&why, ERR_CORRUPT,
		rest.p ? "it is neither a pack nor an index file"
		       : "it is a file, where the tenant's folder should be");
	tell(w, FAULT_FOREIGN, name, tenant, 1, &why);
	return 0;
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
		if (end_tenant(w, e) < 0)
			return -1;
		buf_reset(&w->tenant);
		buf_add_bytes(&w->tenant, tenant);
	}
	if (is_ours(name, &sn))
		add_object(w, &sn, o);
	else if (bytes_split(&rest, '/', &folder))
		return other_object(w, name, tenant, folder, rest, e);
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

int64_t index_fsck(const struct index_fsck *f, struct err *e)
{
	struct walk w = { .f = f };
	struct buf folder = { 0 };
	int rc = check_mark(&w, e);

	for (size_t i = 0; f->besides && f->besides[i] && rc == 0; i++)
		rc = look_beside(&w, f->besides[i], (struct bytes){ 0 }, e);
	if (f->tenant.n)
		buf_addf(&folder, "%.*s/", BYTES_ARG(f->tenant));
	if (rc == 0)
		rc = store_list_objects(f->store, buf_str(&folder), on_object, &w, e);
	if (rc == 0)
		rc = end_tenant(&w, e);
	if (rc == 0)
		rc = look_for_all_abandoned(&w, e);
	free(w.pack);
	free(w.day);
	buf_release(&w.tenant);
	buf_release(&w.foreign);
	buf_release(&folder);
	return rc < 0 ? -1 : w.n_faults;
}
