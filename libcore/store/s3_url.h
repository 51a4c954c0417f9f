/*
 * Where a store on an object store lies: "s3://BUCKET/PREFIX?endpoint=...&region=...", and the URLs
 * of what is in it, in the canonical form that Signature Version 4 signs. Format: lokid-store(7).
 */
#ifndef STORE_S3_URL_H
#define STORE_S3_URL_H

#include <stdint.h>

#include "base/buf.h"

struct s3_place {
	char *bucket;
	char *prefix;	/* "" or "a/b/" */
	char *endpoint; /* "https://HOST[:PORT]", without a path */
	char *region;
	char *base;		       /* URL of the bucket, without '/' at its end */
	char *path;		       /* "s3://BUCKET/PREFIX", for messages */
	char *sse, *profile, *ca_file; /* NULL: not given */
	bool path_style;
	bool require_private;
	unsigned tries;	       /* of one request */
	int64_t timeout_ms;    /* of a connection that brings less than 1 KiB a second */
	int64_t lock_expiry_s; /* of a lock that nobody renews */
};

/* Does path name one: does it begin with "s3://"? */
bool s3_is_url(const char *path);

/* What is not in the URL comes from the variables AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL,
 * AWS_REGION and AWS_DEFAULT_REGION; LOKID_REQUIRE_PRIVATE is require-private=1. Errors: ERR_USAGE,
 * naming what is wrong. */
MUST_CHECK int s3_place_parse(const char *url, struct s3_place *ret, struct err *e);
void s3_place_release(struct s3_place *p);
/* The URL that begins those of all its objects: two stores with the same one are the same. To be
 * freed. */
char *s3_place_text(const struct s3_place *p);

/* Appends b with every byte but A-Z a-z 0-9 - _ . ~ as %XX; with S3_PATH '/' stays too. */
enum s3_part { S3_PATH, S3_QUERY };
void s3_encode(struct buf *out, struct bytes b, enum s3_part part);
/* Appends b with %XX resolved; with S3_QUERY '+' is a blank. False when a '%' is none. */
bool s3_decode(struct buf *out, struct bytes b, enum s3_part part);

/* Appends "name=value" to a query, behind '&' when it is not the first; names come ascending. */
void s3_query_add(struct buf *query, const char *name, struct bytes value);

/* Appends the URL of the object that the store calls name (NULL: of the bucket), and the query. */
void s3_url_add(struct buf *url, const struct s3_place *p, const char *name, const char *query);

#endif
