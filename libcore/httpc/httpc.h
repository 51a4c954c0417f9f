/*
 * Requests to other servers. libcurl does them, and is loaded when the first client is opened:
 * linking it drags in some forty libraries, which programs that stay local need not pay for.
 *
 * A client keeps its connection. Redirects are not followed, since what goes with a request
 * (tenant, credentials) is meant for that server alone; proxies are used only when they are asked
 * for, whatever the environment says. No secret is in any message.
 *
 * Each client is for one thread at a time.
 */
#ifndef HTTPC_HTTPC_H
#define HTTPC_HTTPC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum { HTTPC_HEADERS_MAX = 32 };

/* Strings are borrowed, as long as the client lives. NULL or 0: not wanted. */
struct httpc_opts {
	const char *user, *password; /* basic authentication */
	const char *token;	     /* bearer token */
	const char *ca_file;	     /* certificates to trust, instead of the system's */
	const char *cert_file, *key_file;
	const char *proxy;
	const char *header[HTTPC_HEADERS_MAX]; /* "Name: value", with each request */
	size_t n_headers;
	int64_t connect_timeout_ms; /* 0: 10 s */
	int64_t timeout_ms;	    /* of a request in all; 0: 60 s */
	size_t answer_max; /* bytes of an answer's body that are taken, and no more: then the
			      connection ends; 0: 64 KiB */
};

struct httpc_request {
	const char *method; /* GET, POST, ... */
	const char *url;
	const char *shown; /* what messages call it; NULL: the URL, without its query */
	struct bytes body;
	const char *header[HTTPC_HEADERS_MAX]; /* more of them, for this one */
	size_t n_headers;
	/* On a connection of its own: on one that was kept, libcurl sends again unasked what was
	 * not answered, though it may have been done. */
	bool once;
	int64_t timeout_ms; /* of this one; 0: as the client has it */
};

/* {0} is a valid empty one; kept between requests. */
struct httpc_answer {
	int status;
	bool is_strange;       /* none came, since what is spoken there is not HTTP, or not TLS */
	struct buf body;       /* its beginning, if it is longer than answer_max */
	int64_t retry_after_s; /* what Retry-After says (also as a date), or -1 */
};

struct httpc;

void httpc_answer_release(struct httpc_answer *a);

/* "http://" or "https://" and a host; no user or password in it, which would be seen in the list of
 * processes. Errors: ERR_USAGE. */
MUST_CHECK int httpc_check_url(const char *url, struct err *e);
/* "Name: value", one line. Errors: ERR_USAGE. */
MUST_CHECK int httpc_check_header(const char *line, struct err *e);

/* Errors: ERR_IO, libcurl cannot be loaded (which names its package). */
MUST_CHECK int httpc_open(const struct httpc_opts *opts, struct httpc **ret, struct err *e);
void httpc_close(struct httpc *h);

/*
 * Sends it and waits for the answer, whatever its status. Errors: ERR_AGAIN, no whole answer came
 * (no connection, no such host now, a timeout): whether the server took the request is not known;
 * ERR_USAGE, what is asked cannot be (the URL, a certificate that cannot be read, a server that is
 * not who it should be).
 */
MUST_CHECK int httpc_do(struct httpc *h, const struct httpc_request *r, struct httpc_answer *ret,
			struct err *e);

/*
 * The same of an answer that does not end: its body is given piece by piece as it comes, until
 * piece returns HTTPC_ENOUGH, the server ends it, or timeout_ms is over; all three are success.
 * *ret: as of httpc_do, with a body only when the status is not 200. Errors: as httpc_do, but for a
 * timeout once the answer has begun.
 */
enum httpc_more { HTTPC_MORE, HTTPC_ENOUGH };
typedef enum httpc_more httpc_piece_fn(struct bytes piece, void *data);
MUST_CHECK int httpc_stream(struct httpc *h, const struct httpc_request *r, int64_t timeout_ms,
			    httpc_piece_fn *piece, void *data, struct httpc_answer *ret,
			    struct err *e);

/* Whether there is sense in trying again what was refused with this status: 429, 408 (of etcd: it
 * is going down), 5xx. */
bool httpc_may_pass(int status);

/* Of an answer that is a refusal: returns -1 with what the server says, on one line; the code is
 * ERR_AGAIN when there is sense in trying it again (httpc_may_pass), else code. */
int httpc_refused(const char *url, const struct httpc_answer *a, enum err_code code, struct err *e);

#endif
