/*
 * Writing. What is put is spooled to a file without a name, and sent when it is complete: so memory
 * does not grow with it, its hash is known before a byte is sent, and who is killed leaves nothing
 * behind. A large one is sent in parts, several at once; until the last call, which names them all,
 * nothing of it is there.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "store/s3.h"
#include "xml/xml.h"

enum { PART = 16 << 20, PARTS_MAX = 10000, DELETE_RUN = 256 };

struct s3_put {
	struct store_put base;
	int fd;
};

/* ---- one request ---- */

/* How the server is to encrypt what it is given. */
void s3_add_sse(const struct s3_store *s, struct s3_call *c, char header[S3_SSE_HEADER_LEN])
{
	if (!s->place.sse)
		return;
	snprintf(header, S3_SSE_HEADER_LEN, "x-amz-server-side-encryption: %s", s->place.sse);
	c->header[c->n_headers++] = header;
}

/* Are the bytes under this name ours? Asked when a request that must be the first was made again.
 */
static bool is_there(struct s3_store *s, const char *name, struct bytes b)
{
	struct buf found = { 0 };
	bool ret = s3_get(&s->base, name, b.n, &found, NULL) == 0 && bytes_eq(buf_bytes(&found), b);

	buf_release(&found);
	return ret;
}

static int put_once(struct s3_store *s, const char *name, struct bytes b, enum store_put_how how,
		    struct err *e)
{
	char sse[S3_SSE_HEADER_LEN];
	struct s3_call c = { .kind = S3_PUT, .name = name, .body = b };
	struct store_object o;
	int rc;

	s3_add_sse(s, &c, sse);
	if (how == STORE_PUT_NEW)
		c.header[c.n_headers++] = "If-None-Match: *";
	rc = s3_do_one(s, &c, e);
	if (rc < 0 && how == STORE_PUT_NEW && c.status == 412) {
		rc = c.n_tried > 1 && is_there(s, name, b)
			     ? 0
			     : err_set(e, ERR_AGAIN, "'%s/%s' is there already", s->place.path,
				       name);
	} else if (rc < 0 && how == STORE_PUT_NEW && c.status == 501) {
		/* The server cannot: the best that is left. */
		rc = s3_has(&s->base, name, &o, e);
		if (rc == 1)
			rc = err_set(e, ERR_AGAIN, "'%s/%s' is there already", s->place.path, name);
		else if (rc == 0)
			rc = put_once(s, name, b, STORE_PUT_ANY, e);
	}
	s3_call_release(&c);
	return rc;
}

int s3_put_named(struct store *s, const char *name, struct bytes b, enum store_put_how how,
		 struct err *e)
{
	return put_once((struct s3_store *)s, name, b, how, e);
}

/* ---- in parts ---- */

struct upload {
	struct s3_store *s;
	const char *name;
	struct bytes b;
	struct buf id;
	struct s3_call *part;
	struct buf *query; /* of each part */
	size_t n, part_len;
};

static int take_id(const struct xml_at *at, void *data, struct err *e)
{
	struct buf *id = data;

	(void)e;
	if (at->end && strcmp(at->path, "/InitiateMultipartUploadResult/UploadId") == 0)
		buf_add_bytes(id, at->text);
	return 0;
}

static int accept_id(struct s3_call *c, struct err *e)
{
	struct buf *id = c->data;

	buf_reset(id);
	if (xml_read(buf_bytes(&c->answer), take_id, id, e) < 0)
		return -1;
	return id->n ? 0 : err_set(e, ERR_IO, "an upload without an id");
}

static int begin_upload(struct upload *u, struct err *e)
{
	char sse[S3_SSE_HEADER_LEN];
	struct s3_call c = { .kind = S3_POST,
			     .name = u->name,
			     .query = "uploads=",
			     .accept = accept_id,
			     .data = &u->id };
	int rc;

	s3_add_sse(u->s, &c, sse);
	rc = s3_do_one(u->s, &c, e);
	s3_call_release(&c);
	return rc;
}

static int accept_part(struct s3_call *c, struct err *e)
{
	return c->kept[S3_ETAG].value[0] ? 0 : err_set(e, ERR_IO, "a part without an ETag");
}

static int send_parts(struct upload *u, struct err *e)
{
	u->part = mem_alloc(u->n * sizeof(*u->part));
	u->query = mem_alloc(u->n * sizeof(*u->query));
	for (size_t i = 0; i < u->n; i++) {
		char number[24];

		snprintf(number, sizeof(number), "%zu", i + 1);
		s3_query_add(&u->query[i], "partNumber", bytes_str(number));
		s3_query_add(&u->query[i], "uploadId", buf_bytes(&u->id));
		u->part[i] =
			(struct s3_call){ .kind = S3_PUT,
					  .name = u->name,
					  .query = buf_str(&u->query[i]),
					  .body = bytes_sub(u->b, i * u->part_len, u->part_len),
					  .accept = accept_part };
	}
	s3_do(u->s, u->part, u->n);
	for (size_t i = 0; i < u->n; i++)
		if (u->part[i].err.code != ERR_NONE)
			return err_set(e, u->part[i].err.code, "%s", u->part[i].err.msg);
	return 0;
}

static void add_escaped(struct buf *b, const char *text)
{
	for (; *text; text++) {
		if (*text == '&')
			buf_add_str(b, "&amp;");
		else if (*text == '<')
			buf_add_str(b, "&lt;");
		else
			buf_add_char(b, *text);
	}
}

static int take_complete(const struct xml_at *at, void *data, struct err *e)
{
	bool *complete = data;

	(void)e;
	if (at->end && strcmp(at->path, "/CompleteMultipartUploadResult") == 0)
		*complete = true;
	return 0;
}

/* Status 200 was sent before the server knew: the body tells. */
static int accept_complete(struct s3_call *c, struct err *e)
{
	bool complete = false;

	if (xml_read(buf_bytes(&c->answer), take_complete, &complete, e) < 0)
		return -1;
	return complete ? 0 : err_set(e, ERR_AGAIN, "the upload was not completed");
}

static int end_upload(struct upload *u, struct err *e)
{
	struct buf body = { 0 }, query = { 0 };
	struct s3_call c = { .kind = S3_POST, .name = u->name, .accept = accept_complete };
	struct store_object o;
	int rc;

	buf_add_str(&body, "<CompleteMultipartUpload>");
	for (size_t i = 0; i < u->n; i++) {
		buf_addf(&body, "<Part><PartNumber>%zu</PartNumber><ETag>", i + 1);
		add_escaped(&body, u->part[i].kept[S3_ETAG].value);
		buf_add_str(&body, "</ETag></Part>");
	}
	buf_add_str(&body, "</CompleteMultipartUpload>");
	s3_query_add(&query, "uploadId", buf_bytes(&u->id));
	c.body = buf_bytes(&body);
	c.query = buf_str(&query);
	rc = s3_do_one(u->s, &c, e);
	/* It may have been completed by a request whose answer was lost. */
	if (rc < 0 && c.status == 404 && c.n_tried > 1 &&
	    s3_has(&u->s->base, u->name, &o, NULL) == 1 && o.size == u->b.n)
		rc = 0;
	s3_call_release(&c);
	buf_release(&body);
	buf_release(&query);
	return rc;
}

/* What was sent is of no use any more. Whoever cannot be told it is swept by store_sweep. */
static void abort_upload(struct upload *u)
{
	struct buf query = { 0 };
	struct s3_call c = { .kind = S3_DELETE, .name = u->name };

	s3_query_add(&query, "uploadId", buf_bytes(&u->id));
	c.query = buf_str(&query);
	s3_do(u->s, &c, 1);
	s3_call_release(&c);
	buf_release(&query);
}

static int put_parts(struct s3_store *s, const char *name, struct bytes b, struct err *e)
{
	struct upload u = { .s = s, .name = name, .b = b, .part_len = PART };
	int rc;

	if (b.n / PART >= PARTS_MAX)
		u.part_len = b.n / (PARTS_MAX - 1) + 1;
	u.n = (b.n + u.part_len - 1) / u.part_len;
	rc = begin_upload(&u, e);
	if (rc == 0) {
		rc = send_parts(&u, e);
		if (rc == 0)
			rc = end_upload(&u, e);
		if (rc < 0)
			abort_upload(&u);
	}
	for (size_t i = 0; u.part && i < u.n; i++) {
		s3_call_release(&u.part[i]);
		buf_release(&u.query[i]);
	}
	free(u.part);
	free(u.query);
	buf_release(&u.id);
	return rc;
}

/* ---- what is named after its bytes ---- */

struct store_put *s3_put_new(struct store *s, const char *folder, struct err *e)
{
	struct s3_put *p = mem_alloc(sizeof(*p));

	(void)s, (void)folder; /* there are no folders to make */
	p->fd = io_tmpfile(e);
	if (p->fd < 0) {
		free(p);
		return NULL;
	}
	return &p->base;
}

int s3_put_write(struct store_put *put, struct bytes b, struct err *e)
{
	struct s3_put *p = (struct s3_put *)put;

	if (io_write(p->fd, b.p, b.n, e) < 0)
		return err_wrap(e, "temporary file (TMPDIR names its folder)");
	return 0;
}

int s3_put_commit(struct store_put *put, const char *name, struct err *e)
{
	struct s3_put *p = (struct s3_put *)put;
	struct s3_store *s = (struct s3_store *)put->s;
	struct io_map m = { 0 };
	int rc = io_map_fd(p->fd, &m, e);

	if (rc == 0)
		rc = m.b.n > PART ? put_parts(s, name, m.b, e)
				  : put_once(s, name, m.b, STORE_PUT_ANY, e);
	io_unmap(&m);
	s3_put_abort(put);
	return rc;
}

void s3_put_abort(struct store_put *put)
{
	struct s3_put *p = (struct s3_put *)put;

	close(p->fd);
	free(p);
}

/* At once: nobody's order rests on theirs, as each that goes is not needed. */
static int delete_some(struct s3_store *s, char *const *names, size_t n, struct err *e)
{
	struct s3_call *c = mem_alloc((n + 1) * sizeof(*c));
	int rc = 0;

	for (size_t i = 0; i < n; i++)
		c[i] = (struct s3_call){ .kind = S3_DELETE, .name = names[i] };
	s3_do(s, c, n);
	for (size_t i = 0; i < n; i++) {
		if (rc == 0 && c[i].err.code != ERR_NONE && c[i].err.code != ERR_NO)
			rc = err_set(e, c[i].err.code, "%s", c[i].err.msg);
		s3_call_release(&c[i]);
	}
	free(c);
	return rc;
}

/* A run of them at a time, so that a server which is away is not asked for each of a hundred
 * thousand, nor these held in memory with their answers. */
int s3_delete_all(struct store *s, char *const *names, size_t n, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < n && !(rc < 0 && atomic_load(&s->away)); i += DELETE_RUN) {
		const size_t k = n - i < DELETE_RUN ? n - i : DELETE_RUN;

		if (delete_some((struct s3_store *)s, names + i, k, rc == 0 ? e : NULL) < 0)
			rc = -1;
	}
	return rc;
}
