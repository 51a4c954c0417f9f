#include "deletes/folder.h"

#include <stdlib.h>

#include "base/mem.h"
#include "store/store.h"
#include "time/time.h"

enum {
	AT_ONCE = 64, /* files that are read at once */
	LIST_TRIES = 3,
	LIST_MAX_S = FOLDER_STAYS_S / 2,
};

/* ---- listed ---- */

static int by_what(const void *pa, const void *pb)
{
	const struct folder_file *a = pa, *b = pb;

	if (a->what != b->what)
		return a->what < b->what ? -1 : 1;
	return bytes_cmp(a->id, b->id);
}

struct listing {
	struct folder *f;
	size_t n_folder; /* length of the folder's name */
};

/* Files of other names are not ours. */
static int note_file(const struct store_object *o, void *data, struct err *e)
{
	const struct listing *l = data;
	struct folder *f = l->f;
	struct bytes name = bytes_str(o->name + l->n_folder), id;
	enum deletes_file what = deletes_parse_name(name, &id);

	(void)e;
	f->has_mark = f->has_mark || bytes_is(name, DELETES_MARK);
	if (what == DELETES_FILES)
		return 0;
	mem_grow(&f->v, &f->cap, f->n + 1, sizeof(*f->v));
	f->v[f->n++] = (struct folder_file){ what, arena_copy(&f->mem, id), o->size, o->date_ns };
	return 0;
}

static void forget(struct folder *f)
{
	f->n = 0;
	f->has_mark = false;
	arena_reset(&f->mem);
}

int folder_list(struct store *s, struct bytes tenant, struct folder *ret, struct err *e)
{
	struct buf name = { 0 };
	struct listing l = { .f = ret };
	bool slow = true;
	int rc = 0;

	*ret = (struct folder){ .store = s, .tenant = tenant };
	deletes_add_folder(&name, tenant);
	l.n_folder = name.n;
	for (int i = 0; i < LIST_TRIES && slow && rc == 0; i++) {
		int64_t begun_ns = time_mono_ns();

		if (i > 0) /* no cache gives the slow one again */
			store_set_answer_age(s, 0);
		forget(ret);
		rc = store_list_objects(s, buf_str(&name), note_file, &l, e);
		slow = time_mono_ns() - begun_ns > LIST_MAX_S * NS_PER_S;
	}
	if (rc == 0 && slow)
		rc = err_set(e, ERR_AGAIN, "'%s' takes too long to be listed", buf_str(&name));
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), by_what);
	buf_release(&name);
	return rc;
}

void folder_release(struct folder *f)
{
	free(f->v);
	arena_release(&f->mem);
	*f = (struct folder){ 0 };
}

const struct folder_file *folder_files(const struct folder *f, enum deletes_file what,
				       size_t *ret_n)
{
	size_t first = 0, end;

	while (first < f->n && f->v[first].what < what)
		first++;
	for (end = first; end < f->n && f->v[end].what == what;)
		end++;
	*ret_n = end - first;
	return f->v + first;
}

const struct folder_file *folder_find(const struct folder *f, enum deletes_file what,
				      struct bytes id)
{
	const struct folder_file key = { .what = what, .id = id };

	return f->n ? bsearch(&key, f->v, f->n, sizeof(key), by_what) : NULL;
}

/* ---- read ---- */

/* Some of the files that were listed. */
struct reading {
	const struct folder *folder;
	const struct folder_file *what[AT_ONCE];
	struct store_file file[AT_ONCE], *at[AT_ONCE];
	struct err err[AT_ONCE];
	size_t n;
};

static void add_name(struct buf *b, const struct reading *x, const struct folder_file *f)
{
	deletes_add_name(b, x->folder->tenant, f->id, f->what);
}

static int open_file(struct reading *x, const struct folder_file *f, struct err *e)
{
	const int max = f->what == DELETES_MERGED ? MERGED_MAX : DELETES_FILE_MAX;
	struct buf name = { 0 };
	int rc;

	add_name(&name, x, f);
	x->what[x->n] = f;
	x->at[x->n] = &x->file[x->n];
	if (f->size > (uint64_t)max)
		rc = err_set(e, ERR_LIMIT, "'%s': larger than %d bytes", buf_str(&name), max);
	else
		rc = store_file_open_sized(x->folder->store, buf_str(&name), f->size, x->at[x->n],
					   e);
	if (rc == 0)
		x->n++;
	buf_release(&name);
	return rc;
}

/* Of one request as of many. */
static int parse_text(struct bytes text, const struct folder_file *f, struct arena *mem,
		      struct merged *ret, struct err *e)
{
	char id[DELETES_ID_LEN + 1] = { 0 };
	struct delete_request *r;

	if (f->what == DELETES_MERGED)
		return merged_parse_text(text, f->id, mem, ret, e);
	memcpy(id, f->id.p, DELETES_ID_LEN);
	r = arena_alloc(mem, sizeof(*r));
	if (deletes_parse_text(text, id, mem, r, e) < 0)
		return -1;
	*ret = (struct merged){ .v = r, .n = 1 };
	return 0;
}

static int parse_file(struct reading *x, size_t i, struct arena *mem, struct merged *ret,
		      struct err *e)
{
	struct buf name = { 0 };
	int rc = x->err[i].code == ERR_NONE ? parse_text(x->file[i].map, x->what[i], mem, ret, e)
					    : err_set(e, x->err[i].code, "%s", x->err[i].msg);

	if (rc == 0)
		return 0;
	store_file_doubt(&x->file[i], 0, x->file[i].size);
	add_name(&name, x, x->what[i]);
	err_wrap(e, "'%s'", buf_str(&name));
	buf_release(&name);
	return -1;
}

/* Those that were opened, and closes them. */
static int read_opened(struct reading *x, struct arena *mem, struct merged *ret, struct err *e)
{
	int rc = 0;

	store_map_all(x->at, x->n, x->err);
	for (size_t i = 0; i < x->n && rc == 0; i++)
		rc = parse_file(x, i, mem, &ret[i], e);
	return rc;
}

int folder_read(const struct folder *f, const struct folder_file *const *v, size_t n,
		struct arena *mem, struct merged *ret, struct err *e)
{
	struct reading *x = mem_alloc(sizeof(*x));
	int rc = 0;

	x->folder = f;
	for (size_t done = 0, end; done < n && rc == 0; done = end) {
		end = n - done < AT_ONCE ? n : done + AT_ONCE;
		for (size_t i = done; i < end && rc == 0; i++)
			rc = open_file(x, v[i], e);
		if (rc == 0)
			rc = read_opened(x, mem, ret + done, e);
		for (size_t i = 0; i < x->n; i++)
			store_file_close(&x->file[i]);
		x->n = 0;
	}
	free(x);
	return rc;
}

/* ---- requests ---- */

static int by_id(const void *pa, const void *pb)
{
	const struct delete_request *a = pa, *b = pb;

	return strcmp(a->id, b->id);
}

size_t folder_sort(struct delete_request *v, size_t n)
{
	size_t k = 0;

	if (n)
		qsort(v, n, sizeof(*v), by_id);
	for (size_t i = 0; i < n; i++)
		if (k == 0 || strcmp(v[k - 1].id, v[i].id) != 0)
			v[k++] = v[i];
	return k;
}

const struct delete_request *folder_find_request(const struct delete_request *v, size_t n,
						 struct bytes id)
{
	struct delete_request key;

	if (n == 0 || id.n != DELETES_ID_LEN)
		return NULL;
	memcpy(key.id, id.p, DELETES_ID_LEN);
	key.id[DELETES_ID_LEN] = '\0';
	return bsearch(&key, v, n, sizeof(key), by_id);
}
