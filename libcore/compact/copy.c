#include "compact/copy.h"

#include "compact/copy_day.h"
#include "compact/copy_requests.h"
#include "index/live.h"
#include "index/shard.h"
#include "store/names.h"

struct walk {
	const struct copy_opts *o;
	struct bytes tenant;
	struct delete_requests requests; /* that must have been applied */
};

static int one_day(int32_t day, void *data, struct err *e)
{
	const struct walk *w = data;
	const struct copy_opts *o = w->o;
	struct copy_day sum = { .tenant = w->tenant, .day = day };

	if ((o->one_day && day != o->day) || !shard_has(o->shard, o->n_shards, w->tenant, day))
		return 0;
	if (copy_day(o, &w->requests, &sum, e) < 0) {
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

static int one_tenant(const char *name, uint64_t size, void *data, struct err *e)
{
	const struct copy_opts *o = data;
	struct walk w = { .o = o, .tenant = bytes_str(name) };
	int rc;

	(void)size;
	if (labels_check_tenant(w.tenant, NULL) < 0)
		return 0; /* not ours, as a disk's lost+found */
	if (o->to_tenant.n && !bytes_eq(o->to_tenant, w.tenant))
		rc = deletes_list(o->from, w.tenant, DELETES_IN_FORCE, &w.requests, e);
	else
		rc = copy_requests(o, w.tenant, e);
	if (rc == 0)
		rc = live_days(o->from, w.tenant, INT32_MIN, INT32_MAX, one_day, &w, e);
	deletes_release(&w.requests);
	return rc;
}

int copy_store(const struct copy_opts *o, struct err *e)
{
	struct buf tenant = { 0 };
	int rc;

	buf_add_bytes(&tenant, o->tenant);
	rc = tenant.n ? one_tenant(buf_str(&tenant), 0, (void *)(uintptr_t)o, e)
		      : store_list_folders(o->from, "", one_tenant, (void *)(uintptr_t)o, e);
	buf_release(&tenant);
	return rc;
}
