#include "index/compact.h"

#include <stdlib.h>

#include "base/mem.h"
#include "index/due.h"
#include "store/store.h"
#include "store/tenants.h"

struct walk {
	const struct index_compaction *c;
	struct bytes tenant;
};

static void tell(const struct index_compaction *c, const struct err *e)
{
	if (c->fault)
		c->fault(e, c->data);
}

static int sweep_day(const struct walk *w, int32_t day, struct err *e)
{
	const struct index_compaction *c = w->c;
	const struct sweep s = { .store = c->store,
				 .tenant = w->tenant,
				 .day = day,
				 .delay_ns = c->delay_ns,
				 .mode = c->dry_run ? SWEEP_DRY : SWEEP_DELETE,
				 .deleted = c->deleted,
				 .fault = c->fault,
				 .data = c->data };

	return index_sweep(&s, e) < 0 ? -1 : 0;
}

/* A file that is damaged anywhere would take what it has with it. */
static bool is_right(const struct index_compaction *c, struct index *ix)
{
	struct err e;

	if (index_verify(ix, NULL, NULL) == 0)
		return true;
	err_set(&e, ERR_CORRUPT, "'%s': damaged; it stays as it is", index_label(ix));
	tell(c, &e);
	return false;
}

/* 1 when a file was written. */
static int merge_live(const struct walk *w, int32_t day, const struct live *l, struct err *e)
{
	const struct index_compaction *c = w->c;
	bool *take = mem_alloc((l->n + 1) * sizeof(*take));
	struct index_merge m = {
		.store = c->store, .tenant = w->tenant, .day = day, .live = l, .take = take
	};
	struct buf name = { 0 };
	struct hash128 hash;
	size_t n = 0;
	int rc = 0;

	for (size_t i = 0; i < l->n_faults; i++)
		tell(c, &l->faults[i].err);
	for (size_t i = 0; l->n > 1 && i < l->n; i++) {
		take[i] = is_right(c, l->v[i]);
		n += take[i];
	}
	if (n > 1) {
		rc = index_merge(&m, c->dry_run ? INDEX_MERGE_NAME : INDEX_MERGE_WRITE, &hash,
				 &name, e);
		if (rc == 0 && c->made)
			c->made(buf_str(&name), n, c->data);
	}
	free(take);
	buf_release(&name);
	return rc < 0 ? -1 : n > 1;
}

static int merge_now(const struct walk *w, int32_t day, struct err *e)
{
	struct live l;
	int rc = live_load(w->c->store, w->tenant, day, &l, e);

	if (rc == 0) {
		rc = merge_live(w, day, &l, e);
		live_release(&l);
	}
	return rc;
}

static int merge_day(const struct walk *w, int32_t day, struct err *e)
{
	int rc = merge_now(w, day, e);

	if (rc < 0 && e->code == ERR_AGAIN) /* others were faster */
		rc = merge_now(w, day, e);
	if (rc == 1 && w->c->delay_ns == 0 && !w->c->dry_run)
		return sweep_day(w, day, e);
	return rc < 0 ? -1 : 0;
}

static int one_day(int32_t day, void *data, struct err *e)
{
	const struct walk *w = data;
	struct store_lock *lock = NULL;
	struct err why = { 0 };
	int rc = 0;

	if (w->c->one_day && day != w->c->day)
		return 0;
	if (!w->c->dry_run) {
		lock = index_lock(w->c->store, w->tenant, day, &why);
		if (!lock && why.code == ERR_AGAIN) {
			if (w->c->busy)
				w->c->busy(w->tenant, day, w->c->data);
			return 0;
		}
		rc = lock ? 0 : -1;
	}
	if (rc == 0)
		rc = sweep_day(w, day, &why);
	if (rc == 0)
		rc = merge_day(w, day, &why);
	store_unlock(lock);
	if (rc == 0)
		return 0;
	if (why.code == ERR_IO || why.code == ERR_FULL || why.code == ERR_NOMEM) {
		if (e)
			*e = why;
		return -1;
	}
	tell(w->c, &why);
	return 0;
}

/* Nothing obsolete waits there, so all there might be to do is to merge. */
static bool wants(const struct due_day *d, void *data)
{
	(void)data;
	return d->live->n > 1;
}

static int one_tenant(const char *name, uint64_t size, void *data, struct err *e)
{
	const struct index_compaction *c = data;
	struct walk w = { .c = c, .tenant = bytes_str(name) };
	struct err why;

	(void)size;
	if (due_days(c->store, w.tenant, INT32_MAX, 1, wants, one_day, &w, &why) == 0)
		return 0;
	if (why.code != ERR_CORRUPT)
		return err_set(e, why.code, "%s", why.msg);
	tell(c, &why); /* the others have their turn */
	return 0;
}

int index_compact(const struct index_compaction *c, struct err *e)
{
	return store_each_tenant(c->store, c->tenant, one_tenant, (void *)(uintptr_t)c, e);
}
