/* Answers: made in the thread of who gives them, sent by libmicrohttpd's. */
#include "http/conn.h"

#include <assert.h>
#include <unistd.h>

#include "time/time.h"

static struct MHD_Response *of_body(struct http_server *s, const struct http_answer *a)
{
	struct MHD_Response *m;

	if (a->fd_n > 0) {
		m = MHD_create_response_from_fd64(a->fd_n, a->fd);
		if (!m)
			close(a->fd);
	} else {
		/* It is copied; the parameter only lacks the const. */
		m = MHD_create_response_from_buffer(a->body.n, (void *)a->body.p,
						    MHD_RESPMEM_MUST_COPY);
	}
	if (!m)
		server_log(s, HTTP_LOG_SERVER, "no memory for an answer of %zu bytes", a->body.n);
	return m;
}

static void add_field(struct http_server *s, struct MHD_Response *m, const char *name,
		      const char *value)
{
	if (MHD_add_response_header(m, name, value) != MHD_YES)
		server_log(s, HTTP_LOG_SERVER, "the answer's header %s cannot be sent", name);
}

void answer_give(struct http_request *r, int status, struct MHD_Response *m)
{
	struct conn *c = r->conn;
	bool resume;

	pthread_mutex_lock(&c->lock);
	assert(!r->answer);
	r->answer = m;
	r->status = status;
	resume = c->suspended == r;
	if (resume)
		c->suspended = NULL;
	if (r->waits)
		conn_time_request(r);
	pthread_mutex_unlock(&c->lock);
	/* From here on r may be gone. */
	if (resume)
		MHD_resume_connection(r->mhd);
}

void http_answer(struct http_request *r, const struct http_answer *a)
{
	struct http_server *s = r->server;
	struct MHD_Response *m = of_body(s, a);
	int status = a->status;

	if (!m) {
		status = 503;
		m = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
		assert(m);
	} else {
		if (a->type)
			add_field(s, m, MHD_HTTP_HEADER_CONTENT_TYPE, a->type);
		for (size_t i = 0; i < a->n_field; i++)
			add_field(s, m, a->field[i].name, a->field[i].value);
	}
	if (r->closes || atomic_load(&s->quiet) ||
	    atomic_load(&s->n_conns) > s->o.connections_max / 2)
		add_field(s, m, MHD_HTTP_HEADER_CONNECTION, "close");
	r->answer_n = a->fd_n ? a->fd_n : a->body.n;
	answer_give(r, status, m);
}

static const struct http_field later = { "Retry-After", "1" };

void answer_text(struct http_request *r, int status, const char *text)
{
	struct buf b = { 0 };

	buf_addf(&b, "%s\n", text);
	http_answer(r, &(struct http_answer){ .status = status,
					      .type = "text/plain; charset=utf-8",
					      .body = buf_bytes(&b),
					      .field = &later,
					      .n_field = status == 503 });
	buf_release(&b);
}

void answer_raw(struct http_request *r, int status, const char *text)
{
	struct conn *c = r->conn;
	struct buf b = { 0 };

	buf_addf(&b, "HTTP/1.1 %d %s\r\nContent-Type: text/plain; charset=utf-8\r\n", status,
		 MHD_get_reason_phrase_for((unsigned)status));
	if (status == 503)
		buf_addf(&b, "%s: %s\r\n", later.name, later.value);
	buf_addf(&b, "Connection: close\r\nContent-Length: %zu\r\n\r\n%s\n", strlen(text) + 1,
		 text);
	/* All that was sent before was taken, so there is room, unless the client has gone. */
	if (c->keys)
		tls_send(conn_session(r->mhd), buf_bytes(&b));
	else if (send(c->fd, b.p, b.n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		server_log(r->server, HTTP_LOG_CLIENT, "%s has gone", c->peer);
	buf_release(&b);
	r->status = status;
	c->lingers = true;
}

/* Who takes a byte now and then would keep it for ever. */
enum MHD_Result answer_queue(struct http_request *r)
{
	const struct http_opts *o = &r->server->o;
	uint64_t s = o->idle_s + (o->rate_least ? r->answer_n / o->rate_least : 0);

	if (o->idle_s && o->rate_least && !r->websocket && s < INT64_MAX / 2 / (uint64_t)NS_PER_S)
		atomic_store(&r->conn->deadline_ns, time_mono_ns() + (int64_t)s * NS_PER_S);
	return MHD_queue_response(r->mhd, (unsigned)r->status, r->answer);
}
