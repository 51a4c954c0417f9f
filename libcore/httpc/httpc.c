#include "httpc/httpc.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "httpc/curl_lib.h"

enum { CONNECT_TIMEOUT_MS = 10000, TIMEOUT_MS = 60000, ANSWER_MAX = 64 << 10, WHY_MAX = 300 };

struct httpc {
	struct httpc_opts opts;
	struct curl_lib lib;
	CURL *curl;
	char why[CURL_ERROR_SIZE];
	struct httpc_answer *answer; /* of the request that is under way */
	bool full;		     /* there is more of it than is taken */
};

void httpc_answer_release(struct httpc_answer *a)
{
	buf_release(&a->body);
	*a = (struct httpc_answer){ 0 };
}

int httpc_check_url(const char *url, struct err *e)
{
	struct bytes rest = bytes_str(url), host;
	static const struct bytes http = { "http://", 7 }, https = { "https://", 8 };

	if (bytes_starts(rest, http))
		rest = bytes_sub(rest, http.n, rest.n);
	else if (bytes_starts(rest, https))
		rest = bytes_sub(rest, https.n, rest.n);
	else
		return err_set(e, ERR_USAGE, "expected http://HOST or https://HOST");
	host = bytes_sub(rest, 0, strcspn(rest.p, "/?#"));
	if (host.n && memchr(host.p, '@', host.n))
		return err_set(e, ERR_USAGE,
			       "a user or password in an URL is seen by all: there are files and "
			       "variables for them");
	if (host.n == 0)
		return err_set(e, ERR_USAGE, "expected a host in '%s'", url);
	for (const char *p = url; *p; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f)
			return err_set(e, ERR_USAGE, "a blank or control character in the URL");
	return 0;
}

int httpc_check_header(const char *line, struct err *e)
{
	size_t n = strcspn(line, ":");

	if (n == 0 || line[n] != ':')
		return err_set(e, ERR_USAGE, "expected 'Name: value'");
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)line[i] <= ' ' || line[i] == 0x7f)
			return err_set(e, ERR_USAGE, "a blank in the name of a header");
	for (const char *p = line; *p; p++)
		if ((unsigned char)*p < ' ' && *p != '\t')
			return err_set(e, ERR_USAGE, "a control character in a header");
	return 0;
}

int httpc_open(const struct httpc_opts *opts, struct httpc **ret, struct err *e)
{
	struct httpc *h = mem_alloc(sizeof(*h));

	h->opts = *opts;
	if (curl_lib_load(&h->lib, e) < 0) {
		free(h);
		return -1;
	}
	h->lib.global_init(CURL_GLOBAL_DEFAULT);
	h->curl = h->lib.easy_init();
	if (!h->curl) {
		httpc_close(h);
		return err_set(e, ERR_IO, "libcurl cannot begin");
	}
	*ret = h;
	return 0;
}

void httpc_close(struct httpc *h)
{
	if (!h)
		return;
	if (h->curl)
		h->lib.easy_cleanup(h->curl);
	h->lib.global_cleanup();
	/* The library stays loaded: others of its libraries keep threads and handlers. */
	free(h);
}

/* Of what is too long no more is taken, for it may have no end: less than there is ends it. */
static size_t on_body(char *p, size_t size, size_t n, void *data)
{
	struct httpc *h = data;
	struct buf *body = &h->answer->body;
	size_t max = h->opts.answer_max ? h->opts.answer_max : ANSWER_MAX, room = max - body->n;

	h->full = size * n > room;
	buf_add(body, p, h->full ? room : size * n);
	return h->full ? 0 : size * n;
}

static struct curl_slist *add_headers(struct httpc *h, struct curl_slist *list,
				      const char *const *header, size_t n)
{
	for (size_t i = 0; i < n; i++)
		list = h->lib.slist_append(list, header[i]);
	return list;
}

/* How the connection is made, and who we are. */
static void set_up(struct httpc *h)
{
	__typeof__(curl_easy_setopt) *set = h->lib.easy_setopt;
	const struct httpc_opts *o = &h->opts;
	CURL *c = h->curl;

	set(c, CURLOPT_NOSIGNAL, 1L);
	set(c, CURLOPT_ERRORBUFFER, h->why);
	set(c, CURLOPT_PROTOCOLS_STR, "http,https");
	set(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	set(c, CURLOPT_PROXY, o->proxy ? o->proxy : "");
	set(c, CURLOPT_USERAGENT, "lokid");
	set(c, CURLOPT_CONNECTTIMEOUT_MS,
	    (long)(o->connect_timeout_ms ? o->connect_timeout_ms : CONNECT_TIMEOUT_MS));
	set(c, CURLOPT_TIMEOUT_MS, (long)(o->timeout_ms ? o->timeout_ms : TIMEOUT_MS));
	if (o->ca_file)
		set(c, CURLOPT_CAINFO, o->ca_file);
	if (o->cert_file)
		set(c, CURLOPT_SSLCERT, o->cert_file);
	if (o->key_file)
		set(c, CURLOPT_SSLKEY, o->key_file);
	if (o->user) {
		set(c, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
		set(c, CURLOPT_USERNAME, o->user);
		set(c, CURLOPT_PASSWORD, o->password ? o->password : "");
	} else if (o->token) {
		set(c, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
		set(c, CURLOPT_XOAUTH2_BEARER, o->token);
	}
}

/* Without what is asked, which may be long, and not for all to see. */
static int failure(const struct httpc *h, const struct httpc_request *r, CURLcode rc, struct err *e)
{
	const char *url = r->shown ? r->shown : r->url;
	char where[256];

	snprintf(where, sizeof(where), "%.*s", (int)strcspn(url, "?"), url);
	return curl_lib_failure(&h->lib, rc, h->why, where, e);
}

static int status_of(const struct httpc *h)
{
	long status = 0;

	h->lib.easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &status);
	return (int)status;
}

static int perform(struct httpc *h, const struct httpc_request *r, struct err *e)
{
	CURLcode rc = h->lib.easy_perform(h->curl);
	curl_off_t after = -1;

	h->answer->is_strange = curl_lib_is_strange(rc, h->why);
	if (rc != CURLE_OK && !h->full)
		return failure(h, r, rc, e);
	if (h->lib.easy_getinfo(h->curl, CURLINFO_RETRY_AFTER, &after) == CURLE_OK && after > 0)
		h->answer->retry_after_s = (int64_t)after;
	h->answer->status = status_of(h);
	return 0;
}

/* All but where the body goes. The headers are to be freed afterwards. */
static struct curl_slist *prepare(struct httpc *h, const struct httpc_request *r,
				  struct httpc_answer *ret)
{
	__typeof__(curl_easy_setopt) *set = h->lib.easy_setopt;
	struct curl_slist *headers;

	buf_reset(&ret->body);
	ret->status = 0;
	ret->retry_after_s = -1;
	h->answer = ret;
	h->full = false;
	h->why[0] = '\0';
	h->lib.easy_reset(h->curl); /* connections stay */
	set_up(h);
	/* A body goes at once: most servers do not know what 100-continue is for. */
	headers = h->lib.slist_append(NULL, "Expect:");
	headers = add_headers(h, headers, h->opts.header, h->opts.n_headers);
	headers = add_headers(h, headers, r->header, r->n_headers);
	set(h->curl, CURLOPT_HTTPHEADER, headers);
	set(h->curl, CURLOPT_URL, r->url);
	set(h->curl, CURLOPT_FRESH_CONNECT, (long)r->once);
	if (r->timeout_ms)
		set(h->curl, CURLOPT_TIMEOUT_MS, (long)r->timeout_ms);
	if (r->body.n || strcmp(r->method, "POST") == 0) {
		set(h->curl, CURLOPT_POST, 1L);
		set(h->curl, CURLOPT_POSTFIELDS, r->body.n ? r->body.p : "");
		set(h->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.n);
	}
	set(h->curl, CURLOPT_CUSTOMREQUEST, r->method);
	return headers;
}

int httpc_do(struct httpc *h, const struct httpc_request *r, struct httpc_answer *ret,
	     struct err *e)
{
	__typeof__(curl_easy_setopt) *set = h->lib.easy_setopt;
	struct curl_slist *headers = prepare(h, r, ret);
	int rc;

	set(h->curl, CURLOPT_WRITEFUNCTION, on_body);
	set(h->curl, CURLOPT_WRITEDATA, h);
	rc = perform(h, r, e);
	h->lib.slist_free_all(headers);
	return rc;
}

struct stream {
	struct httpc *h;
	httpc_piece_fn *piece;
	void *data;
	bool enough;
};

static size_t on_piece(char *p, size_t size, size_t n, void *data)
{
	struct stream *s = data;

	if (status_of(s->h) != 200)
		return on_body(p, size, n, s->h);
	s->enough = s->piece(bytes_of(p, size * n), s->data) == HTTPC_ENOUGH;
	return s->enough ? 0 : size * n; /* 0 ends it */
}

int httpc_stream(struct httpc *h, const struct httpc_request *r, int64_t timeout_ms,
		 httpc_piece_fn *piece, void *data, struct httpc_answer *ret, struct err *e)
{
	__typeof__(curl_easy_setopt) *set = h->lib.easy_setopt;
	struct stream s = { h, piece, data, false };
	struct curl_slist *headers = prepare(h, r, ret);
	CURLcode rc;

	set(h->curl, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
	set(h->curl, CURLOPT_WRITEFUNCTION, on_piece);
	set(h->curl, CURLOPT_WRITEDATA, &s);
	rc = h->lib.easy_perform(h->curl);
	h->lib.slist_free_all(headers);
	ret->status = status_of(h);
	if (rc == CURLE_OK || s.enough || h->full ||
	    (rc == CURLE_OPERATION_TIMEDOUT && ret->status != 0))
		return 0;
	return failure(h, r, rc, e);
}

bool httpc_may_pass(int status)
{
	return status == 429 || status == 408 || status >= 500;
}

int httpc_refused(const char *url, const struct httpc_answer *a, enum err_code code, struct err *e)
{
	struct bytes text = bytes_trim(bytes_sub(buf_bytes(&a->body), 0, WHY_MAX));

	return err_set(e, httpc_may_pass(a->status) ? ERR_AGAIN : code, "%s answered %d%s%.*s", url,
		       a->status, text.n ? ": " : "", BYTES_ARG(text));
}
