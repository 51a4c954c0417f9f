/* Answers: made in the thread of who gives them, sent by libmicrohttpd's. */
#include "http/conn.h"

#include <assert.h>
#include <unistd.h>

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
		server_log(s, "no memory for an answer of %zu bytes", a->body.n);
	return m;
}

static void add_field(struct http_server *s, struct MHD_Response *m, const char *name,
		      const char *value)
{
	if (MHD_add_response_header(m, name, value) != MHD_YES)
		server_log(s, "the answer's header %s cannot be sent", name);
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
	if (resume) {
		c->suspended = NULL;
		watch_client_no_more(c);
	}
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
	if (atomic_load(&s->quiet) || r->closes)
		add_field(s, m, MHD_HTTP_HEADER_CONNECTION, "close");
	answer_give(r, status, m);
}

void answer_text(struct http_request *r, int status, const char *retry_after, const char *text)
{
	struct http_field field = { "Retry-After", retry_after };
	struct buf b = { 0 };

	buf_add_str(&b, text);
	buf_add_char(&b, '\n');
	http_answer(r, &(struct http_answer){ .status = status,
					      .type = "text/plain; charset=utf-8",
					      .body = buf_bytes(&b),
					      .field = &field,
					      .n_field = retry_after != NULL });
	buf_release(&b);
}

enum MHD_Result answer_queue(struct http_request *r)
{
	return MHD_queue_response(r->mhd, (unsigned)r->status, r->answer);
}
