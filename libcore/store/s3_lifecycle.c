/* The rules of a bucket, which are no object, and no store's alone. */
#include "httpc/md5.h"
#include "store/s3.h"

static const char subresource[] = "lifecycle=";

enum { RULES_MAX = 4 << 20 };

int s3_get_rules(struct store *store, struct buf *b, struct err *e)
{
	struct s3_call c = { .kind = S3_GET, .query = subresource, .body_max = RULES_MAX };
	int rc = s3_do_one((struct s3_store *)store, &c, e);

	if (rc == 0)
		buf_add_bytes(b, buf_bytes(&c.answer));
	else if (strcmp(c.code, "NoSuchLifecycleConfiguration") == 0)
		rc = 0;
	s3_call_release(&c);
	return rc;
}

int s3_put_rules(struct store *store, struct bytes text, struct err *e)
{
	struct s3_call c = { .kind = S3_PUT, .query = subresource, .body = text };
	struct buf md5 = { 0 };
	int rc;

	buf_add_str(&md5, "Content-MD5: ");
	rc = md5_add_base64(text, &md5, e);
	c.header[c.n_headers++] = buf_str(&md5);
	if (rc == 0)
		rc = s3_do_one((struct s3_store *)store, &c, e);
	s3_call_release(&c);
	buf_release(&md5);
	return rc;
}
