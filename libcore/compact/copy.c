#include "compact/copy.h"

#include "compact/copy_day.h"
#include "index/live.h"

struct walk {
	const struct copy_opts *o;
	struct bytes tenant;
};

static int one_day(int32_t day, void *data, struct err *e)
{
	const struct walk *w = data;
	const struct copy_opts *o = w->o;
	struct copy_day sum = { .tenant = w->tenant, .day = day };

	if (o->one_day && day != o->day)
		return 0;
	if (copy_day(o, &sum, e) < 0)
		return -1;
	return sum.packs + sum.index_files > 0 ? o->on_day(o->data, &sum, e) : 0;
}

static int one_tenant(const char *name, uint64_t size, void *data, struct err *e)
{
	struct walk w = { .o = data, .tenant = bytes_str(name) };

	(void)size;
	if (labels_check_tenant(w.tenant, NULL) < 0)
		return 0; /* not ours, as a disk's lost+found */
	return live_days(w.o->from, w.tenant, INT32_MIN, INT32_MAX, one_day, &w, e);
}

int copy_store(const struct copy_opts *o, struct err *e)
{
	struct walk w = { .o = o, .tenant = o->tenant };

	if (o->tenant.n)
		return live_days(o->from, o->tenant, INT32_MIN, INT32_MAX, one_day, &w, e);
	return store_list_folders(o->from, "", one_tenant, (void *)(uintptr_t)o, e);
}
