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

bool deletes_is_id(struct bytes text)
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

void deletes_release(struct delete_requests *l)
{
	arena_release(&l->mem);
	*l = (struct delete_requests){ 0 };
}

/* --- listed ---------------------------------------------------------------------------------- */

/* The requests whose files were listed so far: the texts are read later. */
struct listing {
	size_t n_folder; /* length of the folder's name */
	struct delete_request *v;
	bool *has_file; /* of each; a request of which only others are there is none */
	size_t n, cap, cap_has;
};

/* That with this id; a listing ascends, so its files follow one another. */
static size_t find_request(struct listing *l, struct bytes id)
{
	if (l->n && bytes_is(id, l->v[l->n - 1].id))
		return l->n - 1;
	mem_grow(&l->v, &l->cap, l->n + 1, sizeof(*l->v));
	mem_grow(&l->has_file, &l->cap_has, l->n + 1, sizeof(*l->has_file));
	l->v[l->n] = (struct delete_request){ 0 };
	memcpy(l->v[l->n].id, id.p, DELETES_ID_LEN);
	l->has_file[l->n] = false;
	return l->n++;
}

/* Files of other names are not ours. */
static int note_file(const char *name, uint64_t size, void *data, struct err *e)
{
	struct listing *l = data;
	struct bytes file = bytes_str(name + l->n_folder);
	struct bytes id = bytes_sub(file, 0, DELETES_ID_LEN);
	struct bytes rest = bytes_sub(file, DELETES_ID_LEN, file.n);

	(void)size;
	(void)e;
	if (!deletes_is_id(id))
		return 0;
	for (int i = 0; i < DELETES_FILES; i++) {
		if (!bytes_is(rest, suffixes[i]))
			continue;
		size_t at = find_request(l, id);

		l->has_file[at] |= i == DELETES_REQUEST;
		l->v[at].cancelled |= i == DELETES_CANCEL;
		l->v[at].has_receipt |= i == DELETES_RECEIPT;
	}
	return 0;
}

static int read_request(struct store *s, struct bytes tenant, const struct delete_request *seen,
			struct arena *a, struct delete_request *ret, struct err *e)
{
	struct buf name = { 0 }, text = { 0 };
	int rc;

	deletes_add_name(&name, tenant, bytes_str(seen->id), DELETES_REQUEST);
	rc = store_get(s, buf_str(&name), DELETES_FILE_MAX, &text, e);
	if (rc == 0 && deletes_parse_text(buf_bytes(&text), seen->id, a, ret, e) < 0)
		rc = err_wrap(e, "'%s'", buf_str(&name));
	ret->cancelled = seen->cancelled;
	ret->has_receipt = seen->has_receipt;
	buf_release(&name);
	buf_release(&text);
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
		got.v = arena_alloc(&got.mem, l.n * sizeof(*got.v));
	for (size_t i = 0; i < l.n && rc == 0; i++) {
		if (!l.has_file[i] || (which == DELETES_IN_FORCE && l.v[i].cancelled))
			continue;
		rc = read_request(s, tenant, &l.v[i], &got.mem, &got.v[got.n], e);
		if (rc < 0 && e->code == ERR_NO) /* deleted by hand meanwhile */
			rc = 0;
		else
			got.n++;
	}
	free(l.v);
	free(l.has_file);
	if (rc == 0)
		*ret = got;
	else
		deletes_release(&got);
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
	rc = deletes_is_id(id) ? store_has(s, buf_str(&name), NULL, e) : 0;
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
