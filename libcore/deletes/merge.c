#include "deletes/merge.h"

#include <stdlib.h>

#include "base/mem.h"
#include "deletes/folder.h"
#include "deletes/outdated.h"
#include "store/store.h"
#include "time/time.h"

enum {
	FEW = 16, /* single files that stay so */
	/* How long a request was cancelled when it is left out: nobody is at work with it then. */
	MARGIN_DAYS = 30,
	RETIRE_DAYS = 1, /* that a merged file stays which only has something to leave out */
};

static const int64_t day_ns = 24 * 3600 * NS_PER_S;

/* ---- what there is ---- */

/* A file of requests, and what it says. */
struct source {
	const struct folder_file *file;
	struct merged said;
	struct bytes name;	    /* in the folder */
	const struct source *cover; /* that replaces it and says all of it; NULL: none does */
	bool is_gone;		    /* deleted by now */
};

struct run {
	const struct delete_merge *m;
	struct folder folder;
	struct source *source; /* single ones first */
	size_t n, n_single;
	struct merged all; /* what all say together; .replaces is not set */
	bool *retired;	   /* of each of all.v */
	int64_t now_ns;
	struct arena mem;
};

static void release(struct run *r)
{
	free(r->source);
	free(r->all.v);
	free(r->retired);
	arena_release(&r->mem);
	folder_release(&r->folder);
}

static struct bytes name_of(struct run *r, const struct folder_file *f)
{
	struct buf b = { 0 };
	struct bytes ret;

	deletes_add_file(&b, f->id, f->what);
	ret = arena_copy(&r->mem, buf_bytes(&b));
	buf_release(&b);
	return ret;
}

static int read_sources(struct run *r, struct err *e)
{
	size_t n_merged;
	const struct folder_file *v = folder_files(&r->folder, DELETES_REQUEST, &r->n_single);
	const struct folder_file **files;
	struct merged *said;
	int rc;

	(void)folder_files(&r->folder, DELETES_MERGED, &n_merged); /* they follow */
	r->n = r->n_single + n_merged;
	files = mem_alloc((r->n + 1) * sizeof(*files));
	said = mem_alloc((r->n + 1) * sizeof(*said));
	r->source = mem_alloc((r->n + 1) * sizeof(*r->source));
	for (size_t i = 0; i < r->n; i++)
		files[i] = &v[i];
	rc = folder_read(&r->folder, files, r->n, &r->mem, said, e);
	for (size_t i = 0; i < r->n && rc == 0; i++)
		r->source[i] = (struct source){ .file = &v[i],
						.said = said[i],
						.name = name_of(r, &v[i]) };
	free(files);
	free(said);
	return rc;
}

static void unite(struct run *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		n += r->source[i].said.n;
	r->all.v = mem_alloc((n + 1) * sizeof(*r->all.v));
	for (size_t i = 0; i < r->n; i++) {
		const struct merged *said = &r->source[i].said;

		if (said->n)
			memcpy(r->all.v + r->all.n, said->v, said->n * sizeof(*said->v));
		r->all.n += said->n;
	}
	r->all.n = folder_sort(r->all.v, r->all.n);
}

/* ---- who may be left out ---- */

static bool is_old(const struct run *r, int64_t date_ns, int days)
{
	int64_t age;

	return !__builtin_sub_overflow(r->now_ns, date_ns, &age) && age >= days * day_ns;
}

/* Its cancellation stays: who still writes what he read does not put it in force again. */
static void find_retired(struct run *r)
{
	r->retired = mem_alloc(r->all.n + 1);
	for (size_t i = 0; i < r->all.n; i++) {
		const struct folder_file *cancel =
			folder_find(&r->folder, DELETES_CANCEL, bytes_str(r->all.v[i].id));

		r->retired[i] = cancel && is_old(r, cancel->date_ns, MARGIN_DAYS);
	}
}

static bool is_retired(const struct run *r, const char *id)
{
	return r->retired[folder_find_request(r->all.v, r->all.n, bytes_str(id)) - r->all.v];
}

/* ---- what replaces what ---- */

static int by_name(const void *pa, const void *pb)
{
	return bytes_cmp(*(const struct bytes *)pa, *(const struct bytes *)pb);
}

static bool covers(const struct run *r, const struct merged *m, const struct source *x)
{
	if (!m->n_replaces ||
	    !bsearch(&x->name, m->replaces, m->n_replaces, sizeof(*m->replaces), by_name))
		return false;
	for (size_t i = 0; i < x->said.n; i++)
		if (!folder_find_request(m->v, m->n, bytes_str(x->said.v[i].id)) &&
		    !is_retired(r, x->said.v[i].id))
			return false;
	return true;
}

/* A name is the hash of the names that it replaces, so nobody is covered by whom he covers. */
static void find_covers(struct run *r)
{
	for (size_t i = 0; i < r->n; i++)
		for (size_t k = r->n_single; k < r->n && !r->source[i].cover; k++)
			if (covers(r, &r->source[k].said, &r->source[i]))
				r->source[i].cover = &r->source[k];
}

/* ---- deleted ---- */

struct names {
	char **v;
	size_t n, cap;
};

static void add_file(struct names *l, const struct run *r, const struct folder_file *f)
{
	struct buf b = { 0 };

	deletes_add_name(&b, r->m->tenant, f->id, f->what);
	buf_str(&b);
	mem_grow(&l->v, &l->cap, l->n + 1, sizeof(*l->v));
	l->v[l->n++] = b.p;
}

static void names_release(struct names *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
}

static int delete_all(const struct names *l, const struct run *r, struct err *e)
{
	if (l->n && !r->m->dry_run && store_delete_all(r->m->store, l->v, l->n, e) < 0)
		return -1;
	for (size_t i = 0; i < l->n && r->m->deleted; i++)
		r->m->deleted(r->m->data, l->v[i]);
	return 0;
}

static bool is_over(const struct run *r, const struct source *x)
{
	int64_t stays_ns = FOLDER_STAYS_S * NS_PER_S, age;

	if (stays_ns < r->m->delay_ns)
		stays_ns = r->m->delay_ns;
	return x->cover && !__builtin_sub_overflow(r->now_ns, x->cover->file->date_ns, &age) &&
	       age >= stays_ns;
}

/* Those replaced, long enough ago. */
static int delete_replaced(struct run *r, struct err *e)
{
	struct names gone = { 0 };
	int rc;

	for (size_t i = 0; i < r->n; i++) {
		struct source *x = &r->source[i];

		x->is_gone = is_over(r, x);
		if (x->is_gone)
			add_file(&gone, r, x->file);
	}
	rc = delete_all(&gone, r, e);
	names_release(&gone);
	return rc;
}

/* ---- merged ---- */

static bool leaves_out(const struct run *r, const struct source *x)
{
	for (size_t i = 0; i < x->said.n; i++)
		if (is_retired(r, x->said.v[i].id))
			return true;
	return false;
}

/* Of those that nobody has replaced: are there too many, or is one worth to be written anew? */
static bool is_due(const struct run *r)
{
	size_t n_single = 0, n_merged = 0;
	bool any_left_out = false;

	for (size_t i = 0; i < r->n; i++) {
		const struct source *x = &r->source[i];

		if (x->cover)
			continue;
		n_single += i < r->n_single;
		n_merged += i >= r->n_single;
		if (i >= r->n_single && is_old(r, x->file->date_ns, RETIRE_DAYS))
			any_left_out = any_left_out || leaves_out(r, x);
	}
	return n_single > FEW || n_merged > 1 || any_left_out;
}

static struct merged make(struct run *r)
{
	struct merged ret = { 0 };

	ret.v = arena_alloc(&r->mem, (r->all.n + 1) * sizeof(*ret.v));
	for (size_t i = 0; i < r->all.n; i++)
		if (!r->retired[i])
			ret.v[ret.n++] = r->all.v[i];
	ret.replaces = arena_alloc(&r->mem, (r->n + 1) * sizeof(*ret.replaces));
	for (size_t i = 0; i < r->n; i++)
		if (!r->source[i].is_gone)
			ret.replaces[ret.n_replaces++] = r->source[i].name;
	qsort(ret.replaces, ret.n_replaces, sizeof(*ret.replaces), by_name);
	return ret;
}

/* Before the first merged file is there: programs of before would not see what it says. */
static int put_mark(const struct run *r, struct err *e)
{
	static const char text[] = "{\"version\":2,\"requests\":\"in other files\"}\n";
	struct buf name = { 0 };
	int rc;

	deletes_add_folder(&name, r->m->tenant);
	buf_add_str(&name, DELETES_MARK);
	rc = store_put_named(r->m->store, buf_str(&name), bytes_str(text), STORE_PUT_ANY, e);
	buf_release(&name);
	return rc;
}

static int put_merged(struct run *r, struct err *e)
{
	const struct delete_merge *m = r->m;
	struct merged made = make(r);
	struct buf text = { 0 }, folder = { 0 }, name = { 0 };
	struct hash128 hash;
	int rc = 0;

	merged_add_text(&text, &made);
	deletes_add_folder(&folder, m->tenant);
	if (text.n > MERGED_MAX) /* who makes requests is refused before, as a rule */
		rc = err_set(e, ERR_LIMIT,
			     "'%s': %zu requests to delete make a file of more than %d bytes: they "
			     "are not put together",
			     buf_str(&folder), made.n, MERGED_MAX);
	if (rc == 0 && !m->dry_run && !r->folder.has_mark)
		rc = put_mark(r, e);
	if (rc == 0 && !m->dry_run)
		rc = store_put_bytes(m->store, buf_str(&folder), ".requests", buf_bytes(&text),
				     &hash, &name, e);
	if (rc == 0 && m->merged)
		m->merged(m->data, buf_str(&name), made.n, made.n_replaces);
	buf_release(&text);
	buf_release(&folder);
	buf_release(&name);
	return rc;
}

static int work(struct run *r, struct err *e)
{
	if (read_sources(r, e) < 0)
		return -1;
	unite(r);
	find_retired(r);
	find_covers(r);
	if (delete_replaced(r, e) < 0)
		return -1;
	return is_due(r) ? put_merged(r, e) : 0;
}

static bool has_few(const struct folder *f)
{
	size_t n_single, n_merged;

	(void)folder_files(f, DELETES_REQUEST, &n_single);
	(void)folder_files(f, DELETES_MERGED, &n_merged);
	return n_single <= FEW && n_merged == 0;
}

int deletes_merge(const struct delete_merge *m, struct err *e)
{
	struct run r = { .m = m };
	struct buf folder = { 0 };
	int rc = folder_list(m->store, m->tenant, &r.folder, e);

	deletes_add_folder(&folder, m->tenant);
	if (rc == 0)
		rc = outdated_move(m, &r.folder, e);
	if (rc == 0 && !has_few(&r.folder)) {
		if (m->dry_run)
			r.now_ns = store_now_to_look(m->store, buf_str(&folder));
		else
			rc = store_now(m->store, buf_str(&folder), &r.now_ns, e);
		if (rc == 0)
			rc = work(&r, e);
		if (rc < 0 && e->code == ERR_NO) /* others are at work */
			rc = 0;
	}
	buf_release(&folder);
	release(&r);
	return rc;
}
