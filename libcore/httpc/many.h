/*
 * Requests that are made at once, over connections that are kept: those of object stores, signed
 * with AWS's Signature Version 4 when there is a key. As in httpc.h, redirects are not followed,
 * the environment's proxies not used, and no secret is in any message.
 *
 * Each client is for one thread at a time.
 */
#ifndef HTTPC_MANY_H
#define HTTPC_MANY_H

#include "httpc/httpc.h"

/* A header of the answer that is wanted. */
struct httpc_kept {
	const char *name;
	char value[128]; /* cut if it is longer; "" when there is none */
};

struct httpc_job {
	const char *method;
	const char *url; /* signed as it is: paths and queries in canonical form */
	struct bytes body;
	const char *const *header; /* "Name: value"; signed as well */
	size_t n_headers;
	int64_t timeout_ms; /* in all; 0: none but that for a connection that stalls */

	/* Of an answer of status 2xx the body goes here when it is not NULL, any other's to
	 * answer.body. */
	void *into;
	size_t into_n;
	size_t body_max; /* of answer.body with status 2xx, a longer one is an error; of others the
			    first 64 KiB are kept */
	struct httpc_kept *kept;
	size_t n_kept;

	struct httpc_answer answer; /* set by httpc_many_do; released by the caller */
	size_t into_got; /* bytes that came for into; above into_n when it was too small */
	struct err err;	 /* ERR_NONE: a whole answer came */
};

/* Borrowed during the call. Keys are read for each request anew. */
struct httpc_signer {
	const char *region, *service;
	const char *key, *secret;
};

struct httpc_many;

/* Of opts: ca_file, proxy, connect_timeout_ms, timeout_ms (0: 20 s; of a connection that brings
 * less than 1 KiB a second). resolve: NULL, or "HOST:PORT:ADDRESS", where that host is to be found.
 * Errors: as httpc_open. */
MUST_CHECK int httpc_many_open(const struct httpc_opts *opts, const char *resolve,
			       struct httpc_many **ret, struct err *e);
void httpc_many_close(struct httpc_many *m); /* NULL is fine */

/* Does all of them, `parallel` at once (at least 1), and sets .answer, .kept and .err of each.
 * Errors, in .err: as httpc_do, ERR_LIMIT (the body is longer than body_max); all ERR_AGAIN when an
 * interrupt waits (base/interrupt.h), or when it is deadline_ns, of time_mono_ns (0: none). signer
 * NULL: not signed. */
void httpc_many_do(struct httpc_many *m, const struct httpc_signer *signer, struct httpc_job *v,
		   size_t n, unsigned parallel, int64_t deadline_ns);

/* A date of HTTP as Unix seconds, or -1. */
int64_t httpc_many_date(const struct httpc_many *m, const char *text);

#endif
