#include "deletes/requests.h"

#include <stdlib.h>

#include "base/mem.h"
#include "deletes/filter.h"
#include "store/store.h"

static const char *const suffixes[DELETES_FILES] = {
	[DELETES_REQUEST] = ".json",
	[DELETES_CANCEL] = ".cancel.json",
	[DELETES_RECEIPT] = ".receipt.json",
};

/* May it be an id? */
static bool is_id(struct bytes text)
{
	for (size_t i = 0; i < text.n; i++)
		if (!memchr("0123456789abcdef", text.p[i], 16))
			return false;
	return text.n == DELETES_ID_LEN;
}

static void add_folder(struct buf *b, struct bytes tenant)
{
	buf_add_bytes(b, tenant);
	buf_add_str(b, "/deletes/");
}

void deletes_add_name(struct buf *b, struct bytes tenant, struct bytes id, enum deletes_file what)
{
	add_folder(b, tenant);
	buf_add_bytes(b, id);
	buf_add_str(b, suffixes[what]);
}

void deletes_add_receipts(struct buf *b, struct bytes tenant, struct bytes id)
{
	buf_add_bytes(b, tenant);
	buf_add_str(b, "/receipts/");
	buf_add_bytes(b, id);
	buf_add_char(b, '/');
}

void deletes_release(struct delete_requests *l)
{
	arena_release(&l->mem);
	*l = (struct delete_requests){ 0 };
}

/* --- listed ---------------------------------------------------------------------------------- */

/* Files that are read at once. */
enum { AT_ONCE = 64 };

/* The requests whose files were listed so far: the texts are read later. */
struct listing {
	size_t n_folder; /* length of the folder's name */
	struct found {
		struct delete_request r;
		bool has_file; /* without, what there is says nothing */
		uint64_t size;
	} * v;
	size_t n, cap;
};

/* That with this id; a listing ascends, so its files follow one another. */
static struct found *find_request(struct listing *l, struct bytes id)
{
	if (l->n == 0 || !bytes_is(id, l->v[l->n - 1].r.id)) {
		mem_grow(&l->v, &l->cap, l->n + 1, sizeof(*l->v));
		l->v[l->n] = (struct found){ 0 };
		memcpy(l->v[l->n++].r.id, id.p, DELETES_ID_LEN);
	}
	return &l->v[l->n - 1];
}

enum deletes_file deletes_parse_name(struct bytes file, struct bytes *ret_id)
{
	struct bytes id = bytes_sub(file, 0, DELETES_ID_LEN);
	struct bytes rest = bytes_sub(file, DELETES_ID_LEN, file.n);
	int what = 0;

	while (what < DELETES_FILES && !bytes_is(rest, suffixes[what]))
		what++;
	if (!is_id(id))
		return DELETES_FILES;
	*ret_id = id;
	return (enum deletes_file)what;
}

/* Files of other names are not ours. */
static int note_file(const char *name, uint64_t size, void *data, struct err *e)
{
	struct listing *l = data;
	struct bytes id;
	enum deletes_file what = deletes_parse_name(bytes_str(name + l->n_folder), &id);

	(void)e;
	if (what == DELETES_FILES)
		return 0;
	if (what == DELETES_REQUEST) {
		find_request(l, id)->has_file = true;
		find_request(l, id)->size = size;
	} else if (what == DELETES_CANCEL) {
		find_request(l, id)->r.cancelled = true;
	} else {
		find_request(l, id)->r.has_receipt = true;
	}
	return 0;
}

/* Some of the files that were listed. */
struct reading {
	struct store *store;
	struct bytes tenant;
	const struct found *found[AT_ONCE];
	struct store_file file[AT_ONCE], *at[AT_ONCE];
	struct err err[AT_ONCE];
	size_t n;
};

/* What was deleted by hand since it was listed is no request. */
static int open_file(struct reading *x, const struct found *f, struct err *e)
{
	struct buf name = { 0 };
	int rc = 0;

	deletes_add_name(&name, x->tenant, bytes_str(f->r.id), DELETES_REQUEST);
	x->found[x->n] = f;
	x->at[x->n] = &x->file[x->n];
	if (f->size > DELETES_FILE_MAX)
		rc = err_set(e, ERR_LIMIT, "'%s': larger than %d bytes", buf_str(&name),
			     DELETES_FILE_MAX);
	else if (store_file_open_sized(x->store, buf_str(&name), f->size, x->at[x->n], e) == 0)
		x->n++;
	else
		rc = e->code == ERR_NO ? 0 : -1;
	buf_release(&name);
	return rc;
}

static int parse_file(const struct reading *x, size_t i, struct delete_requests *to, struct err *e)
{
	const struct delete_request *seen = &x->found[i]->r;
	struct delete_request *r = &to->v[to->n];
	struct buf name = { 0 };
	int rc;

	if (x->err[i].code == ERR_NO)
		return 0;
	rc = x->err[i].code == ERR_NONE
		     ? deletes_parse_text(x->file[i].map, seen->id, &to->mem, r, e)
		     : err_set(e, x->err[i].code, "%s", x->err[i].msg);
	if (rc < 0) {
		deletes_add_name(&name, x->tenant, bytes_str(seen->id), DELETES_REQUEST);
		err_wrap(e, "'%s'", buf_str(&name));
		buf_release(&name);
		return -1;
	}
	r->cancelled = seen->cancelled;
	r->has_receipt = seen->has_receipt;
	to->n++;
	return 0;
}

/* Those that were opened, and closes them. */
static int read_files(struct reading *x, struct delete_requests *to, struct err *e)
{
	int rc = 0;

	store_map_all(x->at, x->n, x->err);
	for (size_t i = 0; i < x->n; i++) {
		if (rc == 0)
			rc = parse_file(x, i, to, e);
		store_file_close(&x->file[i]);
	}
	x->n = 0;
	return rc;
}

static int read_listed(struct store *s, struct bytes tenant, const struct listing *l,
		       enum deletes_which which, struct delete_requests *to, struct err *e)
{
	struct reading *x = mem_alloc(sizeof(*x));
	int rc = 0;

	x->store = s;
	x->tenant = tenant;
	to->v = arena_alloc(&to->mem, l->n * sizeof(*to->v));
	for (size_t i = 0; i < l->n && rc == 0; i++) {
		if (!l->v[i].has_file || (which == DELETES_IN_FORCE && l->v[i].r.cancelled))
			continue;
		rc = open_file(x, &l->v[i], e);
		if (rc == 0 && x->n == AT_ONCE)
			rc = read_files(x, to, e);
	}
	if (rc == 0)
		rc = read_files(x, to, e);
	for (size_t i = 0; i < x->n; i++)
		store_file_close(&x->file[i]);
	free(x);
	return rc;
}

int deletes_list(struct store *s, struct bytes tenant, enum deletes_which which,
		 struct delete_requests *ret, struct err *e)
{
	struct delete_requests got = { 0 };
	struct listing l = { 0 };
	struct buf folder = { 0 };
	int rc;

	add_folder(&folder, tenant);
	l.n_folder = folder.n;
	rc = store_list(s, buf_str(&folder), note_file, &l, e);
	buf_release(&folder);
	if (rc == 0 && l.n)
		rc = read_listed(s, tenant, &l, which, &got, e);
	free(l.v);
	if (rc == 0)
		*ret = got;
	else
		deletes_release(&got);
	return rc;
}

struct delete_dates {
	int64_t newest_ns;
	uint64_t n;
};

/* The date of the newest file, and how many there are: a date may be of whole seconds, in which
 * several are written. */
static int note_date(const struct store_object *o, void *data, struct err *e)
{
	struct delete_dates *d = data;

	(void)e;
	d->n++;
	if (o->date_ns > d->newest_ns)
		d->newest_ns = o->date_ns;
	return 0;
}

int deletes_generation(struct store *s, struct bytes tenant, uint64_t *ret, struct err *e)
{
	struct delete_dates d = { 0 };
	struct buf folder = { 0 };
	int rc;

	add_folder(&folder, tenant);
	rc = store_list_objects(s, buf_str(&folder), note_date, &d, e);
	buf_release(&folder);
	if (rc == 0)
		*ret = (uint64_t)d.newest_ns + d.n;
	return rc;
}

/* --- made ------------------------------------------------------------------------------------ */

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
	deletes_add_name(&name, tenant, bytes_str(r->id), DELETES_REQUEST);
	deletes_add_text(&text, r);
	rc = store_put_named(s, buf_str(&name), buf_bytes(&text), STORE_PUT_ANY, e);
	buf_release(&name);
	buf_release(&text);
	return rc;
}

int deletes_cancel(struct store *s, struct bytes tenant, struct bytes id, int64_t now_ns,
		   struct err *e)
{
	struct buf name = { 0 }, text = { 0 };
	int rc;

	deletes_add_name(&name, tenant, id, DELETES_REQUEST);
	rc = is_id(id) ? store_has(s, buf_str(&name), NULL, e) : 0;
	if (rc == 0)
		rc = err_set(e, ERR_NO, "there is no request '%.*s'", BYTES_ARG(id));
	buf_reset(&name);
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

int deletes_is_cancelled(struct store *s, struct bytes tenant, struct bytes id, struct err *e)
{
	struct buf name = { 0 };
	int rc;

	deletes_add_name(&name, tenant, id, DELETES_CANCEL);
	rc = store_has(s, buf_str(&name), NULL, e);
	buf_release(&name);
	return rc;
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
