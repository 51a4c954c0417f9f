#include "ring/etcd_call.h"

#include <stdlib.h>
#include <time.h>

#include "base/mem.h"
#include "ring/etcd_text.h"
#include "time/time.h"

enum {
	ENDPOINTS_MAX = 16,
	CONNECT_MS = 1000,
	REQUEST_MS = 2000, /* an election takes one second; a lost request is answered after 7 s */
	PAUSE_MS = 100,	   /* before an endpoint is asked again */
	ANSWER_MAX = 256 << 20,
};

struct etcd_call {
	struct ring_place_opts opts;
	struct httpc *http;
	struct httpc_answer answer;
	struct buf prefix, endpoint[ENDPOINTS_MAX], url, token;
	size_t n, at; /* endpoints; the one that is asked next */
};

/* ---- the URL ---- */

static int add_endpoint(struct etcd_call *c, const char *scheme, struct bytes host, struct err *e)
{
	struct buf *b = &c->endpoint[c->n];

	if (c->n == ENDPOINTS_MAX)
		return err_set(e, ERR_USAGE, "more than %d endpoints", ENDPOINTS_MAX);
	if (host.n == 0)
		return err_set(e, ERR_USAGE,
			       "expected HOST:PORT,.../PREFIX behind etcd:// or etcds://");
	buf_addf(b, "%s%.*s", scheme, BYTES_ARG(host));
	c->n++;
	return httpc_check_url(buf_str(b), e);
}

static int read_url(struct etcd_call *c, const char *url, struct err *e)
{
	bool tls = strncmp(url, "etcds://", 8) == 0;
	struct bytes rest = bytes_str(url + (tls ? 8 : 7)), hosts, host;

	hosts = bytes_sub(rest, 0, strcspn(rest.p, "/"));
	rest = bytes_sub(rest, hosts.n, rest.n);
	while (rest.n && rest.p[rest.n - 1] == '/')
		rest.n--;
	buf_add_bytes(&c->prefix, rest.n ? rest : BYTES_LIT("/lokid-ring"));
	buf_add_char(&c->prefix, '/');
	for (size_t i = 0; i < rest.n; i++)
		if ((unsigned char)rest.p[i] <= ' ' || rest.p[i] == '?' || rest.p[i] == '#')
			return err_set(e, ERR_USAGE,
				       "'%s': expected a prefix without blank, ? and #", url);
	while (bytes_split(&hosts, ',', &host))
		if (add_endpoint(c, tls ? "https://" : "http://", host, e) < 0)
			return err_wrap(e, "'%s'", url);
	if (!tls && (c->opts.ca_file || c->opts.cert_file || c->opts.key_file))
		return err_set(e, ERR_USAGE, "'%s': certificates are for TLS, which etcds:// has",
			       url);
	if (!c->opts.cert_file != !c->opts.key_file)
		return err_set(e, ERR_USAGE, "a certificate for etcd and its key go together");
	return 0;
}

struct etcd_call *etcd_call_open(const char *url, const struct ring_place_opts *o,
				 struct bytes *ret_prefix, struct err *e)
{
	struct etcd_call *c = mem_alloc(sizeof(*c));
	const struct httpc_opts http = { .ca_file = o->ca_file,
					 .cert_file = o->cert_file,
					 .key_file = o->key_file,
					 .connect_timeout_ms = CONNECT_MS,
					 .timeout_ms = REQUEST_MS,
					 .answer_max = ANSWER_MAX };

	c->opts = *o;
	if (read_url(c, url, e) < 0 || httpc_open(&http, &c->http, e) < 0) {
		etcd_call_close(c);
		return NULL;
	}
	*ret_prefix = buf_bytes(&c->prefix);
	return c;
}

void etcd_call_close(struct etcd_call *c)
{
	if (!c)
		return;
	httpc_close(c->http);
	httpc_answer_release(&c->answer);
	for (size_t i = 0; i < c->n; i++)
		buf_release(&c->endpoint[i]);
	buf_release(&c->prefix);
	buf_release(&c->url);
	buf_release(&c->token);
	free(c);
}

/* ---- one request ---- */

/* The request to the endpoint that is asked next. auth: room for the header. */
static struct httpc_request request(struct etcd_call *c, const char *path, struct bytes body,
				    enum etcd_tries tries, struct buf *auth)
{
	struct httpc_request r = { .method = "POST", .body = body, .once = tries == ETCD_ONCE };

	buf_reset(&c->url);
	buf_add_bytes(&c->url, buf_bytes(&c->endpoint[c->at]));
	buf_add_str(&c->url, path);
	r.url = buf_str(&c->url);
	r.header[r.n_headers++] = "Content-Type: application/json";
	if (c->token.n) {
		buf_reset(auth);
		buf_addf(auth, "Authorization: %s", buf_str(&c->token));
		r.header[r.n_headers++] = buf_str(auth);
	}
	return r;
}

/* Of an answer that is an error. */
static int refused(const struct etcd_call *c, struct err *e)
{
	const struct httpc_answer *a = &c->answer;
	struct bytes why = etcd_read_error(buf_bytes(&a->body));
	enum err_code code = a->status == 404 && why.n ? ERR_NO : ERR_USAGE;

	if (httpc_may_pass(a->status))
		code = ERR_AGAIN;
	if (why.n == 0)
		why = bytes_sub(bytes_trim(buf_bytes(&a->body)), 0, 200);
	return err_set(e, code, "%s answered %d%s%.*s", c->url.p, a->status, why.n ? ": " : "",
		       BYTES_ARG(why));
}

static int ask_one(struct etcd_call *c, const char *path, struct bytes body, enum etcd_tries tries,
		   struct err *e)
{
	struct buf auth = { 0 };
	struct httpc_request r = request(c, path, body, tries, &auth);
	int rc = httpc_do(c->http, &r, &c->answer, e);

	if (rc == 0 && c->answer.status != 200)
		rc = refused(c, e);
	buf_release(&auth);
	return rc;
}

/* A token, when there is a user and none yet. */
static int authenticate(struct etcd_call *c, struct err *e)
{
	struct buf body = { 0 };
	int rc;

	if (!c->opts.user || c->token.n)
		return 0;
	etcd_ask_token(&body, c->opts.user, c->opts.password ? c->opts.password : "");
	rc = ask_one(c, "/v3/auth/authenticate", buf_bytes(&body), ETCD_UNTIL_DEADLINE, e);
	if (rc == 0)
		rc = etcd_read_token(buf_bytes(&c->answer.body), &c->token, e);
	buf_release(&body);
	return rc;
}

/* With a new token when the old one has ended. */
static int ask_here(struct etcd_call *c, const char *path, struct bytes body, enum etcd_tries tries,
		    struct err *e)
{
	int rc = authenticate(c, e);

	if (rc == 0)
		rc = ask_one(c, path, body, tries, e);
	if (rc < 0 && c->answer.status == 401 && c->token.n) {
		buf_reset(&c->token);
		rc = authenticate(c, e);
		if (rc == 0)
			rc = ask_one(c, path, body, tries, e);
	}
	return rc;
}

static void next_endpoint(struct etcd_call *c)
{
	c->at = (c->at + 1) % c->n;
}

int etcd_call(struct etcd_call *c, const char *path, struct bytes body, enum etcd_tries tries,
	      int64_t deadline_ns, struct bytes *ret, struct err *e)
{
	for (size_t i = 1; ask_here(c, path, body, tries, e) < 0; i++) {
		const struct timespec pause = { .tv_nsec = PAUSE_MS * NS_PER_MS };

		if (e->code != ERR_AGAIN)
			return -1;
		next_endpoint(c);
		if (tries == ETCD_ONCE || time_mono_ns() >= deadline_ns)
			return -1;
		if (i % c->n == 0)
			nanosleep(&pause, NULL);
	}
	*ret = buf_bytes(&c->answer.body);
	return 0;
}

/* ---- a watch ---- */

/* Pieces of an answer, put together to lines. */
struct lines {
	struct buf part;
	httpc_piece_fn *fn;
	void *data;
	bool enough;
};

static enum httpc_more on_piece(struct bytes piece, void *data)
{
	struct lines *l = data;
	const char *end;

	buf_add_bytes(&l->part, piece);
	while (l->part.n && (end = memchr(l->part.p, '\n', l->part.n))) {
		struct bytes line = bytes_of(l->part.p, (size_t)(end - l->part.p));

		if (line.n && l->fn(line, l->data) == HTTPC_ENOUGH) {
			l->enough = true;
			return HTTPC_ENOUGH;
		}
		buf_drop(&l->part, line.n + 1);
	}
	return l->part.n > ANSWER_MAX ? HTTPC_ENOUGH : HTTPC_MORE;
}

int etcd_watch(struct etcd_call *c, struct bytes body, int64_t timeout_ms, httpc_piece_fn *fn,
	       void *data, const struct err *why, struct err *e)
{
	struct lines l = { .fn = fn, .data = data };
	struct buf auth = { 0 };
	int rc = authenticate(c, e);

	if (rc == 0) {
		struct httpc_request r = request(c, "/v3/watch", body, ETCD_UNTIL_DEADLINE, &auth);

		rc = httpc_stream(c->http, &r, timeout_ms, on_piece, &l, &c->answer, e);
		if (rc == 0 && c->answer.status != 200)
			rc = refused(c, e);
	}
	if (rc == 0 && why->code != ERR_NONE) {
		*e = *why;
		rc = -1;
	}
	if (rc < 0 && e->code == ERR_AGAIN)
		next_endpoint(c);
	buf_release(&auth);
	buf_release(&l.part);
	return rc < 0 ? -1 : l.enough;
}
