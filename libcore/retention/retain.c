#include "retention/retain.h"

#include <stdlib.h>

#include "index/dated.h"
#include "index/due.h"
#include "index/merge.h"
#include "index/sweep.h"
#include "retention/expire.h"
#include "retention/retention.h"
#include "retention/survey.h"
#include "store/names.h"
#include "store/reserve.h"
#include "store/shard.h"
#include "store/tenants.h"
#include "time/time.h"

enum { RESERVE_LEAST = 1 << 20 };

struct walk {
	const struct retain *r;
	struct survey survey;
	struct bytes tenant;
	const struct limits *limits; /* the tenant's; NULL: nothing expires */
	int32_t day;
};

/* The store that has the index files, which are written here. */
static struct store *of_index(const struct retain *r)
{
	struct buf any = { 0 };
	struct store *ret;

	store_folder_add_all(&any, STORE_INDEX, BYTES_LIT("any"));
	ret = store_part(r->store, buf_str(&any));
	buf_release(&any);
	return ret;
}

static void tell(const struct retain *r, const struct err *e)
{
	if (r->fault)
		r->fault(e, r->data);
}

static int sweep_day(const struct walk *w, struct err *e)
{
	const struct retain *r = w->r;
	const struct sweep s = { .store = r->store,
				 .tenant = w->tenant,
				 .day = w->day,
				 .delay_ns = r->delay_ns,
				 .mode = r->dry_run ? SWEEP_DRY : SWEEP_DELETE,
				 .deleted = r->deleted,
				 .fault = r->fault,
				 .data = r->data };

	return index_sweep(&s, e) < 0 ? -1 : 0;
}

static const char *pick(const struct hash128 *pack, void *data)
{
	const struct walk *w = data;

	return survey_rule(&w->survey, w->tenant, w->day, pack);
}

/* A file that is damaged anywhere would take what it has with it. */
static bool all_right(const struct walk *w, const struct expiry *y)
{
	bool ret = true;

	for (size_t i = 0; i < y->live->n; i++) {
		struct err e;

		if (!y->take[i] || index_verify(y->live->v[i], NULL, NULL) == 0)
			continue;
		err_set(&e, ERR_CORRUPT, "'%s': damaged; nothing of its day goes",
			index_label(y->live->v[i]));
		tell(w->r, &e);
		ret = false;
	}
	return ret;
}

static int tell_gone(const struct walk *w, const struct expiry *y, struct err *e)
{
	for (size_t i = 0; i < y->n_sums; i++) {
		const struct expire_sum *s = &y->sum[i];
		const struct retain_gone g = { w->tenant, w->day,     buf_bytes(&s->rule),
					       s->chunks, s->entries, s->bytes };

		if (w->r->gone(&g, w->r->data, e) < 0)
			return -1;
	}
	return 0;
}

/* 1 when an index file was written. */
static int drop(const struct walk *w, const struct expiry *y, struct err *e)
{
	const struct retain *r = w->r;
	const struct index_merge m = { .store = r->store,
				       .tenant = w->tenant,
				       .day = w->day,
				       .live = y->live,
				       .take = y->take,
				       .drop = (const bool *const *)y->drop };
	struct buf name = { 0 };
	struct hash128 hash;
	size_t n = 0;
	int rc;

	if (!y->any || !all_right(w, y))
		return 0;
	for (size_t i = 0; i < y->live->n; i++)
		n += y->take[i];
	rc = index_merge(&m, r->dry_run ? INDEX_MERGE_NAME : INDEX_MERGE_WRITE, &hash, &name, e);
	if (rc == 0 && r->made)
		r->made(buf_str(&name), n, r->data);
	if (rc == 0)
		rc = tell_gone(w, y, e);
	buf_release(&name);
	return rc < 0 ? -1 : 1;
}

static struct expire expire_of(struct walk *w)
{
	return (struct expire){ .tenant = w->tenant,
				.limits = w->limits,
				.hold = w->r->hold,
				.now_ns = w->r->now_ns,
				.pick = w->survey.at.n ? pick : NULL,
				.pick_data = w };
}

static int drop_of_day(struct walk *w, struct err *e)
{
	const struct expire x = expire_of(w);
	struct expiry y = { 0 };
	struct live l;
	int rc = live_load(w->r->store, w->tenant, w->day, &l, e);

	if (rc < 0)
		return -1;
	for (size_t i = 0; i < l.n_faults; i++)
		tell(w->r, &l.faults[i].err);
	rc = expire_find(&x, &l, &y, e);
	if (rc == 0)
		rc = drop(w, &y, e);
	expiry_release(&y);
	live_release(&l);
	return rc;
}

/* The others have their turn. */
static bool is_of_the_day(const struct walk *w, const struct err *e)
{
	return e->code == ERR_CORRUPT || e->code == ERR_VERSION || e->code == ERR_AGAIN ||
	       e->code == ERR_LIMIT ||
	       (e->code == ERR_IO && dated_is_shut(w->r->store, w->tenant, w->day));
}

/* Without a delay what was just replaced goes too; and then the file that said so, if nothing else
 * is left. */
static int retain_day(struct walk *w, struct err *e)
{
	int rc = sweep_day(w, e);

	if (rc == 0)
		rc = drop_of_day(w, e);
	if (rc < 0 && e->code == ERR_AGAIN) /* others were faster */
		rc = drop_of_day(w, e);
	for (int i = 0; i < 2 && rc >= 0 && w->r->delay_ns == 0 && !w->r->dry_run; i++)
		if (sweep_day(w, e) < 0)
			rc = -1;
	return rc < 0 ? -1 : 0;
}

/* The last day of which anything may have expired; but what was done to make room may be waiting on
 * any. */
static int32_t last_day(const struct walk *w)
{
	int64_t first, last = INT64_MIN;

	if (survey_is_wanted(w->r))
		return INT32_MAX;
	if (w->limits)
		retention_bounds(w->limits, w->r->now_ns, &first, &last);
	return last == INT64_MIN ? INT32_MIN : time_day(last - 1);
}

static int one_day(int32_t day, void *data, struct err *e)
{
	struct walk *w = data;
	const struct retain *r = w->r;
	struct store_lock *lock = NULL;
	struct err why = { 0 };
	int rc = 0;

	w->day = day;
	if (!shard_has(r->shard, r->n_shards, w->tenant, day))
		return 0;
	if (!r->dry_run) {
		lock = index_lock(r->store, w->tenant, day, &why);
		if (!lock && why.code == ERR_FULL && store_reserve_spend(of_index(r)))
			lock = index_lock(r->store, w->tenant, day, &why);
		if (!lock && why.code == ERR_AGAIN) {
			if (r->busy)
				r->busy(w->tenant, day, r->data);
			return 0;
		}
		rc = lock ? 0 : -1;
	}
	if (rc == 0)
		rc = retain_day(w, &why);
	if (rc < 0 && lock && why.code == ERR_FULL && store_reserve_spend(of_index(r)))
		rc = retain_day(w, &why);
	store_unlock(lock);
	if (rc == 0)
		return 0;
	if (is_of_the_day(w, &why)) {
		tell(r, &why);
		return 0;
	}
	if (e)
		*e = why;
	return -1;
}

/* Nothing obsolete waits there, so all there might be to do is what expires now. */
static bool wants(const struct due_day *d, void *data)
{
	struct walk *w = data;
	const struct expire x = expire_of(w);
	struct expiry y = { 0 };
	bool ret;

	w->day = d->day;
	ret = expire_find(&x, d->live, &y, NULL) < 0 || y.any;
	expiry_release(&y);
	return ret;
}

static int one_tenant(const char *name, uint64_t size, void *data, struct err *e)
{
	struct walk *w = data;
	struct err why;
	int32_t last;
	int rc = 0;

	(void)size;
	w->tenant = bytes_str(name);
	w->limits = w->r->limits ? limits_of(w->r->limits, w->tenant) : NULL;
	if (!w->r->dry_run && w->r->shard == 0)
		rc = index_sweep_abandoned(w->r->store, w->tenant, &why);
	if (rc < 0 && why.code == ERR_IO && !store_is_remote(w->r->store)) {
		tell(w->r, &why); /* a folder is shut: its day says what that means */
		rc = 0;
	}
	last = last_day(w);
	if (rc == 0 && last > INT32_MIN)
		rc = due_days(w->r->store, w->tenant, last, DUE_WHEN_WANTED, wants, one_day, w,
			      &why);
	if (rc == 0)
		return 0;
	if (why.code != ERR_CORRUPT)
		return err_set(e, why.code, "%s", why.msg);
	tell(w->r, &why); /* the others have their turn */
	return 0;
}

int retain_store(const struct retain *r, struct err *e)
{
	struct walk w = { .r = r };
	int rc = survey_is_wanted(r) ? survey_store(r, &w.survey, e) : 0;

	if (rc == 0 && r->tenant.n == 0 && !r->dry_run && r->shard == 0)
		rc = index_sweep_abandoned(r->store, r->tenant, e);
	if (rc == 0)
		rc = store_each_tenant(r->store, r->tenant, one_tenant, &w, e);
	/* On a disk that is to be kept from filling up, enough for the largest index file. */
	if (rc == 0 && r->keep_free > 0 && !r->dry_run)
		rc = store_reserve_keep(of_index(r), RESERVE_LEAST + w.survey.largest_day, e);
	survey_release(&w.survey);
	return rc;
}
