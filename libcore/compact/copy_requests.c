#include "compact/copy_requests.h"

#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"
#include "compact/copy_receipts.h"
#include "deletes/filter.h"

/* ---- for the same tenant ---- */

enum { TRIES = 4 }; /* of a listing of which files are gone when they are read */

/* A cancellation comes before what it cancels, which so is not in force for a moment; and the mark
 * before what some readers know by it alone. */
enum rank { CANCELS, MARKS, REST };

struct file {
	struct bytes name; /* with a NUL behind it */
	uint64_t size;
	enum rank rank;
};

struct requests {
	const struct copy_opts *o;
	struct map there; /* files of the target, with their sizes */
	struct file *v;	  /* of the source */
	size_t n, cap;
	struct copy_receipt *both; /* receipts that the target has, too */
	size_t n_both, cap_both;
	bool any_gone; /* since they were listed */
	struct arena mem;
};

static int note_there(const char *name, uint64_t size, void *data, struct err *e)
{
	struct requests *r = data;
	struct bytes key = arena_copy(&r->mem, bytes_str(name));

	(void)e;
	if (size < UINT32_MAX)
		map_put(&r->there, hash64(key), key, (uint32_t)size);
	return 0;
}

static bool ends(const char *name, const char *suffix)
{
	size_t n = strlen(name), k = strlen(suffix);

	return n >= k && strcmp(name + n - k, suffix) == 0;
}

static int note_file(const char *name, uint64_t size, void *data, struct err *e)
{
	struct requests *r = data;
	enum rank rank = ends(name, ".cancel.json")	? CANCELS
			 : ends(name, "/" DELETES_MARK) ? MARKS
							: REST;

	(void)e;
	mem_grow(&r->v, &r->cap, r->n + 1, sizeof(*r->v));
	r->v[r->n++] =
		(struct file){ arena_copy(&r->mem, bytes_of(name, strlen(name) + 1)), size, rank };
	return 0;
}

static int by_rank(const void *pa, const void *pb)
{
	const struct file *a = pa, *b = pb;

	return a->rank != b->rank ? (int)a->rank - (int)b->rank : bytes_cmp(a->name, b->name);
}

static bool note_both(struct requests *r, const char *name)
{
	struct copy_receipt both = { .name = name };

	if (deletes_parse_path(bytes_str(name), &both.id) != DELETES_RECEIPT)
		return false;
	mem_grow(&r->both, &r->cap_both, r->n_both + 1, sizeof(*r->both));
	r->both[r->n_both++] = both;
	return true;
}

/* A request never changes; nor does its cancellation, which is put in any case: the target's may
 * have been taken back since it was listed. A receipt grows, at both stores, so where both have it
 * its size says nothing; and it may be large: one that only the source has is not held in memory
 * where files can be mapped. */
static int copy_file(struct requests *r, const struct file *file, struct err *e)
{
	const char *name = file->name.p;
	struct store_file f = { 0 };
	uint32_t there = map_get(&r->there, hash64(bytes_str(name)), bytes_str(name));
	int rc;

	if ((there != MAP_NONE && note_both(r, name)) ||
	    (there == file->size && file->rank != CANCELS))
		return 0;
	rc = store_file_open_sized(r->o->from, name, file->size, &f, e);
	if (rc == 0)
		rc = store_file_map(&f, e);
	if (rc < 0) {
		store_file_close(&f);
		r->any_gone = r->any_gone || e->code == ERR_NO;
		return e->code == ERR_NO ? 0 : -1;
	}
	rc = store_put_named(r->o->to, name, f.map, STORE_PUT_ANY, e);
	if (rc == 0 && there == MAP_NONE)
		rc = note_there(name, file->size, r, e);
	if (rc == 0 && there != file->size && r->o->on_object)
		r->o->on_object(r->o->data, name);
	store_file_close(&f);
	return rc;
}

static int list_source(struct requests *r, const char *folder, struct err *e)
{
	r->n = 0;
	r->any_gone = false;
	if (store_list(r->o->from, folder, note_file, r, e) < 0)
		return -1;
	if (r->n)
		qsort(r->v, r->n, sizeof(*r->v), by_rank);
	return 0;
}

static int copy_listed(struct requests *r, struct err *e)
{
	int rc = 0;

	r->n_both = 0;
	for (size_t i = 0; i < r->n && rc == 0; i++)
		rc = copy_file(r, &r->v[i], e);
	return rc == 0 ? copy_receipts(r->o, r->both, r->n_both, &r->any_gone, e) : rc;
}

/* What is gone when its turn comes was merged, perhaps, into a file that came since. The target is
 * not asked about a folder in which the source has nothing. */
static int copy_folder(struct requests *r, struct bytes tenant, const char *name, struct err *e)
{
	struct buf folder = { 0 };
	bool is_listed = false;
	int rc = 0;

	buf_addf(&folder, "%.*s/%s/", BYTES_ARG(tenant), name);
	r->any_gone = true;
	for (int i = 0; i < TRIES && rc == 0 && r->any_gone; i++) {
		rc = list_source(r, buf_str(&folder), e);
		if (rc == 0 && r->n && !is_listed) {
			is_listed = true;
			rc = store_list(r->o->to, buf_str(&folder), note_there, r, e);
		}
		if (rc == 0)
			rc = copy_listed(r, e);
	}
	if (rc == 0 && r->any_gone)
		rc = err_set(e, ERR_AGAIN, "'%s/%s': files vanish while they are copied",
			     store_path(r->o->from), buf_str(&folder));
	buf_release(&folder);
	return rc;
}

int copy_requests(const struct copy_opts *o, struct bytes tenant, struct err *e)
{
	struct requests r = { .o = o };
	static const char *const folders[] = { "deletes", "receipts", "processed" };
	int rc = 0;

	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders) && rc == 0 && !o->dry_run; i++)
		rc = copy_folder(&r, tenant, folders[i], e);
	map_release(&r.there);
	free(r.v);
	free(r.both);
	arena_release(&r.mem);
	return rc;
}

/* ---- for another tenant ---- */

static int is_applied(struct index *ix, const char *id, bool *ret, struct err *e)
{
	*ret = false;
	for (uint32_t i = 0; i < index_info(ix)->n_deletes && !*ret; i++) {
		struct bytes applied;

		if (index_delete_at(ix, i, &applied, e) < 0)
			return -1;
		*ret = bytes_eq(applied, bytes_str(id));
	}
	return 0;
}

/* 1: some chunk of the series may have entries that the request means. */
static int touches_series(const struct delete_filter *f, struct index *ix, uint32_t number,
			  struct arena *mem, struct err *e)
{
	struct index_series s;
	struct labels labels;

	arena_reset(mem);
	if (index_series_at(ix, number, &s, e) < 0 ||
	    index_series_labels(ix, number, mem, &labels, e) < 0)
		return -1;
	if (!delete_filter_wants(f, &labels))
		return 0;
	for (uint32_t i = 0; i < s.n_chunks; i++) {
		struct index_chunk c;

		if (index_chunk_at(ix, s.first_chunk + i, &c, e) < 0)
			return -1;
		if (delete_filter_touches(f, c.from, c.through))
			return 1;
	}
	return 0;
}

static int touches_index(const struct copy_opts *o, const struct delete_filter *f, struct index *ix,
			 struct err *e)
{
	struct index_set set = { 0 };
	struct arena mem = { 0 };
	int rc = index_match(ix, o->match, o->n_match, &set, e);

	for (size_t i = 0; i < set.n && rc == 0; i++)
		rc = touches_series(f, ix, set.v[i], &mem, e);
	index_set_release(&set);
	arena_release(&mem);
	return rc;
}

static int check_request(const struct copy_opts *o, const struct delete_request *r,
			 const struct live *day, struct err *e)
{
	struct delete_filter f;
	int rc = delete_filter_init(&f, r, e);

	for (size_t i = 0; i < day->n && rc == 0; i++) {
		bool applied;

		rc = is_applied(day->v[i], r->id, &applied, e);
		if (rc == 0 && !applied)
			rc = touches_index(o, &f, day->v[i], e);
		if (rc < 0)
			err_wrap(e, "'%s'", index_label(day->v[i]));
	}
	delete_filter_release(&f);
	if (rc > 0)
		return err_set(e, ERR_AGAIN,
			       "request %s hides entries that are not deleted yet: "
			       "'chunkpack --delete' comes first",
			       r->id);
	return rc;
}

int copy_check_applied(const struct copy_opts *o, const struct delete_requests *requests,
		       const struct live *day, struct err *e)
{
	for (size_t i = 0; i < requests->n; i++)
		if (check_request(o, &requests->v[i], day, e) < 0)
			return -1;
	return 0;
}
