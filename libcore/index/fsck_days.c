/*
 * All days of a tenant. In a folder each is looked at when its turn comes. A remote store takes a
 * while to answer whatever it is asked, so there the index files of many days are fetched together,
 * by the one listing that there was, and several days looked at at once. What is found is told in
 * order.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "base/work.h"
#include "index/dated.h"
#include "index/fsck_day.h"
#include "index/live_files.h"

enum {
	AT_ONCE = 16,
	AT_ONCE_READ = 8, /* when packs are read, a piece of each at a time */
	TOGETHER = 64,	  /* days whose index files are in memory */
	TOGETHER_BYTES = 64 << 20,
};

struct one {
	int32_t day;
	bool has_live;
	struct live live;
	const struct fsck_pack *pack;
	size_t n_packs;
	struct fsck_found found;
	bool is_shut; /* a folder of it cannot be read, which the listing tells */
};

struct run {
	const struct index_fsck *f;
	struct index_fsck own; /* the tenant's: f, and what its objects tell */
	struct bytes tenant;
	const struct fsck_objects *o;
	size_t at_pack, at_file; /* of o: of the next day */
	unsigned jobs;
	size_t together;
	struct one one[TOGETHER];
	size_t n;
	uint64_t bytes;
	int64_t n_faults;
};

/* ---- several ---- */

static int look(void *data, unsigned worker, size_t item, size_t slot, struct err *e)
{
	struct run *r = data;
	struct one *x = &r->one[item];

	(void)worker;
	(void)slot;
	if (x->n_packs == 0 && dated_is_shut(r->f->store, r->tenant, x->day)) {
		x->is_shut = true;
		return 0;
	}
	if (fsck_day_look(r->f, r->tenant, x->day, x->pack, x->n_packs,
			  x->has_live ? &x->live : NULL, &x->found, e) == 0)
		return 0;
	x->is_shut = e->code == ERR_IO && dated_is_shut(r->f->store, r->tenant, x->day);
	return x->is_shut ? 0 : -1;
}

static int tell(void *data, size_t item, size_t slot, struct err *e)
{
	struct run *r = data;

	(void)slot;
	(void)e;
	if (!r->one[item].is_shut)
		r->n_faults += fsck_day_tell(r->f, &r->one[item].found);
	return 0;
}

static void release_all(struct run *r)
{
	for (size_t i = 0; i < r->n; i++) {
		live_release(&r->one[i].live);
		fsck_found_release(&r->one[i].found);
	}
	r->n = 0;
	r->bytes = 0;
}

static int look_at_all(struct run *r, struct err *e)
{
	const struct work w = {
		.n = r->n, .jobs = r->jobs, .window = TOGETHER, .run = look, .done = tell, .data = r
	};
	int rc = work_run(&w, e);

	release_all(r);
	return rc;
}

/* ---- day by day ---- */

/* Behind the last there is none. */
static int64_t next_day(const struct run *r)
{
	const struct fsck_objects *o = r->o;
	int64_t ret = INT64_MAX;

	if (r->at_pack < o->n_packs)
		ret = o->pack[r->at_pack].day;
	if (r->at_file < o->n_files && o->file[r->at_file].day < ret)
		ret = o->file[r->at_file].day;
	return ret;
}

/* live: to be taken over; NULL: not known. */
static int add_day(struct run *r, int32_t day, struct live *live, struct err *e)
{
	const struct fsck_objects *o = r->o;
	struct one *x = &r->one[r->n++];

	*x = (struct one){ .day = day, .pack = o->pack + r->at_pack };
	while (r->at_pack < o->n_packs && o->pack[r->at_pack].day == day) {
		r->at_pack++;
		x->n_packs++;
	}
	while (r->at_file < o->n_files && o->file[r->at_file].day == day)
		r->bytes += o->file[r->at_file++].size;
	if (live) {
		x->has_live = true;
		x->live = *live;
		*live = (struct live){ 0 };
	}
	return r->n == r->together || r->bytes > TOGETHER_BYTES ? look_at_all(r, e) : 0;
}

/* Those of packs alone. */
static int add_days_before(struct run *r, int64_t end, struct err *e)
{
	int rc = 0;

	while (rc == 0 && next_day(r) < end)
		rc = add_day(r, (int32_t)next_day(r), &(struct live){ 0 }, e);
	return rc;
}

static int add_fetched(int32_t day, struct live *l, void *data, struct err *e)
{
	struct run *r = data;

	return add_days_before(r, day, e) < 0 ? -1 : add_day(r, day, l, e);
}

static int run_fetched(struct run *r, struct err *e)
{
	int rc = live_fetch(r->f->store, r->tenant, r->o->file, r->o->n_files, add_fetched, r, e);

	return rc == 0 ? add_days_before(r, INT64_MAX, e) : rc;
}

static int run_each(struct run *r, struct err *e)
{
	int rc = 0;

	while (rc == 0 && next_day(r) != INT64_MAX)
		rc = add_day(r, (int32_t)next_day(r), NULL, e);
	return rc;
}

/* ---- all ---- */

static int by_day_and_hash(const void *pa, const void *pb)
{
	const struct fsck_pack *a = pa, *b = pb;

	if (a->day != b->day)
		return a->day < b->day ? -1 : 1;
	return hash128_cmp(&a->hash, &b->hash);
}

static int by_day_and_name(const void *pa, const void *pb)
{
	const struct live_file *a = pa, *b = pb;

	if (a->day != b->day)
		return a->day < b->day ? -1 : 1;
	return hash128_cmp(&a->hash, &b->hash);
}

/* Blocks are read from whole packs, which take room. */
static unsigned jobs_of(enum fsck_depth depth)
{
	return depth >= FSCK_BLOCKS ? 1 : depth >= FSCK_BYTES ? AT_ONCE_READ : AT_ONCE;
}

static int64_t last_pack_of(const struct fsck_objects *o)
{
	int64_t ret = 0;

	for (size_t i = 0; i < o->n_packs && o->n_files == 0; i++)
		if (o->pack[i].date_ns > ret)
			ret = o->pack[i].date_ns;
	return ret;
}

int fsck_days(const struct index_fsck *f, struct bytes tenant, struct fsck_objects *o,
	      int64_t *n_faults, struct err *e)
{
	const bool are_files_far = live_is_far(f->store, tenant);
	struct run *r = mem_alloc(sizeof(*r));
	int rc;

	*r = (struct run){ .own = *f, .tenant = tenant, .o = o, .jobs = 1, .together = 1 };
	r->own.last_pack_ns = last_pack_of(o);
	r->f = &r->own;
	if (are_files_far || store_is_remote(f->store)) {
		r->jobs = jobs_of(f->depth);
		r->together = TOGETHER;
	}
	if (o->n_packs)
		qsort(o->pack, o->n_packs, sizeof(*o->pack), by_day_and_hash);
	if (o->n_files)
		qsort(o->file, o->n_files, sizeof(*o->file), by_day_and_name);
	rc = are_files_far && !f->without ? run_fetched(r, e) : run_each(r, e);
	if (rc == 0)
		rc = look_at_all(r, e);
	*n_faults += r->n_faults;
	release_all(r);
	free(r);
	return rc;
}

void fsck_objects_reset(struct fsck_objects *o)
{
	o->n_packs = o->n_files = 0;
}

void fsck_objects_release(struct fsck_objects *o)
{
	free(o->pack);
	free(o->file);
	*o = (struct fsck_objects){ 0 };
}
