/*
 * In the place of libmicrohttpd: one connection whose bytes lie in memory. Heads are taken apart as
 * libmicrohttpd 0.9.75 does it, with all that it lets pass (lines that end in LF, folded lines,
 * bytes of 0): what our guard makes of those is what is tried. The functions have libmicrohttpd's
 * names, so that libcore/http is linked with them and calls them.
 *
 * A body comes as one whose chunks were taken apart; there are no trailers, and no upgrades.
 */
#ifndef TESTS_MHD_H
#define TESTS_MHD_H

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include <microhttpd.h>

#include "base/buf.h"
#include "base/mem.h"

struct mhd_header {
	const char *name, *value;
};

struct MHD_Connection {
	void *conn; /* http/conn.h's */
	char *head; /* owned: lines end in 0, and behind the last is one more */
	const char *method, *uri, *version;
	union MHD_ConnectionInfo size; /* of the head, from the method on */
	struct mhd_header *header;
	size_t n_headers, cap_headers;
	char **joined; /* lines that were folded, owned */
	size_t n_joined, cap_joined;

	pthread_mutex_t lock; /* what follows */
	pthread_cond_t resumed;
	bool suspended;
	struct MHD_Response *queued; /* the request's */
	unsigned status;
};

struct MHD_Response {
	struct buf body, type;
	uint64_t fd_n;
};

static inline void must(bool fits)
{
	if (!fits)
		abort();
}

/* --- the head --- */

/* The line at *at, ended by 0, and *at moved behind it; NULL when its end has not come. */
static inline char *mhd_line(char **at, const char *end)
{
	char *line = *at, *lf = memchr(line, '\n', (size_t)(end - line));

	if (!lf)
		return NULL;
	*at = lf + 1;
	*lf = '\0';
	if (lf > line && lf[-1] == '\r')
		lf[-1] = '\0';
	return line;
}

/* "GET /x HTTP/1.1": blanks may stand before the path, and none in it. */
static inline bool mhd_first_line(struct MHD_Connection *m, char *line)
{
	char *uri = strchr(line, ' '), *version;

	if (!uri)
		return false;
	*uri++ = '\0';
	while (*uri == ' ')
		uri++;
	version = strrchr(uri, ' ');
	if (!version || version == uri)
		return false;
	*version++ = '\0';
	m->method = line;
	m->uri = uri;
	m->version = version;
	return !strchr(uri, ' ') && !strncmp(version, "HTTP/1.", 7) && version[7] >= '0' &&
	       version[7] <= '9' && !version[8];
}

/* Another line of the header before. */
static inline void mhd_fold(struct MHD_Connection *m, const char *line)
{
	struct mhd_header *h = &m->header[m->n_headers - 1];
	size_t name_n = strlen(h->name), value_n = strlen(h->value);
	char *both;

	line += strspn(line, " \t");
	both = mem_alloc(name_n + value_n + strlen(line) + 2);
	memcpy(both, h->name, name_n);
	memcpy(both + name_n + 1, h->value, value_n);
	memcpy(both + name_n + 1 + value_n, line, strlen(line));
	mem_grow(&m->joined, &m->cap_joined, m->n_joined + 1, sizeof(*m->joined));
	m->joined[m->n_joined++] = both;
	*h = (struct mhd_header){ both, both + name_n + 1 };
}

static inline bool mhd_header_line(struct MHD_Connection *m, char *line)
{
	char *value;

	if (m->n_headers && (*line == ' ' || *line == '\t')) {
		mhd_fold(m, line);
		return true;
	}
	value = strchr(line, ':');
	if (!value)
		return false;
	*value++ = '\0';
	value += strspn(value, " \t");
	mem_grow(&m->header, &m->cap_headers, m->n_headers + 1, sizeof(*m->header));
	m->header[m->n_headers++] = (struct mhd_header){ line, value };
	return true;
}

/* False when it is cut short, or libmicrohttpd answers it itself; else the head as it came, from
 * its method on, and what stands behind it. */
static inline bool mhd_read(struct MHD_Connection *m, struct bytes in, struct bytes *ret_head,
			    struct bytes *ret_rest)
{
	char *at, *end, *line;

	m->head = at = mem_alloc(in.n + 1);
	if (in.n)
		memcpy(m->head, in.p, in.n);
	end = at + in.n;
	do
		line = mhd_line(&at, end);
	while (line && !*line); /* empty lines before a request */
	if (!line || !mhd_first_line(m, line))
		return false;
	while ((line = mhd_line(&at, end)) && *line)
		if (!mhd_header_line(m, line))
			return false;
	if (!line)
		return false;
	m->size.header_size = (size_t)(at - m->method);
	*ret_head = bytes_of(in.p + (m->method - m->head), m->size.header_size);
	*ret_rest = bytes_sub(in, (size_t)(at - m->head), in.n);
	return true;
}

static inline void mhd_init(struct MHD_Connection *m, void *conn)
{
	*m = (struct MHD_Connection){ .conn = conn };
	pthread_mutex_init(&m->lock, NULL);
	pthread_cond_init(&m->resumed, NULL);
}

static inline void mhd_release(struct MHD_Connection *m)
{
	for (size_t i = 0; i < m->n_joined; i++)
		free(m->joined[i]);
	free(m->joined);
	free(m->header);
	free(m->head);
	pthread_mutex_destroy(&m->lock);
	pthread_cond_destroy(&m->resumed);
}

/* --- libmicrohttpd's functions: of a connection --- */

const char *MHD_get_version(void)
{
	return "0.9.75";
}

const union MHD_ConnectionInfo *MHD_get_connection_info(struct MHD_Connection *m,
							enum MHD_ConnectionInfoType what, ...)
{
	static _Thread_local union MHD_ConnectionInfo context;

	if (what == MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE)
		return &m->size;
	must(what == MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	context.socket_context = m->conn;
	return &context;
}

int MHD_get_connection_values_n(struct MHD_Connection *m, enum MHD_ValueKind kind,
				MHD_KeyValueIteratorN fn, void *data)
{
	must(kind == MHD_HEADER_KIND);
	for (size_t i = 0; i < m->n_headers; i++)
		fn(data, kind, m->header[i].name, strlen(m->header[i].name), m->header[i].value,
		   strlen(m->header[i].value));
	return (int)m->n_headers;
}

int MHD_get_connection_values(struct MHD_Connection *m, enum MHD_ValueKind kind,
			      MHD_KeyValueIterator fn, void *data)
{
	must(kind == MHD_HEADER_KIND);
	for (size_t i = 0; i < m->n_headers; i++)
		fn(data, kind, m->header[i].name, m->header[i].value);
	return (int)m->n_headers;
}

enum MHD_Result MHD_lookup_connection_value_n(struct MHD_Connection *m, enum MHD_ValueKind kind,
					      const char *key, size_t key_n, const char **ret,
					      size_t *ret_n)
{
	must(kind == MHD_HEADER_KIND);
	for (size_t i = 0; i < m->n_headers; i++) {
		if (strlen(m->header[i].name) != key_n ||
		    strncasecmp(m->header[i].name, key, key_n) != 0)
			continue;
		*ret = m->header[i].value;
		*ret_n = strlen(*ret);
		return MHD_YES;
	}
	return MHD_NO;
}

void MHD_suspend_connection(struct MHD_Connection *m)
{
	pthread_mutex_lock(&m->lock);
	m->suspended = true;
	pthread_mutex_unlock(&m->lock);
}

void MHD_resume_connection(struct MHD_Connection *m)
{
	pthread_mutex_lock(&m->lock);
	must(m->suspended);
	m->suspended = false;
	pthread_cond_signal(&m->resumed);
	pthread_mutex_unlock(&m->lock);
}

static inline void mhd_wait(struct MHD_Connection *m)
{
	pthread_mutex_lock(&m->lock);
	while (m->suspended)
		pthread_cond_wait(&m->resumed, &m->lock);
	pthread_mutex_unlock(&m->lock);
}

/* --- of an answer --- */

struct MHD_Response *MHD_create_response_from_buffer(size_t n, void *p,
						     enum MHD_ResponseMemoryMode mode)
{
	struct MHD_Response *r = mem_alloc(sizeof(*r));

	(void)mode;
	if (n)
		buf_add(&r->body, p, n);
	return r;
}

struct MHD_Response *MHD_create_response_from_fd64(uint64_t n, int fd)
{
	struct MHD_Response *r = mem_alloc(sizeof(*r));

	must(fd >= 0);
	close(fd);
	r->fd_n = n;
	return r;
}

enum MHD_Result MHD_add_response_header(struct MHD_Response *r, const char *name, const char *value)
{
	must(*name && *value && !strpbrk(name, " \t\r\n:") && !strpbrk(value, "\r\n"));
	if (!strcasecmp(name, MHD_HTTP_HEADER_CONTENT_TYPE))
		buf_add_str(&r->type, value);
	return MHD_YES;
}

enum MHD_Result MHD_queue_response(struct MHD_Connection *m, unsigned status,
				   struct MHD_Response *r)
{
	must(!m->queued && r && status >= 200 && status < 600);
	m->queued = r;
	m->status = status;
	return MHD_YES;
}

void MHD_destroy_response(struct MHD_Response *r)
{
	buf_release(&r->body);
	buf_release(&r->type);
	free(r);
}

#endif
