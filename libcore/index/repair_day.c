#include "index/repair_day.h"

#include <stdlib.h>

#include "base/mem.h"
#include "index/fsck_day.h"
#include "index/live.h"
#include "index/scan.h"

struct gathering {
	const struct repair_day *r;
	struct fsck_pack *pack;
	size_t n, cap;
	struct store_name *orphan; /* their tenant is r's */
	size_t n_orphans, cap_orphans;
	struct repair_packs *unusable; /* who wants them; or NULL */
	int64_t n_unknown;	       /* of a version that this program does not know */
	struct fault_list *unneeded;
};

static int gather_pack(const struct store_object *o, void *data, struct err *e)
{
	struct gathering *g = data;
	struct store_name sn;

	(void)e;
	if (store_name_parse(bytes_str(o->name), &sn, NULL) < 0 || sn.kind != STORE_PACK ||
	    hash128_among(g->r->gone.v, g->r->gone.n, &sn.hash))
		return 0;
	mem_grow(&g->pack, &g->cap, g->n + 1, sizeof(*g->pack));
	g->pack[g->n++] = (struct fsck_pack){ sn.day, sn.hash, o->size, o->date_ns };
	return 0;
}

static void add_orphan(struct gathering *g, const struct store_name *name)
{
	mem_grow(&g->orphan, &g->cap_orphans, g->n_orphans + 1, sizeof(*g->orphan));
	g->orphan[g->n_orphans++] = *name;
}

static void add_unusable(struct repair_packs *l, const struct store_name *name)
{
	mem_grow(&l->v, &l->cap, l->n + 1, sizeof(*l->v));
	l->v[l->n++] = (struct repair_pack){ .name = *name };
}

static void gather_fault(const struct index_fault *f, void *data)
{
	struct gathering *g = data;
	struct store_name sn;

	if (store_name_parse(bytes_str(f->name), &sn, NULL) < 0)
		return;
	sn.tenant = g->r->tenant;
	switch (f->kind) {
	case FAULT_ORPHAN:
		add_orphan(g, &sn);
		return;
	case FAULT_DAMAGED:
		if (f->err.code != ERR_CORRUPT)
			g->n_unknown++;
		else if (g->unusable)
			add_unusable(g->unusable, &sn);
		return;
	case FAULT_SUPERFLUOUS:
	case FAULT_LEFTOVER:
		if (g->unneeded)
			fault_list_add(g->unneeded, f);
		return;
	default:
		return;
	}
}

/* What of the packs no index file knows. */
static int gather(struct gathering *g, const struct hash_list *without, struct err *e)
{
	const struct repair_day *r = g->r;
	const struct index_fsck f = { .store = r->store,
				      .depth = FSCK_UNNAMED,
				      .without = without,
				      .tell = gather_fault,
				      .data = g };
	struct buf folder = { 0 };
	int rc;

	store_folder_add(&folder, STORE_PACK, r->tenant, r->day);
	rc = store_list_objects(r->store, buf_str(&folder), gather_pack, g, e);
	if (rc == 0)
		rc = fsck_day(&f, r->tenant, r->day, g->pack, g->n, e) < 0 ? -1 : 0;
	buf_release(&folder);
	return rc;
}

static void gathering_release(struct gathering *g)
{
	free(g->pack);
	free(g->orphan);
}

/* ---- packs that no index file can name ---- */

void repair_packs_release(struct repair_packs *l)
{
	for (size_t i = 0; i < l->n; i++)
		salvaged_release(&l->v[i].salvaged);
	free(l->v);
	*l = (struct repair_packs){ 0 };
}

static int pass_chunk(const struct chunk *head, const struct index_chunk *c,
		      const struct index_block *blocks, void *data, struct err *e)
{
	(void)head;
	(void)c;
	(void)blocks;
	(void)data;
	(void)e;
	return 0;
}

/* Can an index file name it, by its trailer and the heads of its chunks? 1, also of a version that
 * this program does not know; 0; -1. */
static int is_nameable(struct store *s, const struct store_name *pack, struct err *e)
{
	struct pack_scan scan;
	struct err why;
	int rc = pack_scan_open(s, pack, &scan, &why);

	if (rc == 0) {
		rc = pack_scan_chunks(&scan, pass_chunk, NULL, &why);
		pack_scan_close(&scan);
	}
	if (rc == 0 || why.code == ERR_CORRUPT)
		return rc == 0;
	if (why.code == ERR_VERSION || why.code == ERR_LIMIT)
		return 1; /* not damaged: who makes index files tells it */
	*e = why;
	return -1;
}

static int split_orphans(struct gathering *g, struct err *e)
{
	size_t n = 0;

	for (size_t i = 0; i < g->n_orphans; i++) {
		int rc = hash128_among(g->r->damaged.v, g->r->damaged.n, &g->orphan[i].hash)
				 ? 0
				 : is_nameable(g->r->store, &g->orphan[i], e);

		if (rc < 0)
			return -1;
		if (rc == 0)
			add_unusable(g->unusable, &g->orphan[i]);
		else
			g->orphan[n++] = g->orphan[i];
	}
	g->n_orphans = n;
	return 0;
}

/* What is not ours is nobody's to take apart. */
static void drop_others(struct repair_packs *l, struct store *s)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++) {
		struct buf name = { 0 };

		store_name_add(&name, &l->v[i].name);
		if (fsck_start(s, &l->v[i].name, buf_str(&name)) != FSCK_START_OTHER)
			l->v[n++] = l->v[i];
		buf_release(&name);
	}
	l->n = n;
}

/* A repair that was killed may have done so before, and others have worked with what it made. */
static int salvage_all(struct gathering *g, const struct hash_list *known, struct err *e)
{
	const struct salvage_how how = { .dry_run = g->r->dry_run };

	for (size_t i = 0; i < g->unusable->n; i++) {
		struct repair_pack *p = &g->unusable->v[i];
		struct store_name made = p->name;

		if (salvage_pack(g->r->store, &p->name, &how, &p->salvaged, e) < 0)
			return -1;
		made.hash = p->salvaged.name;
		if (!how.dry_run && p->salvaged.entries &&
		    !hash128_among(known->v, known->n, &made.hash))
			add_orphan(g, &made);
	}
	return 0;
}

/* Ascending. NULL: without none. */
static int find_known(const struct repair_day *r, const struct hash_list *without,
		      struct hash_list *ret, struct err *e)
{
	struct live live;
	int rc = live_load_without(r->store, r->tenant, r->day, without, &live, e);

	if (rc < 0)
		return -1;
	rc = live_known_packs(&live, ret, e);
	live_release(&live);
	return rc;
}

static int salvage(struct gathering *g, struct err *e)
{
	const struct repair_day *r = g->r;
	struct hash_list known = { 0 };
	int rc;

	drop_others(g->unusable, r->store);
	if (g->unusable->n == 0)
		return 0;
	rc = find_known(r, &r->without, &known, e);
	if (rc == 0)
		rc = salvage_all(g, &known, e);
	free(known.v);
	return rc;
}

int repair_leave_named(const struct repair_day *r, struct repair_packs *l, struct err *e)
{
	struct hash_list known = { 0 };
	size_t n = 0;

	if (l->n == 0)
		return 0;
	if (find_known(r, NULL, &known, e) < 0)
		return -1;
	for (size_t i = 0; i < l->n; i++)
		if (hash128_among(known.v, known.n, &l->v[i].name.hash))
			salvaged_release(&l->v[i].salvaged);
		else
			l->v[n++] = l->v[i];
	l->n = n;
	free(known.v);
	return 0;
}

/* ---- both ---- */

int64_t repair_build(const struct repair_day *r, const struct build_events *ev,
		     struct repair_packs *unusable, struct err *e)
{
	struct gathering g = { .r = r, .unusable = unusable };
	int64_t ret = gather(&g, &r->without, e);

	if (ret == 0)
		ret = split_orphans(&g, e);
	if (ret == 0)
		ret = salvage(&g, e);
	if (ret == 0 && g.n_orphans && !r->dry_run)
		ret = index_build(r->store, g.orphan, g.n_orphans, ev, e);
	if (ret >= 0)
		ret += g.n_unknown;
	gathering_release(&g);
	return ret;
}

int repair_unneeded(const struct repair_day *r, struct fault_list *ret, struct err *e)
{
	struct gathering g = { .r = r, .unneeded = ret };
	int rc = gather(&g, NULL, e);

	gathering_release(&g);
	return rc;
}
