#include "index/repair_day.h"

#include <stdlib.h>

#include "base/mem.h"
#include "index/fsck_day.h"

struct gathering {
	const struct repair_day *r;
	struct fsck_pack *pack;
	size_t n, cap;
	struct arena mem; /* tenants of orphans */
	struct store_name *orphan;
	size_t n_orphans, cap_orphans;
	struct fault_list *unusable, *unneeded; /* who wants them; or NULL */
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

static void gather_fault(const struct index_fault *f, void *data)
{
	struct gathering *g = data;
	struct store_name sn;

	switch (f->kind) {
	case FAULT_ORPHAN:
		if (store_name_parse(bytes_str(f->name), &sn, NULL) < 0)
			return;
		sn.tenant = arena_copy(&g->mem, sn.tenant);
		mem_grow(&g->orphan, &g->cap_orphans, g->n_orphans + 1, sizeof(*g->orphan));
		g->orphan[g->n_orphans++] = sn;
		return;
	case FAULT_DAMAGED:
		if (g->unusable)
			fault_list_add(g->unusable, f);
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
	arena_release(&g->mem);
}

int64_t repair_build(const struct repair_day *r, const struct build_events *ev,
		     struct fault_list *unusable, struct err *e)
{
	struct gathering g = { .r = r, .unusable = unusable };
	int64_t ret = gather(&g, &r->without, e);

	if (ret == 0 && g.n_orphans)
		ret = index_build(r->store, g.orphan, g.n_orphans, ev, e);
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
