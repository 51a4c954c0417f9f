/* What a question about streams is to read, before it does: the sizes of indexes and sidecars, and
 * of files all. The heads of segments that have no sidecar are small, and not counted. */
#include <sys/stat.h>

#include "index/live.h"
#include "query/series.h"
#include "store/names.h"
#include "store/store.h"
#include "time/time.h"
#include "wal/sidecar.h"

struct adding {
	struct store *store;
	struct bytes tenant;
	uint64_t *bytes;
};

static int add_size(const char *name, uint64_t size, void *data, struct err *e)
{
	struct adding *a = data;

	(void)name;
	(void)e;
	*a->bytes += size;
	return 0;
}

static int add_day(int32_t day, void *data, struct err *e)
{
	struct adding *a = data;
	struct buf folder = { 0 };
	int r;

	store_folder_add(&folder, STORE_INDEX, a->tenant, day);
	r = store_list(a->store, buf_str(&folder), add_size, a, e);
	buf_release(&folder);
	return r;
}

static uint64_t file_size(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
}

int series_plan_store(const struct series_opts *o, const struct views *views, struct store *s,
		      uint64_t *ret, struct err *e)
{
	struct adding a = { .store = s, .bytes = ret };

	for (size_t i = 0; i < views->n; i++) {
		a.tenant = views->v[i].tenant;
		if (!views->v[i].out &&
		    live_days(s, a.tenant, time_day(o->from),
			      time_day(o->to > INT64_MIN ? o->to - 1 : o->to), add_day, &a, e) < 0)
			return -1;
	}
	return 0;
}

uint64_t series_plan_rest(const struct series_opts *o, const struct wal_list *wal)
{
	uint64_t ret = 0;

	for (size_t i = 0; i < wal->n; i++) {
		struct buf path = { 0 };

		wal_sidecar_path(wal->v[i].path, &path);
		ret += file_size(buf_str(&path));
		buf_release(&path);
	}
	for (size_t i = 0; i < o->source.n_files; i++)
		ret += file_size(o->source.files[i]);
	return ret;
}
