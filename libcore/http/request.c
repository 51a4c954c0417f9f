/* Requests: read into memory under caps, given to the owner, and what he may ask about them. */
#include "http/conn.h"

#include <stdlib.h>
#include <strings.h>

#include "base/mem.h"
#include "time/time.h"

enum { BODY_FIRST = 64 << 10 };

static const struct {
	const char *name;
	enum http_method method;
} methods[] = {
	{ "GET", HTTP_GET }, { "HEAD", HTTP_HEAD },	{ "POST", HTTP_POST },
	{ "PUT", HTTP_PUT }, { "DELETE", HTTP_DELETE }, { "OPTIONS", HTTP_OPTIONS },
};

static enum http_method method_of(const char *name)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++)
		if (!strcmp(methods[i].name, name))
			return methods[i].method;
	return HTTP_OTHER;
}

/* "http://host/path", which proxies send, is "/path". */
static void split_uri(struct http_request *r)
{
	struct bytes rest = bytes_str(r->uri), path;
	const char *host = strstr(r->uri, "://");

	if (*r->uri != '/' && host) {
		const char *slash = strchr(host + 3, '/');

		rest = slash ? bytes_str(slash) : BYTES_LIT("/");
	}
	bytes_split(&rest, '?', &path);
	r->path = path;
	r->query = rest;
}

void *request_begin(void *server, const char *uri, struct MHD_Connection *m)
{
	struct http_server *s = server;
	struct http_request *r = mem_alloc(sizeof(*r));
	size_t n = strlen(uri) + 1;

	r->server = s;
	r->conn = conn_of(m);
	r->mhd = m;
	r->uri = mem_alloc(n);
	memcpy(r->uri, uri, n);
	r->uri_at = uri;
	split_uri(r);
	conn_look_at_cert(r->conn, m);
	r->body_max = s->o.body_max;
	atomic_store(&r->conn->busy, true);
	conn_time_request(r);
	return r;
}

static bool is_answered(struct http_request *r)
{
	bool is;

	pthread_mutex_lock(&r->conn->lock);
	is = r->answer != NULL;
	pthread_mutex_unlock(&r->conn->lock);
	return is;
}

static const char no_memory[] = "the bodies of all requests together are at their limit";

static void say_too_long(const struct http_request *r, uint64_t n, struct buf *ret)
{
	buf_addf(ret, "the body has %llu bytes or more: at most %zu are taken",
		 (unsigned long long)n, r->body_max);
}

/* Whether bodies of all requests may have n bytes more; they have, then. */
static bool take_memory(struct http_server *s, size_t n)
{
	size_t used = atomic_fetch_add(&s->bodies_used, n);

	if (n <= s->o.bodies_max && used <= s->o.bodies_max - n)
		return true;
	atomic_fetch_sub(&s->bodies_used, n);
	return false;
}

/* By what the head says of the body. */
static void refuse_body(struct http_request *r)
{
	struct http_server *s = r->server;
	struct buf b = { 0 };

	if (r->length > r->body_max) {
		say_too_long(r, r->length, &b);
		answer_text(r, 413, buf_str(&b));
	} else if (r->length > s->o.bodies_max - atomic_load(&s->bodies_used)) {
		answer_text(r, 503, no_memory);
	}
	buf_release(&b);
}

/*
 * Until answer_give or http_go_on resumes it. libmicrohttpd has a lock of its own in this, which it
 * also holds when it tells request_end of an upgraded connection: so ours is never held when that
 * is taken.
 */
static void suspend(struct http_request *r)
{
	struct conn *c = r->conn;
	bool is_ready;

	MHD_suspend_connection(r->mhd);
	pthread_mutex_lock(&c->lock);
	is_ready = r->answer || !(r->is_whole || r->waits); /* since it was looked at last */
	if (!is_ready)
		c->suspended = r;
	pthread_mutex_unlock(&c->lock);
	if (is_ready)
		MHD_resume_connection(r->mhd);
	else
		conn_tell_left(c); /* who hung up before was not told of */
}

void http_wait(struct http_request *r)
{
	pthread_mutex_lock(&r->conn->lock);
	r->waits = true;
	pthread_mutex_unlock(&r->conn->lock);
	atomic_store(&r->conn->deadline_ns, 0);
}

void http_go_on(struct http_request *r)
{
	struct conn *c = r->conn;
	bool resume;

	pthread_mutex_lock(&c->lock);
	r->waits = false;
	resume = c->suspended == r;
	if (resume)
		c->suspended = NULL;
	conn_time_request(r);
	pthread_mutex_unlock(&c->lock);
	if (resume)
		MHD_resume_connection(r->mhd);
}

static bool is_to_wait(struct http_request *r)
{
	bool is;

	pthread_mutex_lock(&r->conn->lock);
	is = r->waits && !r->answer;
	pthread_mutex_unlock(&r->conn->lock);
	return is;
}

/*
 * The body is not read when the answer is known and the body long, or of a length that nobody
 * knows, or the client waits to be asked for it. A request that was suspended here comes here once
 * more: libmicrohttpd tells of its head again when it is resumed.
 */
static enum MHD_Result end_of_head(struct http_request *r)
{
	r->head_again = is_to_wait(r);
	if (r->head_again) {
		suspend(r);
		return MHD_YES;
	}
	if (!is_answered(r))
		refuse_body(r);
	if (is_answered(r) &&
	    (r->closes || r->length > DISCARD_MAX || (r->expects && r->length > 0))) {
		r->conn->lingers = true;
		return answer_queue(r);
	}
	return MHD_YES;
}

static enum MHD_Result begin(struct http_request *r, const char *method, const char *version)
{
	struct http_server *s = r->server;
	struct head head;
	struct err e;

	r->head_seen = true;
	r->method_name = method;
	r->method = method_of(method);
	r->is_old = strcmp(version, MHD_HTTP_VERSION_1_1) != 0;
	if (guard_head(r, version, &head, &e) < 0) {
		r->closes = r->conn->lingers = true;
		answer_text(r, 400, e.msg);
		return answer_queue(r);
	}
	r->length = head.length;
	r->closes = head.is_chunked;
	r->expects = head.expects;
	r->is_owned = true;
	pthread_mutex_lock(&s->lock);
	s->n_active++;
	pthread_mutex_unlock(&s->lock);
	s->o.calls.head(r, s->o.calls.data);
	return end_of_head(r);
}

/* Memory is taken as the body comes, not as its head promises. */
static bool make_room(struct http_request *r, size_t n)
{
	size_t need = r->body_n + n, cap = r->body_cap ? r->body_cap * 4 : BODY_FIRST;
	char *body;

	if (need <= r->body_cap)
		return true;
	if (cap > r->body_max)
		cap = r->body_max;
	if (r->length && cap > r->length)
		cap = r->length;
	if (cap < need)
		cap = need;
	if (!take_memory(r->server, cap - r->body_cap))
		return false;
	body = realloc(r->body, cap);
	if (!body) {
		atomic_fetch_sub(&r->server->bodies_used, cap - r->body_cap);
		return false;
	}
	r->body = body;
	r->body_cap = cap;
	return true;
}

static enum MHD_Result take(struct http_request *r, const char *p, size_t n)
{
	struct buf b = { 0 };

	if (is_answered(r))
		return MHD_YES; /* it is short: only its end is waited for */
	if (n <= r->body_max - r->body_n && make_room(r, n)) {
		memcpy(r->body + r->body_n, p, n);
		r->body_n += n;
		return MHD_YES;
	}
	if (n > r->body_max - r->body_n)
		say_too_long(r, (uint64_t)r->body_n + n, &b);
	answer_raw(r, b.n ? 413 : 503, b.n ? buf_str(&b) : no_memory);
	buf_release(&b);
	return MHD_NO;
}

static enum MHD_Result end_of_body(struct http_request *r)
{
	struct http_server *s = r->server;

	if (!r->is_whole) {
		r->is_whole = true;
		atomic_store(&r->conn->deadline_ns, 0);
		if (!is_answered(r))
			s->o.calls.whole(r, s->o.calls.data);
	}
	if (is_answered(r))
		return answer_queue(r);
	suspend(r);
	return MHD_YES;
}

enum MHD_Result request_go_on(void *server, struct MHD_Connection *m, const char *url,
			      const char *method, const char *version, const char *upload,
			      size_t *upload_n, void **request)
{
	struct http_request *r = *request;
	size_t n = *upload_n;

	(void)server;
	(void)m;
	(void)url;
	if (r->conn->refused || (!r->head_seen && atomic_load(&r->server->stopping)))
		return MHD_NO;
	if (!r->head_seen)
		return begin(r, method, version);
	if (r->head_again)
		return end_of_head(r);
	if (n == 0)
		return end_of_body(r);
	*upload_n = 0;
	return take(r, upload, n);
}

void request_end(void *server, struct MHD_Connection *m, void **request,
		 enum MHD_RequestTerminationCode why)
{
	struct http_request *r = *request;
	struct http_server *s = server;
	struct conn *c;

	(void)m;
	(void)why;
	if (!r)
		return;
	c = r->conn;
	pthread_mutex_lock(&c->lock);
	while (c->telling)
		pthread_cond_wait(&c->told, &c->lock);
	pthread_mutex_unlock(&c->lock);
	conn_is_idle(c);
	if (r->websocket)
		websocket_orphan(r->websocket);
	if (r->is_owned)
		s->o.calls.done(r, s->o.calls.data);
	if (r->answer)
		MHD_destroy_response(r->answer);
	conn_let_go(c);
	atomic_fetch_sub(&s->bodies_used, r->body_cap);
	free(r->body);
	if (r->is_owned) {
		pthread_mutex_lock(&s->lock);
		if (--s->n_active == 0)
			pthread_cond_broadcast(&s->idle);
		pthread_mutex_unlock(&s->lock);
	}
	free(r->uri);
	free(r);
	*request = NULL;
}

enum http_method http_method(const struct http_request *r)
{
	return r->method;
}

const char *http_method_name(const struct http_request *r)
{
	return r->method_name;
}

struct bytes http_path(const struct http_request *r)
{
	return r->path;
}

struct bytes http_query(const struct http_request *r)
{
	return r->query;
}

struct bytes http_header(const struct http_request *r, const char *name)
{
	const char *value = NULL;
	size_t n = 0;

	MHD_lookup_connection_value_n(r->mhd, MHD_HEADER_KIND, name, strlen(name), &value, &n);
	while (value && n > 0 && (value[n - 1] == ' ' || value[n - 1] == '\t'))
		n--; /* no part of it: RFC 9110, 5.5; libmicrohttpd leaves them at its end */
	return bytes_of(value, value ? n : 0);
}

struct count {
	const char *name;
	size_t n;
};

static enum MHD_Result count_one(void *data, enum MHD_ValueKind kind, const char *key,
				 const char *value)
{
	struct count *c = data;

	(void)kind;
	(void)value;
	c->n += !strcasecmp(key, c->name);
	return MHD_YES;
}

size_t http_header_count(const struct http_request *r, const char *name)
{
	struct count c = { name, 0 };

	MHD_get_connection_values(r->mhd, MHD_HEADER_KIND, count_one, &c);
	return c.n;
}

struct bytes http_body(const struct http_request *r)
{
	return bytes_of(r->body, r->body_n);
}

const char *http_peer(const struct http_request *r)
{
	return r->conn->peer;
}

struct bytes http_peer_net(const struct http_request *r)
{
	const struct address *a = &r->conn->address;

	return bytes_of((const char *)a->b, address_is_v4(a) ? sizeof(a->b) : sizeof(a->b) / 2);
}

struct bytes http_cert_name(const struct http_request *r)
{
	return bytes_of(r->conn->cert_name, r->conn->cert_name_n);
}

int http_status(const struct http_request *r)
{
	return r->status;
}

void http_body_max(struct http_request *r, size_t n)
{
	r->body_max = n;
}

void http_set_user(struct http_request *r, void *user)
{
	r->user = user;
}

void *http_user(const struct http_request *r)
{
	return r->user;
}
