#include "compact/compact.h"

#include "compact/day.h"
#include "store/shard.h"
#include "store/tenants.h"
#include "index/dated.h"
#include "index/sweep.h"
#include "store/store.h"
#include "time/time.h"

struct walk {
	const struct compact_opts *o;
	struct bytes tenant;
	int64_t now_ns; /* the store's; INT64_MIN: not asked yet */
};

static int merge_all(struct day_job *d, struct err *e)
{
	int64_t start = time_mono_ns();
	int rc;

	do
		rc = day_merge(d, e);
	while (rc == 1);
	d->sum.took_ns = time_mono_ns() - start;
	if (d->sum.packs_in > 0 && d->o->on_day &&
	    d->o->on_day(d->o->data, &d->sum, rc == 0 ? e : NULL) < 0)
		rc = -1;
	return rc;
}

static void tell_deleted(const char *name, uint64_t size, void *data)
{
	const struct compact_opts *o = data;

	(void)size;
	if (o->on_deleted)
		o->on_deleted(o->data, name);
}

static void tell_fault(const struct err *e, void *data)
{
	const struct compact_opts *o = data;

	o->on_fault(o->data, e);
}

/* What this finds damaged, merging finds too: it is told once. */
enum sweep_faults { SWEEP_TELLS, SWEEP_IS_SILENT };

static int sweep_day(const struct walk *w, int32_t day, enum sweep_faults faults, struct err *e)
{
	const struct compact_opts *o = w->o;
	const struct sweep s = { .store = o->store,
				 .tenant = w->tenant,
				 .day = day,
				 .delay_ns = o->delete_delay_ns,
				 .mode = o->dry_run ? SWEEP_DRY : SWEEP_DELETE,
				 .deleted = tell_deleted,
				 .fault = faults == SWEEP_TELLS ? tell_fault : NULL,
				 .data = (void *)(uintptr_t)o };

	return index_sweep(&s, e) < 0 ? -1 : 0;
}

static int compact_day(const struct walk *w, int32_t day, struct err *e)
{
	const struct compact_opts *o = w->o;
	struct day_job d = { .o = o, .sum = { .tenant = w->tenant, .day = day } };
	int rc = sweep_day(w, day, SWEEP_IS_SILENT, e);

	if (rc == 0)
		rc = o->dry_run ? day_plan(&d, e) : merge_all(&d, e);
	if (rc == 0 && !o->dry_run && o->delete_delay_ns == 0 && d.sum.packs_in > 0)
		rc = sweep_day(w, day, SWEEP_TELLS, e);
	day_release(&d);
	return rc;
}

/* A day whose files cannot be told apart now, or seen, does not keep the others from their turn. */
static bool is_of_the_day(const struct walk *w, int32_t day, const struct err *e)
{
	return e->code == ERR_CORRUPT || e->code == ERR_VERSION || e->code == ERR_LIMIT ||
	       e->code == ERR_AGAIN ||
	       (e->code == ERR_IO && dated_is_shut(w->o->store, w->tenant, day));
}

static bool is_ours(const struct walk *w, int32_t day)
{
	const struct compact_opts *o = w->o;

	return (!o->one_day || day == o->day) && shard_has(o->shard, o->n_shards, w->tenant, day);
}

static bool wants(const struct due_day *d, void *data)
{
	struct walk *w = data;

	if (!is_ours(w, d->day))
		return false;
	if (w->now_ns == INT64_MIN)
		w->now_ns = store_now_to_look(w->o->store, "");
	return day_wants(w->o, w->tenant, d, w->now_ns);
}

static int one_day(int32_t day, void *data, struct err *e)
{
	const struct walk *w = data;
	const struct compact_opts *o = w->o;
	struct store_lock *lock = NULL;
	int rc;

	if (!is_ours(w, day))
		return 0;
	if (!o->dry_run) {
		lock = index_lock(o->store, w->tenant, day, e);
		if (!lock && e->code == ERR_AGAIN) {
			if (o->on_left)
				o->on_left(o->data, w->tenant, day,
					   "left to another compaction, which is at work");
			return 0;
		}
		if (!lock)
			return -1;
	}
	rc = compact_day(w, day, e);
	store_unlock(lock);
	if (rc < 0 && is_of_the_day(w, day, e)) {
		o->on_fault(o->data, e);
		rc = 0;
	}
	return rc;
}

/* Of an object store, where asking costs requests, this is left to idxbuild --retain. */
static int sweep_abandoned(const struct compact_opts *o, struct bytes tenant, struct err *e)
{
	if (o->dry_run || o->one_day || o->shard > 0 || store_is_remote(o->store))
		return 0;
	return index_sweep_abandoned(o->store, tenant, e);
}

static int compact_tenant(struct walk *w, struct err *e)
{
	const struct compact_opts *o = w->o;

	if (sweep_abandoned(o, w->tenant, e) < 0) {
		if (e->code != ERR_IO)
			return -1;
		o->on_fault(o->data, e); /* a folder is shut: its day says what that means */
	}
	return due_days(o->store, w->tenant, INT32_MAX, DUE_WHEN_WANTED, wants, one_day, w, e);
}

static int one_tenant(const char *name, uint64_t size, void *data, struct err *e)
{
	struct walk w = { .o = data, .tenant = bytes_str(name), .now_ns = INT64_MIN };

	(void)size;
	if (compact_tenant(&w, e) == 0)
		return 0;
	if (e->code != ERR_CORRUPT)
		return -1;
	w.o->on_fault(w.o->data, e); /* the others have their turn */
	return 0;
}

int compact_store(const struct compact_opts *o, struct err *e)
{
	if (o->tenant.n == 0 && sweep_abandoned(o, o->tenant, e) < 0)
		return -1;
	return store_each_tenant(o->store, o->tenant, one_tenant, (void *)(uintptr_t)o, e);
}
