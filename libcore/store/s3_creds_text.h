/*
 * Texts that say who we are to an object store: a file of profiles, and the answers of those who
 * are asked by HTTP. What they set in *c is to be released, on failure too. Private to s3_creds*.c.
 */
#ifndef STORE_S3_CREDS_TEXT_H
#define STORE_S3_CREDS_TEXT_H

#include "base/bytes.h"
#include "store/s3_creds.h"

/* Who is asked, for messages. */
extern const char s3_creds_of_sts[], s3_creds_of_container[];

/* A key or token goes into a header: one word. Errors: ERR_IO there is none, or it is not. */
MUST_CHECK int s3_creds_check(const struct s3_creds *c, const char *where, struct err *e);

/* Whether the profile is in it; what it sets is not checked. */
bool s3_creds_take_profile(struct bytes text, const char *profile, struct s3_creds *c);

/* The answer of STS to AssumeRoleWithWebIdentity, and that of who runs the container:
 * {"AccessKeyId": ..., "SecretAccessKey": ..., "Token": ..., "Expiration": ...}. Errors: ERR_IO it
 * is none; as s3_creds_check. */
MUST_CHECK int s3_creds_take_sts(struct bytes text, struct s3_creds *c, struct err *e);
MUST_CHECK int s3_creds_take_json(struct bytes text, struct s3_creds *c, struct err *e);

#endif
