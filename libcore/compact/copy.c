#include "compact/copy.h"

#include "compact/copy_day.h"
#include "compact/copy_requests.h"
#include "index/live.h"
#include "store/shard.h"
#include "store/tenants.h"
#include "limits/file.h"
#include "store/names.h"
#include "time/time.h"

struct walk {
	const struct copy_opts *o;
	struct bytes tenant;
	struct copy_hidden hidden;
};

static int one_day(int32_t day, void *data, struct err *e)
{
	const struct walk *w = data;
	const struct copy_opts *o = w->o;
	struct copy_day sum = { .tenant = w->tenant, .day = day };

	if ((o->one_day && day != o->day) || !shard_has(o->shard, o->n_shards, w->tenant, day))
		return 0;
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
	return sum.packs + sum.index_files > 0 ? o->on_day(o->data, &sum, e) : 0;
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
		rc = live_days(o->from, w.tenant, INT32_MIN, INT32_MAX, one_day, &w, e);
	deletes_release(&w.hidden.requests);
	limits_set_drop(limits);
	return rc;
}

int copy_store(const struct copy_opts *o, struct err *e)
{
	return store_each_tenant(o->from, o->tenant, one_tenant, (void *)(uintptr_t)o, e);
}
