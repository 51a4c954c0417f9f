/*
 * Which index files there are, and getting them. In a folder each is listed and mapped when its day
 * comes. A remote store answers each question after a while, however large, so there the days are
 * listed at once, and then files of as many days fetched as memory allows.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "base/work.h"
#include "index/live_files.h"
#include "store/names.h"
#include "store/store.h"
#include "store/tenants.h"
#include "time/time.h"

enum {
	LIST_TRIES = 3,
	FOLDERS_MAX = 8, /* more days are listed as one, with all others of the tenant */
	AHEAD_BYTES = 64 << 20,
};

/* ---- listing ---- */

struct files {
	struct live_file *v;
	size_t n, cap;
	int32_t from, to;
	const struct hash_list *without; /* or NULL */
};

static int add_file(const char *name, uint64_t size, void *data, struct err *e)
{
	struct files *f = data;
	struct store_name sn;

	(void)e;
	if (store_name_parse(bytes_str(name), &sn, NULL) < 0 || sn.kind != STORE_INDEX)
		return 0; /* not ours: left alone */
	if (sn.day < f->from || sn.day > f->to ||
	    (f->without && hash128_among(f->without->v, f->without->n, &sn.hash)))
		return 0;
	mem_grow(&f->v, &f->cap, f->n + 1, sizeof(*f->v));
	f->v[f->n++] = (struct live_file){ sn.day, sn.hash, size };
	return 0;
}

static int list_folder(struct store *s, struct bytes tenant, int32_t day, struct files *f,
		       struct err *e)
{
	struct buf folder = { 0 };
	int rc;

	f->from = f->to = day;
	store_folder_add(&folder, STORE_INDEX, tenant, day);
	rc = store_list(s, buf_str(&folder), add_file, f, e);
	buf_release(&folder);
	return rc;
}

/* Several folders at once. */
struct listing {
	struct store *s;
	struct bytes tenant;
	int32_t from;
	struct files part[FOLDERS_MAX];
};

static int list_one(void *data, unsigned worker, size_t item, size_t slot, struct err *e)
{
	struct listing *l = data;

	(void)worker;
	(void)slot;
	return list_folder(l->s, l->tenant, (int32_t)(l->from + (int64_t)item), &l->part[item], e);
}

static int list_folders(struct store *s, struct bytes tenant, struct files *f, size_t n,
			struct err *e)
{
	struct listing l = { .s = s, .tenant = tenant, .from = f->from };
	struct work w = { .n = n, .jobs = (unsigned)n, .window = n, .run = list_one, .data = &l };
	int rc = work_run(&w, e);

	for (size_t i = 0; i < n; i++) {
		const struct files *p = &l.part[i];

		mem_grow(&f->v, &f->cap, f->n + p->n + 1, sizeof(*f->v));
		if (p->n)
			memcpy(f->v + f->n, p->v, p->n * sizeof(*f->v));
		f->n += p->n;
		free(p->v);
	}
	return rc;
}

/* The files of days f->from..f->to, by day, then by name. */
static int list_days(struct store *s, struct bytes tenant, struct files *f, struct err *e)
{
	int64_t n = (int64_t)f->to - f->from + 1;
	struct buf folder = { 0 };
	int rc;

	if (n <= 0)
		return 0;
	if (n <= FOLDERS_MAX)
		return list_folders(s, tenant, f, (size_t)n, e);
	store_folder_add_all(&folder, STORE_INDEX, tenant);
	rc = store_list(s, buf_str(&folder), add_file, f, e);
	buf_release(&folder);
	return rc;
}

/* ---- getting them ---- */

struct opened {
	struct index **ix; /* NULL where err says why, or once it is somebody's */
	struct err *err;
};

static void open_files(struct store *s, struct bytes tenant, const struct live_file *v, size_t n,
		       struct opened *ret)
{
	struct index_file *f = mem_alloc((n + 1) * sizeof(*f));
	struct buf names = { 0 };
	size_t *at = mem_alloc((n + 1) * sizeof(*at));

	for (size_t i = 0; i < n; i++) {
		struct store_name sn = { STORE_INDEX, v[i].day, tenant, v[i].hash };

		at[i] = names.n;
		store_name_add(&names, &sn);
		buf_add_char(&names, '\0');
	}
	for (size_t i = 0; i < n; i++)
		f[i] = (struct index_file){ names.p + at[i], v[i].size };
	ret->ix = mem_alloc((n + 1) * sizeof(struct index *));
	ret->err = mem_alloc((n + 1) * sizeof(*ret->err));
	index_load_all(s, f, n, ret->ix, ret->err);
	free(at);
	free(f);
	buf_release(&names);
}

static void opened_release(struct opened *o, size_t n)
{
	for (size_t i = 0; i < n; i++)
		index_close(o->ix[i]);
	free(o->ix);
	free(o->err);
}

/* As live_open, of files from `first` on, which are somebody's then. */
static int open_day(const struct live_file *v, struct opened *o, size_t first, size_t n,
		    struct live *ret, struct err *e)
{
	int rc = live_open(v + first, o->ix + first, o->err + first, n, ret, e);

	for (size_t i = first; i < first + n; i++)
		o->ix[i] = NULL;
	return rc;
}

int live_load(struct store *s, struct bytes tenant, int32_t day, struct live *ret, struct err *e)
{
	return live_load_without(s, tenant, day, NULL, ret, e);
}

int live_load_without(struct store *s, struct bytes tenant, int32_t day,
		      const struct hash_list *without, struct live *ret, struct err *e)
{
	for (int i = 0; i < LIST_TRIES; i++) {
		struct files f = { .without = without };
		struct opened o = { 0 };
		int rc = list_folder(s, tenant, day, &f, e);

		if (rc == 0) {
			open_files(s, tenant, f.v, f.n, &o);
			rc = open_day(f.v, &o, 0, f.n, ret, e);
			opened_release(&o, f.n);
			if (rc > 0)
				store_set_answer_age(s, 0); /* that listing is of no use */
		}
		free(f.v);
		if (rc <= 0)
			return rc;
	}
	return err_set(e, ERR_AGAIN, "index files vanish while they are opened");
}

/* ---- later ---- */

static bool is_in(const struct live *l, const struct hash128 *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (hash128_cmp(&index_info(l->v[i])->name, name) == 0)
			return true;
	return false;
}

static bool is_known(const struct live *l, const struct hash128 *name)
{
	for (size_t i = 0; i < l->n_faults; i++)
		if (hash128_cmp(&l->faults[i].name, name) == 0)
			return true;
	return hash128_among(l->obsolete, l->n_obsolete, name) || is_in(l, name);
}

int live_is_still(struct store *s, struct bytes tenant, int32_t day, const struct live *l,
		  const bool *take, struct err *e)
{
	struct files files = { 0 };
	struct live now = { 0 };
	bool same = true;
	int rc = list_folder(s, tenant, day, &files, e);

	for (size_t i = 0; i < files.n && same; i++)
		same = is_known(l, &files.v[i].hash);
	free(files.v);
	if (rc < 0 || same)
		return rc < 0 ? -1 : 1;
	if (live_load(s, tenant, day, &now, e) < 0)
		return -1;
	rc = 1;
	for (size_t i = 0; i < l->n && rc == 1; i++)
		if (!take || take[i])
			rc = is_in(&now, &index_info(l->v[i])->name);
	live_release(&now);
	return rc;
}

/* ---- range of days ---- */

struct range {
	struct store *s;
	struct bytes tenant;
	int32_t from, to;
	live_range_fn *each;
	void *data;
};

static int give(const struct range *r, int32_t day, struct live *l, struct err *e)
{
	int rc = r->each(day, l, r->data, e);

	live_release(l);
	return rc;
}

static int load_day(int32_t day, void *data, struct err *e)
{
	const struct range *r = data;
	struct live l;

	if (day < r->from || day > r->to)
		return r->each(day, NULL, r->data, e);
	if (live_load(r->s, r->tenant, day, &l, e) < 0)
		return -1;
	return give(r, day, &l, e);
}

/* Of the first day. */
static size_t n_of_day(const struct live_file *v, size_t n)
{
	size_t k = 1;

	while (k < n && v[k].day == v[0].day)
		k++;
	return k;
}

/* Whole days, as many as may be fetched at once, one at least. */
static size_t n_at_once(const struct live_file *v, size_t n)
{
	uint64_t bytes = 0;
	size_t k = 0;

	while (k < n) {
		size_t day = n_of_day(v + k, n - k);

		for (size_t i = 0; i < day; i++)
			bytes += v[k + i].size;
		if (k && bytes > AHEAD_BYTES)
			break;
		k += day;
	}
	return k;
}

static int give_fetched(const struct range *r, const struct live_file *v, size_t n, struct err *e)
{
	struct opened o;
	int rc = 0;

	open_files(r->s, r->tenant, v, n, &o);
	for (size_t i = 0, day; i < n && rc == 0; i += day) {
		struct live l;

		day = n_of_day(v + i, n - i);
		rc = open_day(v, &o, i, day, &l, e);
		if (rc > 0) { /* one of them is gone: listed anew */
			store_set_answer_age(r->s, 0);
			rc = load_day(v[i].day, (void *)(uintptr_t)r, e);
		} else if (rc == 0) {
			rc = give(r, v[i].day, &l, e);
		}
	}
	opened_release(&o, n);
	return rc;
}

int live_fetch(struct store *s, struct bytes tenant, const struct live_file *v, size_t n,
	       live_range_fn *each, void *data, struct err *e)
{
	const struct range r = { s, tenant, INT32_MIN, INT32_MAX, each, data };
	int rc = 0;

	for (size_t i = 0, some; i < n && rc == 0; i += some) {
		some = n_at_once(v + i, n - i);
		rc = give_fetched(&r, v + i, some, e);
	}
	return rc;
}

static int far_range(const struct range *r, struct err *e)
{
	struct files f = { .from = r->from, .to = r->to };
	int rc = list_days(r->s, r->tenant, &f, e);

	if (rc == 0)
		rc = live_fetch(r->s, r->tenant, f.v, f.n, r->each, r->data, e);
	free(f.v);
	return rc;
}

bool live_is_far(struct store *s, struct bytes tenant)
{
	struct buf folder = { 0 };
	bool ret;

	store_folder_add_all(&folder, STORE_INDEX, tenant);
	ret = store_is_remote(store_part(s, buf_str(&folder)));
	buf_release(&folder);
	return ret;
}

int live_range(struct store *s, struct bytes tenant, int32_t from, int32_t to, live_range_fn *each,
	       void *data, struct err *e)
{
	struct range r = { s, tenant, from, to, each, data };

	if (live_is_far(s, tenant))
		return far_range(&r, e);
	return live_days(s, tenant, INT32_MIN, INT32_MAX, load_day, &r, e);
}

struct days {
	int32_t from, to;
	live_day_fn *each;
	void *data;
};

static int one_day(const char *name, uint64_t size, void *data, struct err *e)
{
	const struct days *d = data;
	int32_t day;

	(void)size;
	if (!time_day_parse(bytes_str(name), &day) || day < d->from || day > d->to)
		return 0;
	return d->each(day, d->data, e);
}

int live_days(struct store *s, struct bytes tenant, int32_t from, int32_t to, live_day_fn *each,
	      void *data, struct err *e)
{
	struct days d = { from, to, each, data };
	struct buf folder = { 0 };
	int rc;

	store_folder_add_all(&folder, STORE_INDEX, tenant);
	rc = store_list_folders(s, buf_str(&folder), one_day, &d, e);
	buf_release(&folder);
	return rc;
}

/* ---- all folders ---- */

struct walk {
	struct store *s;
	struct bytes tenant;
	live_each_fn *each;
	void *data;
};

static int walk_day(int32_t day, struct live *l, void *data, struct err *e)
{
	const struct walk *w = data;

	return w->each(l, w->tenant, day, w->data, e);
}

static int walk_tenant(const char *name, uint64_t size, void *data, struct err *e)
{
	struct walk *w = data;

	(void)size;
	w->tenant = bytes_str(name);
	return live_range(w->s, w->tenant, INT32_MIN, INT32_MAX, walk_day, w, e);
}

int live_each(struct store *s, struct bytes tenant, live_each_fn *each, void *data, struct err *e)
{
	struct walk w = { .s = s, .each = each, .data = data };

	return store_each_tenant(s, tenant, walk_tenant, &w, e);
}
