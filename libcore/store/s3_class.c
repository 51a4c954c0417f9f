/* Storage classes: a class is that of a copy, so an object is copied over itself. */
#include "store/s3.h"
#include "xml/xml.h"

static const uint64_t COPY_MAX = UINT64_C(5) << 30; /* of one request */

static int see_root(const struct xml_at *at, void *data, struct err *e)
{
	(void)e;
	if (strcmp(at->path, "/CopyObjectResult") == 0)
		*(bool *)data = true;
	return 0;
}

/* A copy that fails late is told by an error behind a status of 200. */
static int accept_copy(struct s3_call *c, struct err *e)
{
	bool copied = false;

	if (xml_read(buf_bytes(&c->answer), see_root, &copied, e) < 0)
		return -1;
	return copied ? 0 : err_set(e, ERR_AGAIN, "the copy was not made");
}

int s3_set_class(struct store *store, const char *name, uint64_t size, const char *storage_class,
		 struct err *e)
{
	struct s3_store *s = (struct s3_store *)store;
	struct s3_call c = { .kind = S3_PUT, .name = name, .accept = accept_copy };
	struct buf source = { 0 }, wanted = { 0 };
	char sse[S3_SSE_HEADER_LEN];
	int rc;

	if (size > COPY_MAX)
		return err_set(e, ERR_LIMIT,
			       "'%s/%s': larger than the 5 GiB that are copied at once",
			       store->path, name);
	buf_addf(&source, "x-amz-copy-source: /%s/", s->place.bucket);
	s3_encode(&source, bytes_str(s->place.prefix), S3_PATH);
	s3_encode(&source, bytes_str(name), S3_PATH);
	buf_addf(&wanted, "x-amz-storage-class: %s", storage_class);
	c.header[c.n_headers++] = buf_str(&source);
	c.header[c.n_headers++] = buf_str(&wanted);
	s3_add_sse(s, &c, sse);
	rc = s3_do_one(s, &c, e);
	if (rc < 0)
		err_wrap(e, "storage class '%s'", storage_class);
	s3_call_release(&c);
	buf_release(&source);
	buf_release(&wanted);
	return rc;
}
