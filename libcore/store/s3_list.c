/* Listings, a page of up to a thousand names at a time; and uploads that nobody ended. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/mem.h"
#include "base/num.h"
#include "store/s3.h"
#include "store/s3_listing.h"
#include "time/time.h"

enum { PAGE_MAX = 16 << 20, PAGES_MAX = 10000, PAGES_FEW = 1000, LEFT_BEHIND_S = 24 * 3600 };

static int accept_page(struct s3_call *c, struct err *e)
{
	struct s3_listing *l = c->data;

	s3_listing_reset(l);
	return s3_listing_parse(l, buf_bytes(&c->answer), e);
}

/* One page behind token. */
static int get_page(struct s3_store *s, const char *prefix, const char *delimiter,
		    const struct buf *token, struct s3_listing *l, struct err *e)
{
	struct buf query = { 0 };
	struct s3_call c = { .kind = S3_LIST, .body_max = PAGE_MAX, .accept = accept_page };
	int rc;

	c.data = l;
	if (token->n)
		s3_query_add(&query, "continuation-token", buf_bytes(token));
	if (delimiter)
		s3_query_add(&query, "delimiter", bytes_str(delimiter));
	s3_query_add(&query, "encoding-type", BYTES_LIT("url"));
	s3_query_add(&query, "list-type", BYTES_LIT("2"));
	s3_query_add(&query, "prefix", bytes_str(prefix));
	c.query = buf_str(&query);
	rc = s3_do_one(s, &c, e);
	s3_call_release(&c);
	buf_release(&query);
	return rc;
}

struct walk {
	struct s3_store *s;
	const char *folder;
	bool folders;
	store_object_fn *each;
	void *data;
	struct buf prefix; /* of the keys: the store's, and the folder's */
	struct buf last;   /* the key before */
};

/* Parts of a key that no folder can have. */
static bool is_strange(struct bytes name)
{
	struct bytes part;

	if (name.n == 0 || memchr(name.p, '\0', name.n))
		return true;
	while (bytes_split(&name, '/', &part))
		if (part.n == 0 || bytes_is(part, ".") || bytes_is(part, ".."))
			return true;
	return false;
}

static int one(struct walk *w, const struct s3_listed *o, struct err *e)
{
	struct buf name = { 0 };
	struct bytes rest;
	int rc = 0;

	if (!bytes_starts(o->key, buf_bytes(&w->prefix)))
		return err_set(e, ERR_IO, "'%s': the server lists '%.*s', which was not asked for",
			       w->s->place.path, BYTES_ARG(o->key));
	if (w->last.n && bytes_cmp(o->key, buf_bytes(&w->last)) <= 0)
		return err_set(e, ERR_IO, "'%s': the server does not list in order: '%.*s'",
			       w->s->place.path, BYTES_ARG(o->key));
	buf_reset(&w->last);
	buf_add_bytes(&w->last, o->key);
	rest = bytes_sub(o->key, w->prefix.n, o->key.n);
	if (w->folders && rest.n)
		rest.n--; /* its '/' */
	if (is_strange(rest) || (w->folder[0] == '\0' && rest.p[0] == '~'))
		return 0;
	if (!w->folders)
		buf_add_str(&name, w->folder);
	buf_add_bytes(&name, rest);
	if (w->folders || !store_is_no_object(buf_str(&name)))
		rc = w->each(&(struct store_object){ buf_str(&name), o->size, o->date_ns,
						     o->storage_class },
			     w->data, e);
	buf_release(&name);
	return rc;
}

/* Pages have a thousand names as a rule: many of few are a server's that never ends. */
static bool is_endless(size_t n_pages, size_t n_found)
{
	return n_pages == PAGES_MAX || (n_pages >= PAGES_FEW && n_found / n_pages < 10);
}

/* w has all but its texts. */
static int walk(struct walk w, struct err *e)
{
	struct s3_store *s = w.s;
	struct s3_listing l = { 0 };
	struct buf token = { 0 };
	size_t n_pages = 0, n_found = 0;
	int rc;

	buf_addf(&w.prefix, "%s%s", s->place.prefix, w.folder);
	do {
		struct s3_listed *v;
		size_t n;

		rc = get_page(s, buf_str(&w.prefix), w.folders ? "/" : NULL, &token, &l, e);
		v = w.folders ? l.folder : l.object;
		n = w.folders ? l.n_folders : l.n_objects;
		for (size_t i = 0; i < n && rc == 0; i++)
			rc = one(&w, &v[i], e);
		n_found += n;
		if (rc == 0 && l.truncated &&
		    (is_endless(++n_pages, n_found) || bytes_eq(l.token, buf_bytes(&token))))
			rc = err_set(e, ERR_IO,
				     "'%s': the server's listing does not come to an end",
				     s->place.path);
		buf_reset(&token);
		buf_add_bytes(&token, l.token);
	} while (rc == 0 && l.truncated);
	s3_listing_release(&l);
	buf_release(&token);
	buf_release(&w.prefix);
	buf_release(&w.last);
	return rc;
}

int s3_list(struct store *s, const char *folder, store_object_fn *each, void *data, struct err *e)
{
	return walk(
		(struct walk){
			.s = (struct s3_store *)s, .folder = folder, .each = each, .data = data },
		e);
}

int s3_list_folders(struct store *s, const char *folder, store_object_fn *each, void *data,
		    struct err *e)
{
	return walk((struct walk){ .s = (struct s3_store *)s,
				   .folder = folder,
				   .folders = true,
				   .each = each,
				   .data = data },
		    e);
}

/* ---- uploads that nobody ended ---- */

static int get_uploads(struct s3_store *s, const char *prefix, const struct s3_listing *before,
		       struct s3_listing *l, struct err *e)
{
	struct buf query = { 0 };
	struct s3_call c = { .kind = S3_LIST, .body_max = PAGE_MAX, .accept = accept_page };
	int rc;

	c.data = l;
	if (before->token.n)
		s3_query_add(&query, "key-marker", before->token);
	s3_query_add(&query, "prefix", bytes_str(prefix));
	if (before->upload_token.n)
		s3_query_add(&query, "upload-id-marker", before->upload_token);
	s3_query_add(&query, "uploads", BYTES_LIT(""));
	c.query = buf_str(&query);
	rc = s3_do_one(s, &c, e);
	s3_call_release(&c);
	buf_release(&query);
	return rc;
}

static int end_upload(struct s3_store *s, const struct s3_listed *u, struct err *e)
{
	struct buf query = { 0 }, name = { 0 };
	struct s3_call c = { .kind = S3_DELETE };
	int rc;

	buf_add_bytes(&name, bytes_sub(u->key, strlen(s->place.prefix), u->key.n));
	s3_query_add(&query, "uploadId", u->upload_id);
	c.name = buf_str(&name);
	c.query = buf_str(&query);
	rc = s3_do_one(s, &c, e);
	if (rc < 0 && c.status == 404) /* ended meanwhile */
		rc = 0;
	s3_call_release(&c);
	buf_release(&query);
	buf_release(&name);
	return rc;
}

/* Those of a page that were left behind; ret_n NULL: they are ended. */
static int see_uploads(struct s3_store *s, const struct s3_listing *p, struct bytes prefix,
		       uint64_t *ret_n, struct err *e)
{
	int64_t now_ns = 0;
	int rc = p->n_uploads ? s3_now(&s->base, &now_ns, e) : 0;

	for (size_t i = 0; i < p->n_uploads && rc == 0; i++) {
		if (!bytes_starts(p->upload[i].key, prefix) ||
		    now_ns - p->upload[i].date_ns < LEFT_BEHIND_S * NS_PER_S)
			continue;
		if (ret_n)
			++*ret_n;
		else
			rc = end_upload(s, &p->upload[i], e);
	}
	return rc;
}

/* In a bucket there are no folders: one question is about all below. */
int s3_leftovers(struct store *store, const char *folder, uint64_t *ret_n, struct err *e)
{
	struct s3_store *s = (struct s3_store *)store;
	struct s3_listing l[2] = { 0 };
	struct buf prefix = { 0 };
	size_t n_pages = 0, n_found = 0;
	unsigned at = 0;
	int rc = 0;

	buf_addf(&prefix, "%s%s", s->place.prefix, folder);
	while (rc == 0) {
		struct s3_listing *p = &l[at], *before = &l[1 - at];

		rc = get_uploads(s, buf_str(&prefix), before, p, e);
		if (rc == 0)
			rc = see_uploads(s, p, buf_bytes(&prefix), ret_n, e);
		n_found += p->n_uploads;
		if (rc == 0 && p->truncated &&
		    (is_endless(++n_pages, n_found) ||
		     (bytes_eq(p->token, before->token) &&
		      bytes_eq(p->upload_token, before->upload_token))))
			rc = err_set(e, ERR_IO,
				     "'%s': the server's listing does not come to an end",
				     s->place.path);
		if (!p->truncated)
			break;
		at = 1 - at;
	}
	s3_listing_release(&l[0]);
	s3_listing_release(&l[1]);
	buf_release(&prefix);
	return rc;
}
