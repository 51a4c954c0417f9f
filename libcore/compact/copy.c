#include "compact/copy.h"

#include <stdlib.h>

#include "base/mem.h"
#include "compact/copy_day.h"
#include "compact/copy_requests.h"
#include "compact/copy_target.h"
#include "index/live.h"
#include "store/shard.h"
#include "store/tenants.h"
#include "limits/file.h"
#include "store/names.h"
#include "time/time.h"

/* What the target had of a day before. */
struct there {
	int32_t day;
	struct copy_target has;
};

struct walk {
	const struct copy_opts *o;
	struct bytes tenant;
	struct copy_hidden hidden;
	struct there *there; /* ascending */
	size_t n_there, cap_there;
	struct err failed; /* by on_day, of a day that was there */
};

static bool is_ours(const struct walk *w, int32_t day)
{
	const struct copy_opts *o = w->o;

	return (!o->one_day || day == o->day) && shard_has(o->shard, o->n_shards, w->tenant, day);
}

/* ---- what is there already ---- */

static struct bytes to_tenant(const struct walk *w)
{
	return w->o->to_tenant.n ? w->o->to_tenant : w->tenant;
}

static void note_there(struct walk *w, int32_t day, struct copy_target *t, bool known)
{
	if (!known) {
		copy_target_release(t);
		return;
	}
	mem_grow(&w->there, &w->cap_there, w->n_there + 1, sizeof(*w->there));
	w->there[w->n_there++] = (struct there){ day, *t };
}

static bool see_target(const struct due_day *d, void *data)
{
	struct walk *w = data;
	struct copy_target t = { 0 };

	if (is_ours(w, d->day))
		note_there(w, d->day, &t, copy_target_of(d, &t, NULL) == 0);
	return false;
}

static void note_fault(void *data, const struct err *fault)
{
	(void)fault;
	*(bool *)data = true;
}

/* Days of a remote one that are not in order are looked at when it is their turn. So are those with
 * a fault, which is then told once, if the source has such a day at all. */
static int see_target_day(int32_t day, void *data, struct err *e)
{
	struct walk *w = data;
	struct copy_target t = { 0 };
	bool faulty = false;
	struct copy_opts quiet = *w->o;

	(void)e;
	quiet.on_fault = note_fault;
	quiet.data = &faulty;
	if (is_ours(w, day) && !store_is_remote(w->o->to)) {
		int rc = copy_target_look(&quiet, to_tenant(w), day, &t, NULL);

		note_there(w, day, &t, rc == 0 && !faulty);
	}
	return 0;
}

static int by_day(const void *pa, const void *pb)
{
	const struct there *a = pa, *b = pb;

	return (a->day > b->day) - (a->day < b->day);
}

static bool is_there(const struct walk *w, const struct live *src, struct copy_day *sum)
{
	const struct there want = { .day = sum->day }, *t = NULL;

	if (w->n_there)
		t = bsearch(&want, w->there, w->n_there, sizeof(want), by_day);
	return t && copy_day_is_there(w->o, &w->hidden, src, &t->has, sum);
}

/* Of a source in a folder, which is looked at day by day. */
static bool is_there_now(const struct walk *w, struct copy_day *sum)
{
	struct live src;
	bool ret;

	if (store_is_remote(w->o->from) || w->n_there == 0 ||
	    live_load(w->o->from, w->tenant, sum->day, &src, NULL) < 0)
		return false;
	ret = is_there(w, &src, sum);
	live_release(&src);
	return ret;
}

/* ---- days ---- */

static int tell(const struct walk *w, const struct copy_day *sum, struct err *e)
{
	return sum->packs + sum->index_files > 0 ? w->o->on_day(w->o->data, sum, e) : 0;
}

static struct copy_day day_of(const struct walk *w, int32_t day)
{
	return (struct copy_day){ .tenant = w->tenant, .to_tenant = to_tenant(w), .day = day };
}

static bool wants(const struct due_day *d, void *data)
{
	struct walk *w = data;
	struct copy_day sum = day_of(w, d->day);

	if (!is_ours(w, d->day) || w->failed.code != ERR_NONE)
		return false;
	if (!is_there(w, d->live, &sum))
		return true;
	if (tell(w, &sum, &w->failed) == 0)
		w->failed.code = ERR_NONE;
	return false;
}

static int one_day(int32_t day, void *data, struct err *e)
{
	const struct walk *w = data;
	const struct copy_opts *o = w->o;
	struct copy_day sum = day_of(w, day), there = sum;

	if (!is_ours(w, day) || w->failed.code != ERR_NONE)
		return 0;
	if (is_there_now(w, &there))
		return tell(w, &there, e);
	if (copy_day(o, &w->hidden, &sum, e) < 0) {
		struct buf b = { 0 };

		store_folder_add(&b, STORE_INDEX, w->tenant, day);
		err_wrap(e, "'%s/%s'", store_path(o->from), buf_str(&b));
		buf_release(&b);
		if (e->code != ERR_AGAIN)
			return -1;
		o->on_fault(o->data, e);
		return 0;
	}
	return tell(w, &sum, e);
}

/* Where one of the stores is remote, what is there is found out for all days together. */
static int all_days(struct walk *w, struct err *e)
{
	const struct copy_opts *o = w->o;
	int rc = 0;

	w->failed.code = ERR_NONE;
	if (store_is_remote(o->from) || store_is_remote(o->to))
		rc = due_days(o->to, to_tenant(w), INT32_MAX, DUE_WHEN_WANTED, see_target,
			      see_target_day, w, e);
	if (rc == 0)
		rc = due_days(o->from, w->tenant, INT32_MAX, DUE_WHEN_WANTED, wants, one_day, w, e);
	if (rc == 0 && w->failed.code != ERR_NONE)
		rc = err_set(e, w->failed.code, "%s", w->failed.msg);
	for (size_t i = 0; i < w->n_there; i++)
		copy_target_release(&w->there[i].has);
	free(w->there);
	return rc;
}

static int find_hidden(struct walk *w, struct limits_set **ret, struct err *e)
{
	const struct copy_opts *o = w->o;
	struct report report = { 0 };

	if (limits_load(NULL, o->from, ret, &report, e) < 0)
		return -1;
	if (*ret)
		w->hidden.limits = limits_of(*ret, w->tenant);
	w->hidden.now_ns = time_now_ns();
	return deletes_list(o->from, w->tenant, DELETES_IN_FORCE, &w->hidden.requests, e);
}

static int one_tenant(const char *name, uint64_t size, void *data, struct err *e)
{
	const struct copy_opts *o = data;
	struct walk w = { .o = o, .tenant = bytes_str(name) };
	struct limits_set *limits = NULL;
	int rc;

	(void)size;
	rc = o->to_tenant.n && !bytes_eq(o->to_tenant, w.tenant) ? find_hidden(&w, &limits, e)
								 : copy_requests(o, w.tenant, e);
	if (rc == 0)
		rc = all_days(&w, e);
	deletes_release(&w.hidden.requests);
	limits_set_drop(limits);
	return rc;
}

int copy_store(const struct copy_opts *o, struct err *e)
{
	return store_each_tenant(o->from, o->tenant, one_tenant, (void *)(uintptr_t)o, e);
}
