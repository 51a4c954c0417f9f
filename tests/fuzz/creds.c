/*
 * What says who we are to an object store: byte 0, 'p' a file of profiles, 'j' the answer of who
 * runs a container, 's' that of STS. What is taken can stand in a header.
 */
#include "fuzz.h"

#include "store/s3_creds_text.h"
#include "memory_file.h"

static void check(const struct s3_creds *c)
{
	const char *const v[] = { c->key, c->secret, c->token };

	for (size_t i = 0; i < 3; i++)
		for (const char *p = v[i] ? v[i] : ""; *p; p++)
			if (*p <= ' ' || *p > '~')
				abort();
	if (!c->key || !c->secret || !*c->key || !*c->secret)
		abort();
}

/* The whole way of a profile, from a file to keys. */
static int profile(struct bytes text, struct s3_creds *c, struct err *e)
{
	char path[MEMORY_PATH_MAX];
	int fd = memory_file(text, path), rc;

	setenv("AWS_SHARED_CREDENTIALS_FILE", path, 1);
	rc = s3_creds_get("work", "us-east-1", c, e);
	close(fd);
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes text = bytes_of(data + 1, size ? size - 1 : 0);
	struct s3_creds c = { .expires_s = INT64_MAX };
	struct err e;
	int rc;

	if (size == 0 || size > 1 << 14)
		return 0;
	rc = data[0] == 'p'   ? profile(text, &c, &e)
	     : data[0] == 's' ? s3_creds_take_sts(text, &c, &e)
			      : s3_creds_take_json(text, &c, &e);
	if (rc == 0)
		check(&c);
	s3_creds_release(&c);
	return 0;
}
