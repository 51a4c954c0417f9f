/*
 * First what lies wrong is put right, then what is in the way is set aside, and last index files
 * are made of those packs that then no index file knows of. So an index file that is right is never
 * touched, and in whatever state a kill leaves the store, the next run finds the rest.
 *
 * A pack that is damaged stays as long as an index file names it: what is right in it is read. What
 * is not by its name, its place and its beginning a pack or an index file stays too: it is somebody
 * else's.
 */
#include "index/repair.h"

#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"
#include "index/build.h"
#include "index/compact.h"
#include "index/fsck_day.h"
#include "index/scan.h"
#include "time/time.h"

/* Of a tenant and day. */
struct place {
	struct bytes tenant;
	int32_t day;
	bool build, merge;
};

struct repair {
	const struct index_repair *r;
	const struct fault_list *l;
	struct place *place;
	size_t n_places, cap_places;
	struct map moved; /* what was set aside */
	struct arena mem;
	int64_t n_kept;
};

static void say(const struct repair *r, const char *done, const char *would, const char *fmt, ...)
	PRINTF_LIKE(4, 5);

static void say(const struct repair *r, const char *done, const char *would, const char *fmt, ...)
{
	struct buf b = { 0 };
	va_list va;

	buf_add_str(&b, r->r->dry_run ? would : done);
	buf_add_char(&b, ' ');
	va_start(va, fmt);
	buf_addv(&b, fmt, va);
	va_end(va);
	r->r->done(buf_str(&b), r->r->data);
	buf_release(&b);
}

static void keep(struct repair *r, size_t i, const char *why)
{
	r->n_kept++;
	r->r->kept(&r->l->v[i], why, r->r->data);
}

static struct place *place_of(struct repair *r, struct bytes tenant, int32_t day)
{
	for (size_t i = 0; i < r->n_places; i++)
		if (r->place[i].day == day && bytes_eq(r->place[i].tenant, tenant))
			return &r->place[i];
	mem_grow(&r->place, &r->cap_places, r->n_places + 1, sizeof(*r->place));
	r->place[r->n_places] = (struct place){ .tenant = arena_copy(&r->mem, tenant), .day = day };
	return &r->place[r->n_places++];
}

/* ---- moving ---- */

static int put_piece(struct bytes piece, void *data, struct err *e)
{
	return store_put_write(data, piece, e);
}

/* The name is that of its bytes, in folder. Gone already is fine. */
static int move(struct repair *r, const char *name, const char *folder, const char *suffix,
		struct err *e)
{
	struct store *s = r->r->store;
	struct store_file f = { 0 };
	struct store_put *p = NULL;
	struct buf to = { 0 };
	struct hash128 hash;
	struct err why = { 0 };
	int rc;

	if (r->r->dry_run) {
		say(r, "moved", "would move", "'%s' to '%s'", name, folder);
		return 0;
	}
	rc = store_file_open(s, name, &f, &why);
	if (rc == 0) {
		p = store_put_new(s, folder, &why);
		rc = p ? store_file_pieces(&f, put_piece, p, &why) : -1;
		if (rc == 0)
			rc = store_put_commit(p, suffix, &hash, &to, &why);
		else
			store_put_abort(p);
	}
	store_file_close(&f);
	if (rc == 0 && strcmp(buf_str(&to), name) != 0) {
		rc = store_delete(s, name, &why);
		if (rc == 0)
			say(r, "moved", "", "'%s' to '%s'", name, buf_str(&to));
	}
	buf_release(&to);
	if (rc == 0 || why.code == ERR_NO)
		return 0;
	*e = why;
	return -1;
}

static int set_aside(struct repair *r, const char *name, struct err *e)
{
	const uint64_t h = hash64(bytes_str(name));
	struct buf folder = { 0 };
	struct store_name sn;
	int rc;

	if (map_get(&r->moved, h, bytes_str(name)) != MAP_NONE)
		return 0;
	if (store_name_parse(bytes_str(name), &sn, e) < 0)
		return -1;
	if (fsck_start(r->r->store, &sn, name) == FSCK_START_OTHER)
		return 0; /* the check that follows finds it again */
	map_put(&r->moved, h, arena_copy(&r->mem, bytes_str(name)), 0);
	buf_addf(&folder, "~lokid/lost/%s/", name);
	rc = move(r, name, buf_str(&folder), "", e);
	buf_release(&folder);
	return rc;
}

/* A pack goes to the folder that its trailer names, under the name that its bytes have; one without
 * a trailer that can be read is set aside. */
static int put_right(struct repair *r, const struct store_name *sn, const char *name, struct err *e)
{
	struct buf folder = { 0 };
	struct pack_scan scan;
	struct err why;
	int rc = pack_scan_open(r->r->store, sn, &scan, &why);

	if (rc < 0)
		rc = pack_scan_open_astray(r->r->store, sn, &scan, &why);
	if (rc < 0)
		return set_aside(r, name, e);
	place_of(r, scan.trailer.tenant, scan.trailer.day)->build = true;
	store_folder_add(&folder, STORE_PACK, scan.trailer.tenant, scan.trailer.day);
	pack_scan_close(&scan);
	rc = move(r, name, buf_str(&folder), store_suffix(STORE_PACK), e);
	buf_release(&folder);
	return rc;
}

/* ---- fault by fault ---- */

static bool is_pack(const char *name, struct store_name *ret)
{
	return store_name_parse(bytes_str(name), ret, NULL) == 0 && ret->kind == STORE_PACK;
}

static int set_flag(const char *name, uint64_t size, void *data, struct err *e)
{
	struct store_name sn;

	(void)size;
	(void)e;
	if (is_pack(name, &sn))
		*(bool *)data = true;
	return 0;
}

static int has_packs(struct repair *r, const struct index_fault *f, bool *ret, struct err *e)
{
	struct buf folder = { 0 };
	int rc;

	*ret = false;
	store_folder_add(&folder, STORE_PACK, f->tenant, f->day);
	rc = store_list(r->r->store, buf_str(&folder), set_flag, ret, e);
	buf_release(&folder);
	return rc;
}

/* Index files are made again from packs; that of a missing pack goes only where other packs are. */
static int mend_index(struct repair *r, size_t i, struct err *e)
{
	const struct index_fault *f = &r->l->v[i];
	const char *name = f->index ? f->index : f->name;
	struct place *at = place_of(r, f->tenant, f->day);
	struct store_name sn;
	bool any = true;

	if (f->err.code != ERR_CORRUPT) {
		keep(r, i, "it cannot be read here");
		return 0;
	}
	if (store_name_parse(bytes_str(name), &sn, e) < 0)
		return -1;
	if (fsck_start(r->r->store, &sn, name) == FSCK_START_OTHER) {
		keep(r, i, "it does not begin as an index file does, and may be somebody else's");
		return 0;
	}
	if (f->kind == FAULT_MISSING) {
		int rc = store_has(r->r->store, f->name, NULL, e);

		if (rc != 0)
			return rc < 0 ? -1 : 0; /* put right before */
		if (has_packs(r, f, &any, e) < 0)
			return -1;
	}
	if (!any) {
		keep(r, i,
		     "no pack of its tenant and day is there, which may be a disk that is not "
		     "mounted");
		return 0;
	}
	at->build = true;
	return set_aside(r, name, e);
}

static int mend_damaged_pack(struct repair *r, size_t i, const struct store_name *sn, struct err *e)
{
	const struct index_fault *f = &r->l->v[i];
	struct pack_scan scan;
	struct err why;

	if (f->index || f->err.code != ERR_CORRUPT) {
		keep(r, i, "what is right in it is read by queries");
		return 0;
	}
	if (pack_scan_open(r->r->store, sn, &scan, &why) == 0) {
		pack_scan_close(&scan);
		place_of(r, f->tenant, f->day)->build = true;
		keep(r, i, "what is right in it is read by queries, once an index file names it");
		return 0;
	}
	if (fsck_start(r->r->store, sn, f->name) == FSCK_START_OTHER) {
		keep(r, i, "it does not begin as a pack does, and may be somebody else's");
		return 0;
	}
	return set_aside(r, f->name, e);
}

static int mend(struct repair *r, size_t i, struct err *e)
{
	const struct index_fault *f = &r->l->v[i];
	struct store_name sn;
	bool pack = is_pack(f->name, &sn);
	int rc;

	switch (f->kind) {
	case FAULT_UNMARKED:
		say(r, "wrote", "would write", "'~lokid/format'");
		return r->r->dry_run ? 0 : store_mark(r->r->store, e);
	case FAULT_ABANDONED:
		say(r, "deleted", "would delete", "what writers that died have left in '%s'",
		    f->name);
		return r->r->dry_run ? 0 : store_sweep(r->r->store, f->name, e);
	case FAULT_FOREIGN:
		keep(r, i, "it is not of the store, so who put it there is to take it away");
		return 0;
	case FAULT_SUPERFLUOUS:
	case FAULT_LEFTOVER:
		return set_aside(r, f->name, e);
	case FAULT_ORPHAN:
		place_of(r, f->tenant, f->day)->build = true;
		return 0;
	case FAULT_OVERLAP:
		place_of(r, f->tenant, f->day)->merge = true;
		return 0;
	case FAULT_NAME:
	case FAULT_FOLDER:
		if (!pack)
			return mend_index(r, i, e);
		rc = put_right(r, &sn, f->name, e);
		return rc == 0 && f->index ? mend_index(r, i, e)
					   : rc; /* it names what is no more */
	case FAULT_DAMAGED:
		return pack ? mend_damaged_pack(r, i, &sn, e) : mend_index(r, i, e);
	case FAULT_EXPIRED:
		if (f->index) /* it is gone */
			return mend_index(r, i, e);
		keep(r, i, "idxbuild --retain is for that");
		return 0;
	case FAULT_MISSING:
	case FAULT_DIFFERS:
	case FAULT_UNCOVERED:
	case FAULT_KINDS:
		break;
	}
	return mend_index(r, i, e);
}

/* Packs that lie wrong come first: they may be those that are missing. */
static bool is_first(const struct index_fault *f)
{
	struct store_name sn;

	return (f->kind == FAULT_NAME || f->kind == FAULT_FOLDER) && is_pack(f->name, &sn);
}

/* 1 somebody else is at work there; 0, -1. */
static int lock_day(struct repair *r, struct bytes tenant, int32_t day, struct store_lock **ret,
		    struct err *e)
{
	struct err why = { 0 };

	*ret = NULL;
	if (r->r->dry_run || tenant.n == 0)
		return 0;
	*ret = index_lock(r->r->store, tenant, day, &why);
	if (*ret || why.code == ERR_AGAIN)
		return *ret ? 0 : 1;
	*e = why;
	return -1;
}

static int mend_all(struct repair *r, bool first, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < r->l->n && rc == 0; i++) {
		const struct index_fault *f = &r->l->v[i];
		struct store_lock *lock;

		if (is_first(f) != first)
			continue;
		rc = lock_day(r, f->tenant, f->day, &lock, e);
		if (rc == 1) {
			keep(r, i, "a compaction is at work there");
			rc = 0;
			continue;
		}
		if (rc == 0)
			rc = mend(r, i, e);
		store_unlock(lock);
	}
	return rc;
}

/* ---- day by day ---- */

struct gathering {
	struct arena mem;
	struct fsck_pack *pack;
	size_t n, cap;
	struct store_name *orphan;
	size_t n_orphans, cap_orphans;
	struct fault_list unusable;
};

static int gather_pack(const struct store_object *o, void *data, struct err *e)
{
	struct gathering *g = data;
	struct store_name sn;

	(void)e;
	if (!is_pack(o->name, &sn))
		return 0;
	mem_grow(&g->pack, &g->cap, g->n + 1, sizeof(*g->pack));
	g->pack[g->n++] = (struct fsck_pack){ sn.day, sn.hash, o->size, o->date_ns };
	return 0;
}

static void gather_orphan(const struct index_fault *f, void *data)
{
	struct gathering *g = data;
	struct store_name sn;

	if (f->kind == FAULT_ORPHAN && is_pack(f->name, &sn)) {
		sn.tenant = arena_copy(&g->mem, sn.tenant);
		mem_grow(&g->orphan, &g->cap_orphans, g->n_orphans + 1, sizeof(*g->orphan));
		g->orphan[g->n_orphans++] = sn;
	} else if (f->kind == FAULT_DAMAGED) {
		fault_list_add(&g->unusable, f);
	}
}

static void on_made(const char *name, const struct index_info *info, void *data)
{
	(void)info;
	say(data, "made", "", "'%s'", name);
}

static int build_orphans(struct repair *r, const struct gathering *g, struct err *e)
{
	const struct build_events ev = { .made = on_made, .data = r };

	if (g->n_orphans == 0)
		return 0;
	return index_build(r->r->store, g->orphan, g->n_orphans, &ev, e) < 0 ? -1 : 0;
}

/* What no index file knows of is named by a new one; what cannot be is set aside. */
static int build_day(struct repair *r, const struct place *p, struct err *e)
{
	struct gathering g = { 0 };
	const struct index_fsck f = {
		.store = r->r->store, .depth = FSCK_UNNAMED, .tell = gather_orphan, .data = &g
	};
	struct buf folder = { 0 };
	int rc;

	store_folder_add(&folder, STORE_PACK, p->tenant, p->day);
	rc = store_list_objects(r->r->store, buf_str(&folder), gather_pack, &g, e);
	if (rc == 0)
		rc = fsck_day(&f, p->tenant, p->day, g.pack, g.n, e) < 0 ? -1 : 0;
	for (size_t i = 0; i < g.unusable.n && rc == 0; i++)
		rc = set_aside(r, g.unusable.v[i].name, e);
	if (rc == 0)
		rc = build_orphans(r, &g, e);
	buf_release(&folder);
	free(g.pack);
	free(g.orphan);
	fault_list_release(&g.unusable);
	arena_release(&g.mem);
	return rc;
}

static void on_merged(const char *name, size_t n, void *data)
{
	say(data, "made", "would make", "'%s' in place of %zu index files", name, n);
}

static int merge_day(struct repair *r, const struct place *p, struct err *e)
{
	const struct index_compaction c = { .store = r->r->store,
					    .tenant = p->tenant,
					    .one_day = true,
					    .day = p->day,
					    .delay_ns = r->r->delay_ns,
					    .dry_run = r->r->dry_run,
					    .made = on_merged,
					    .data = r };

	return index_compact(&c, e);
}

static int mend_days(struct repair *r, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < r->n_places && rc == 0; i++) {
		const struct place *p = &r->place[i];
		struct store_lock *lock = NULL;
		char day[TIME_DAY_LEN + 1];

		time_day_text(p->day, day);
		if (p->build && r->r->dry_run)
			say(r, "", "would make", "index files of what '%.*s/chunks/%s' then has",
			    BYTES_ARG(p->tenant), day);
		else if (p->build)
			rc = lock_day(r, p->tenant, p->day, &lock, e);
		if (p->build && !r->r->dry_run && rc == 0)
			rc = build_day(r, p, e);
		store_unlock(lock);
		if (rc >= 0 && p->merge)
			rc = merge_day(r, p, e);
		rc = rc > 0 ? 0 : rc; /* who has the day finds it as it is, and so does the next */
	}
	return rc;
}

int64_t index_repair(const struct index_repair *how, const struct fault_list *l, struct err *e)
{
	struct repair r = { .r = how, .l = l };
	int rc;

	rc = mend_all(&r, true, e);
	if (rc == 0)
		rc = mend_all(&r, false, e);
	if (rc == 0)
		rc = mend_days(&r, e);
	free(r.place);
	map_release(&r.moved);
	arena_release(&r.mem);
	return rc < 0 ? -1 : r.n_kept;
}
