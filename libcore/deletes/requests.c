#include "deletes/requests.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/mem.h"
#include "deletes/filter.h"
#include "deletes/folder.h"
#include "store/store.h"

static const char *const suffixes[DELETES_FILES] = {
	[DELETES_REQUEST] = ".json",
	[DELETES_CANCEL] = ".cancel.json",
	[DELETES_RECEIPT] = ".receipt.json",
	[DELETES_MERGED] = ".requests",
};

static bool is_hex(struct bytes text)
{
	for (size_t i = 0; i < text.n; i++)
		if (!memchr("0123456789abcdef", text.p[i], 16))
			return false;
	return true;
}

/* May it be an id of a request? */
static bool is_id(struct bytes text)
{
	return text.n == DELETES_ID_LEN && is_hex(text);
}

void deletes_add_folder(struct buf *b, struct bytes tenant)
{
	buf_add_bytes(b, tenant);
	buf_add_str(b, "/deletes/");
}

void deletes_add_file(struct buf *b, struct bytes id, enum deletes_file what)
{
	buf_add_bytes(b, id);
	buf_add_str(b, suffixes[what]);
}

void deletes_add_name(struct buf *b, struct bytes tenant, struct bytes id, enum deletes_file what)
{
	deletes_add_folder(b, tenant);
	deletes_add_file(b, id, what);
}

enum deletes_file deletes_parse_name(struct bytes file, struct bytes *ret_id)
{
	for (int what = 0; what < DELETES_FILES; what++) {
		size_t n = what == DELETES_MERGED ? HASH128_HEX : DELETES_ID_LEN;
		struct bytes id = bytes_sub(file, 0, n);

		if (id.n != n || !is_hex(id) ||
		    !bytes_is(bytes_sub(file, n, file.n), suffixes[what]))
			continue;
		if (bytes_is(file, DELETES_MARK))
			return DELETES_FILES;
		*ret_id = id;
		return (enum deletes_file)what;
	}
	return DELETES_FILES;
}

enum deletes_file deletes_parse_path(struct bytes name, struct bytes *ret_id)
{
	struct bytes folder, id;

	bytes_split(&name, '/', &folder); /* the tenant */
	bytes_split(&name, '/', &folder);
	if (bytes_is(folder, "deletes"))
		return deletes_parse_name(name, ret_id);
	if (deletes_parse_name(name, ret_id) == DELETES_REQUEST)
		return DELETES_RECEIPT; /* of all days */
	bytes_split(&name, '/', &id);
	if (!name.p || bytes_is(name, DELETES_BEGUN) || id.n != DELETES_ID_LEN)
		return DELETES_FILES; /* that a request was begun says the name alone */
	*ret_id = id;
	return DELETES_RECEIPT;
}

void deletes_add_receipts(struct buf *b, struct bytes tenant, struct bytes id)
{
	buf_add_bytes(b, tenant);
	buf_add_str(b, "/receipts/");
	buf_add_bytes(b, id);
	buf_add_char(b, '/');
}

static void add_processed(struct buf *b, struct bytes tenant)
{
	buf_add_bytes(b, tenant);
	buf_add_str(b, "/processed/");
}

void deletes_add_receipt(struct buf *b, struct bytes tenant, struct bytes id)
{
	add_processed(b, tenant);
	deletes_add_file(b, id, DELETES_REQUEST);
}

void deletes_release(struct delete_requests *l)
{
	arena_release(&l->mem);
	*l = (struct delete_requests){ 0 };
}

/* --- listed ---------------------------------------------------------------------------------- */

enum {
	/* With more single ones beside merged ones these are read first: they may say it all. */
	SINGLES_AT_ONCE = 16,
	TRIES = 4,     /* of a listing of which files are gone when they are read */
	FEW_ASKED = 8, /* of more one learns sooner by listing the folder */
};

/* Requests as they are found. */
struct gathering {
	const struct folder *folder;
	enum deletes_which which;
	struct delete_request *v;
	size_t n, cap;
	struct arena mem; /* of the texts */
};

static bool is_wanted(const struct gathering *g, const struct folder_file *f)
{
	if (f->what == DELETES_MERGED)
		return true;
	return !folder_find_request(g->v, g->n, f->id) &&
	       (g->which == DELETES_ALL || !folder_find(g->folder, DELETES_CANCEL, f->id));
}

/* Adds what the wanted of the files say, all read at once. */
static int gather(struct gathering *g, const struct folder_file *v, size_t n, struct err *e)
{
	const struct folder_file **want = mem_alloc((n + 1) * sizeof(*want));
	struct merged *said = mem_alloc((n + 1) * sizeof(*said));
	size_t k = 0;
	int rc;

	for (size_t i = 0; i < n; i++)
		if (is_wanted(g, &v[i]))
			want[k++] = &v[i];
	rc = folder_read(g->folder, want, k, &g->mem, said, e);
	for (size_t i = 0; i < k && rc == 0; i++) {
		mem_grow(&g->v, &g->cap, g->n + said[i].n, sizeof(*g->v));
		if (said[i].n)
			memcpy(g->v + g->n, said[i].v, said[i].n * sizeof(*g->v));
		g->n += said[i].n;
	}
	if (rc == 0)
		g->n = folder_sort(g->v, g->n);
	free(want);
	free(said);
	return rc;
}

/* The files of requests stand before those of many, and one behind the other. */
static int gather_all(struct gathering *g, struct err *e)
{
	size_t n, n_merged;
	const struct folder_file *single = folder_files(g->folder, DELETES_REQUEST, &n);
	const struct folder_file *merged = folder_files(g->folder, DELETES_MERGED, &n_merged);

	if (n_merged == 0 || n > SINGLES_AT_ONCE)
		return gather(g, merged, n_merged, e) < 0 ? -1 : gather(g, single, n, e);
	return gather(g, single, n + n_merged, e);
}

/* What other files say of each; those that are not asked for are left out. */
static void finish(struct gathering *g, struct delete_requests *ret)
{
	ret->v = arena_alloc(&g->mem, (g->n + 1) * sizeof(*ret->v));
	ret->n = 0;
	for (size_t i = 0; i < g->n; i++) {
		struct delete_request *r = &ret->v[ret->n];
		struct bytes id;

		*r = g->v[i];
		id = bytes_str(r->id);
		r->cancelled = folder_find(g->folder, DELETES_CANCEL, id) != NULL;
		r->has_receipt = folder_find(g->folder, DELETES_RECEIPT, id) != NULL;
		ret->n += g->which == DELETES_ALL || !r->cancelled;
	}
	ret->mem = g->mem;
	g->mem = (struct arena){ 0 };
}

static int try_list(struct store *s, struct bytes tenant, enum deletes_which which,
		    struct delete_requests *ret, struct err *e)
{
	struct folder folder;
	struct gathering g = { .folder = &folder, .which = which };
	int rc = folder_list(s, tenant, &folder, e);

	if (rc == 0)
		rc = gather_all(&g, e);
	if (rc == 0) {
		finish(&g, ret);
		ret->n_files = folder.n;
	}
	free(g.v);
	arena_release(&g.mem);
	folder_release(&folder);
	return rc;
}

static int note_processed(const char *name, uint64_t size, void *data, struct err *e)
{
	struct delete_requests *l = data;
	const char *file = strrchr(name, '/') + 1;
	const struct delete_request *r;
	struct bytes id;

	(void)size;
	(void)e;
	if (deletes_parse_name(bytes_str(file), &id) != DELETES_REQUEST)
		return 0;
	r = folder_find_request(l->v, l->n, id);
	if (r)
		l->v[r - l->v].has_receipt = true;
	return 0;
}

static int find_processed(struct store *s, struct bytes tenant, struct delete_requests *l,
			  struct err *e)
{
	struct buf folder = { 0 };
	int rc;

	if (l->n == 0)
		return 0;
	add_processed(&folder, tenant);
	rc = store_list(s, buf_str(&folder), note_processed, l, e);
	buf_release(&folder);
	if (rc < 0)
		deletes_release(l);
	return rc;
}

/* Of what is gone since it was listed another file says the same, unless it was deleted by hand;
 * what came damaged may have been so on its way, or in the cache. */
int deletes_list(struct store *s, struct bytes tenant, enum deletes_which which,
		 struct delete_requests *ret, struct err *e)
{
	bool doubted = false;

	for (int i = 0; i < TRIES; i++) {
		if (try_list(s, tenant, which, ret, e) == 0)
			return which == DELETES_WITH_STATUS ? find_processed(s, tenant, ret, e) : 0;
		if (e->code != ERR_NO && (e->code != ERR_CORRUPT || doubted))
			return -1;
		doubted = doubted || e->code == ERR_CORRUPT;
		store_set_answer_age(s, 0); /* that listing is of no use */
	}
	e->code = e->code == ERR_NO ? ERR_AGAIN : e->code;
	return err_wrap(e, "requests to delete vanish while they are read");
}

/* By all names and dates: a date may be of whole seconds, in which several files are written. */
static int note_state(const struct store_object *o, void *data, struct err *e)
{
	uint64_t *state = data;
	const uint64_t parts[] = { *state, hash64(bytes_str(o->name)), (uint64_t)o->date_ns };

	(void)e;
	*state = (hash64(bytes_of(parts, sizeof(parts))) & INT64_MAX) | 1;
	return 0;
}

int deletes_generation(struct store *s, struct bytes tenant, uint64_t *ret, struct err *e)
{
	struct buf folder = { 0 };
	uint64_t state = 0;
	int rc;

	deletes_add_folder(&folder, tenant);
	rc = store_list_objects(s, buf_str(&folder), note_state, &state, e);
	buf_reset(&folder);
	add_processed(&folder, tenant);
	if (rc == 0)
		rc = store_list_objects(s, buf_str(&folder), note_state, &state, e);
	buf_release(&folder);
	if (rc == 0)
		*ret = state;
	return rc;
}

/* --- made ------------------------------------------------------------------------------------ */

struct taken {
	size_t n, bytes;
};

static void add_taken(struct taken *t, const struct delete_request *r)
{
	t->n++;
	t->bytes += r->query.n;
}

/* One more than that may come, up to so many times the bounds. */
static bool has_room(const struct taken *t, const struct delete_request *r, size_t times)
{
	return t->n < times * DELETES_MAX && t->bytes + r->query.n <= times * DELETES_QUERIES_MAX;
}

/* Is there room for one more? For one that is there already, always. */
static int check_room(struct store *s, struct bytes tenant, const struct delete_request *r,
		      struct err *e)
{
	struct taken all = { 0 }, in_force = { 0 };
	struct delete_requests l;
	int rc = 0;

	if (deletes_list(s, tenant, DELETES_ALL, &l, e) < 0)
		return -1;
	for (size_t i = 0; i < l.n; i++) {
		add_taken(&all, &l.v[i]);
		if (!l.v[i].cancelled)
			add_taken(&in_force, &l.v[i]);
	}
	if (folder_find_request(l.v, l.n, bytes_str(r->id)))
		rc = 0;
	else if (!has_room(&in_force, r, 1))
		rc = err_set(e, ERR_LIMIT,
			     "the tenant has %zu requests to delete in force; %d, with queries of "
			     "%d MiB together, is the most: one with a regular expression stands "
			     "for several, and one that is processed can be cancelled by force",
			     in_force.n, DELETES_MAX, DELETES_QUERIES_MAX >> 20);
	else if (!has_room(&all, r, DELETES_ALL_TIMES))
		rc = err_set(e, ERR_LIMIT,
			     "the tenant has %zu requests to delete, with those that were "
			     "cancelled; %d, with queries of %d MiB together, is the most: a run "
			     "of 'chunkpack --delete' leaves out what was cancelled 30 days ago",
			     all.n, DELETES_ALL_TIMES * DELETES_MAX,
			     DELETES_ALL_TIMES * DELETES_QUERIES_MAX >> 20);
	deletes_release(&l);
	return rc;
}

int deletes_put(struct store *s, struct bytes tenant, struct delete_request *r, struct err *e)
{
	struct buf name = { 0 }, text = { 0 };
	struct delete_filter f;
	int rc;

	if (r->start_ns > r->end_ns)
		return err_set(e, ERR_USAGE, "it ends before it begins");
	rc = delete_filter_init(&f, r, e);
	delete_filter_release(&f);
	if (rc < 0)
		return -1;
	deletes_set_id(r);
	if (check_room(s, tenant, r, e) < 0)
		return -1;
	deletes_add_name(&name, tenant, bytes_str(r->id), DELETES_REQUEST);
	deletes_add_text(&text, r);
	rc = store_put_named(s, buf_str(&name), buf_bytes(&text), STORE_PUT_ANY, e);
	buf_release(&name);
	buf_release(&text);
	return rc;
}

/* Is there a request with this id, cancelled or not? 1, 0. */
static int has_request(struct store *s, struct bytes tenant, struct bytes id, struct err *e)
{
	struct delete_requests l;
	int rc;

	if (!is_id(id))
		return 0;
	if (deletes_list(s, tenant, DELETES_ALL, &l, e) < 0)
		return -1;
	rc = folder_find_request(l.v, l.n, id) != NULL;
	deletes_release(&l);
	return rc;
}

int deletes_cancel(struct store *s, struct bytes tenant, struct bytes id, int64_t now_ns,
		   struct err *e)
{
	struct buf name = { 0 }, text = { 0 };
	int rc = has_request(s, tenant, id, e);

	if (rc == 0)
		rc = err_set(e, ERR_NO, "there is no request '%.*s'", BYTES_ARG(id));
	deletes_add_name(&name, tenant, id, DELETES_CANCEL);
	buf_addf(&text, "{\"version\":1,\"id\":\"%.*s\",\"cancelled\":\"%lld\"}\n", BYTES_ARG(id),
		 (long long)now_ns);
	if (rc > 0)
		rc = store_put_named(s, buf_str(&name), buf_bytes(&text), STORE_PUT_ANY, e);
	buf_release(&name);
	buf_release(&text);
	return rc;
}

/* --- begun ----------------------------------------------------------------------------------- */

static int is_cancelled(struct store *s, struct bytes tenant, struct bytes id, struct err *e)
{
	struct buf name = { 0 };
	int rc;

	deletes_add_name(&name, tenant, id, DELETES_CANCEL);
	rc = store_has(s, buf_str(&name), NULL, e);
	buf_release(&name);
	return rc;
}

int deletes_find_cancelled(struct store *s, struct bytes tenant, const struct bytes *id, size_t n,
			   bool *ret, struct err *e)
{
	struct folder f = { 0 };
	bool few = n <= FEW_ASKED;
	int rc = few ? 0 : folder_list(s, tenant, &f, e);

	for (size_t i = 0; i < n && rc >= 0; i++) {
		if (few)
			rc = is_cancelled(s, tenant, id[i], e);
		ret[i] = few ? rc > 0 : folder_find(&f, DELETES_CANCEL, id[i]) != NULL;
	}
	folder_release(&f);
	return rc < 0 ? -1 : 0;
}

int deletes_begin(struct store *s, struct bytes tenant, struct bytes id, int64_t now_ns,
		  struct err *e)
{
	struct buf name = { 0 }, text = { 0 };
	int rc;

	deletes_add_receipts(&name, tenant, id);
	buf_add_str(&name, DELETES_BEGUN);
	buf_addf(&text, "{\"version\":1,\"id\":\"%.*s\",\"begun\":\"%lld\"}\n", BYTES_ARG(id),
		 (long long)now_ns);
	rc = store_has(s, buf_str(&name), NULL, e);
	if (rc == 0)
		rc = store_put_named(s, buf_str(&name), buf_bytes(&text), STORE_PUT_ANY, e);
	buf_release(&name);
	buf_release(&text);
	return rc < 0 ? -1 : 0;
}

int deletes_resume(struct store *s, struct bytes tenant, struct bytes id, struct err *e)
{
	struct buf name = { 0 };
	int rc;

	deletes_add_name(&name, tenant, id, DELETES_CANCEL);
	rc = store_delete(s, buf_str(&name), e);
	buf_release(&name);
	return rc;
}
