/*
 * Who we are to an object store. In this order, the first that says anything decides:
 *   AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN), unless the URL names a
 * profile; AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN, a token that STS changes into keys; a
 * profile (the URL's, AWS_PROFILE or "default") in AWS_SHARED_CREDENTIALS_FILE or
 *   ~/.aws/credentials;
 *   AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or ..._FULL_URI, who runs the container.
 * No secret is in any message.
 */
#ifndef STORE_S3_CREDS_H
#define STORE_S3_CREDS_H

#include <stdint.h>

#include "base/err.h"

struct s3_creds {
	char *key, *secret;
	char *token;	   /* NULL: none */
	int64_t expires_s; /* Unix; INT64_MAX: never */
};

/* profile NULL: the store's URL names none. Errors: ERR_IO, there are none, or a
 * file is none; ERR_AGAIN, who was asked does not answer. */
MUST_CHECK int s3_creds_get(const char *profile, const char *region, struct s3_creds *ret,
			    struct err *e);
void s3_creds_release(struct s3_creds *c);

#endif
