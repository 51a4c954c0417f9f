/* Connections: whom they come from, how long they may take, when their client is gone. */
#include "http/conn.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/mem.h"
#include "time/time.h"

enum {
	IDLE_LONG_S = 5,
	LOST_S = 2, /* a worker has begun what it was given before */
};

static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

bool address_is_v4(const struct address *a)
{
	return !memcmp(a->b, mapped, sizeof(mapped));
}

static void name_peer(struct conn *c, const struct sockaddr *sa)
{
	char text[INET6_ADDRSTRLEN] = "";

	if (sa && sa->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)sa;
		bool is_v4;

		memcpy(c->address.b, &in6->sin6_addr, 16);
		is_v4 = address_is_v4(&c->address);
		inet_ntop(is_v4 ? AF_INET : AF_INET6, c->address.b + (is_v4 ? 12 : 0), text,
			  sizeof(text));
		snprintf(c->peer, sizeof(c->peer), is_v4 ? "%s:%u" : "[%s]:%u", text,
			 ntohs(in6->sin6_port));
	} else if (sa && sa->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)sa;

		memcpy(c->address.b, mapped, sizeof(mapped));
		memcpy(c->address.b + 12, &in->sin_addr, 4);
		inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text));
		snprintf(c->peer, sizeof(c->peer), "%s:%u", text, ntohs(in->sin_port));
	} else {
		snprintf(c->peer, sizeof(c->peer), "local");
	}
}

static struct conn **bucket(struct http_server *s, const struct conn *c)
{
	return &s->by_address[hash64(bytes_of(c->address.b, sizeof(c->address.b))) % BY_ADDRESS];
}

/* Whether there is room for one more of its address. s->lock is held. */
static bool take_address(struct http_server *s, struct conn *c)
{
	struct conn **first = bucket(s, c);
	unsigned n = 0;

	for (const struct conn *o = *first; o; o = o->address_next)
		n += !memcmp(&o->address, &c->address, sizeof(c->address));
	c->address_next = *first;
	if (*first)
		(*first)->address_prev = c;
	*first = c;
	return s->o.connections_of_ip_max == 0 || n < s->o.connections_of_ip_max;
}

static void leave_address(struct http_server *s, struct conn *c)
{
	if (c->address_prev)
		c->address_prev->address_next = c->address_next;
	else
		*bucket(s, c) = c->address_next;
	if (c->address_next)
		c->address_next->address_prev = c->address_prev;
}

/* Until a request line is there, the idle time counts too. */
static int64_t first_deadline(const struct http_server *s)
{
	if (s->o.idle_s == 0 || s->o.request_s == 0)
		return 0;
	return time_mono_ns() + ((int64_t)s->o.idle_s + s->o.request_s) * NS_PER_S;
}

void conn_is_idle(struct conn *c)
{
	atomic_store(&c->idle_ns, time_mono_ns());
	atomic_store(&c->deadline_ns, first_deadline(c->server));
	atomic_store(&c->busy, false);
}

void conn_time_request(struct http_request *r)
{
	if (r->is_whole || !r->server->o.request_s)
		return;
	atomic_store(&r->conn->deadline_ns, time_mono_ns() + r->server->o.request_s * NS_PER_S);
}

void *conn_session(struct MHD_Connection *m)
{
	return MHD_get_connection_info(m, MHD_CONNECTION_INFO_GNUTLS_SESSION)->tls_session;
}

void conn_handed_over(struct worker *w)
{
	pthread_mutex_lock(&w->server->lock);
	atomic_fetch_add(&w->n_conns, 1);
	atomic_fetch_add(&w->server->n_conns, 1);
	w->handed_ns = time_mono_ns();
	pthread_mutex_unlock(&w->server->lock);
}

/* With the lock held. */
static void count_off(struct worker *w, size_t n)
{
	atomic_fetch_sub(&w->n_conns, n);
	atomic_fetch_sub(&w->server->n_conns, n);
}

void conn_not_taken(struct worker *w)
{
	pthread_mutex_lock(&w->server->lock);
	count_off(w, 1);
	pthread_mutex_unlock(&w->server->lock);
}

/* With the lock held. */
static void count_begun(struct worker *w)
{
	if (++w->n_begun <= atomic_load(&w->n_conns))
		return;
	atomic_fetch_add(&w->n_conns, 1); /* it was only late */
	atomic_fetch_add(&w->server->n_conns, 1);
}

void conn_forget_lost(struct http_server *s)
{
	int64_t since_ns = time_mono_ns() - LOST_S * NS_PER_S;

	pthread_mutex_lock(&s->lock);
	for (unsigned i = 0; i < s->n_workers; i++) {
		struct worker *w = &s->worker[i];

		if (w->handed_ns < since_ns)
			count_off(w, atomic_load(&w->n_conns) - w->n_begun);
	}
	pthread_mutex_unlock(&s->lock);
}

static struct conn *begin(struct worker *w, struct MHD_Connection *m)
{
	struct http_server *s = w->server;
	struct conn *c = mem_alloc(sizeof(*c));

	c->server = s;
	c->worker = w;
	c->websocket_fd = -1;
	c->fd = MHD_get_connection_info(m, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	name_peer(c, MHD_get_connection_info(m, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr);
	if (s->tls)
		c->keys = tls_begin(s->tls, conn_session(m));
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->told, NULL);
	conn_is_idle(c);
	pthread_mutex_lock(&s->lock);
	c->next = s->first_conn;
	if (c->next)
		c->next->prev = c;
	s->first_conn = c;
	count_begun(w);
	c->refused = !take_address(s, c) || atomic_load(&s->stopping);
	if (c->refused)
		shutdown(c->fd, SHUT_RDWR);
	pthread_mutex_unlock(&s->lock);
	watch_client(c);
	return c;
}

static void end(struct conn *c)
{
	struct http_server *s = c->server;
	bool was_full;

	if (c->lingers)
		watch_linger(s, fcntl(c->fd, F_DUPFD_CLOEXEC, 0));
	watch_client_no_more(c);
	pthread_mutex_lock(&s->lock);
	if (c->prev)
		c->prev->next = c->next;
	else
		s->first_conn = c->next;
	if (c->next)
		c->next->prev = c->prev;
	leave_address(s, c);
	c->prev = NULL;
	c->next = s->dead_conn;
	s->dead_conn = c;
	was_full = atomic_load(&s->n_conns) >= s->o.connections_max;
	c->worker->n_begun--;
	count_off(c->worker, 1);
	pthread_mutex_unlock(&s->lock);
	if (was_full)
		watch_wake(s);
}

void conn_notify(void *worker, struct MHD_Connection *m, void **conn,
		 enum MHD_ConnectionNotificationCode what)
{
	if (what == MHD_CONNECTION_NOTIFY_STARTED)
		*conn = begin(worker, m);
	else if (*conn)
		end(*conn);
}

struct conn *conn_of(struct MHD_Connection *m)
{
	return MHD_get_connection_info(m, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

static bool is_meant(const struct conn *c, enum conn_which which, int64_t now_ns)
{
	int64_t deadline_ns = atomic_load(&c->deadline_ns);

	switch (which) {
	case CONN_ALL:
		return true;
	case CONN_IDLE:
		return !atomic_load(&c->busy);
	case CONN_IDLE_LONG:
		return !atomic_load(&c->busy) &&
		       now_ns - atomic_load(&c->idle_ns) >= IDLE_LONG_S * NS_PER_S;
	case CONN_OVERDUE:
		return deadline_ns && deadline_ns <= now_ns;
	case CONN_HUNG_UP:
		return atomic_load(&c->hung_up);
	}
	return false;
}

/*
 * libmicrohttpd takes a read of fewer bytes than it had room for as the last, and so misses an end
 * that came together with them. Shutting the direction down that is at its end wakes it once more;
 * what is there can still be read.
 */
void conn_shutdown(struct http_server *s, enum conn_which which)
{
	int64_t now_ns = time_mono_ns();

	pthread_mutex_lock(&s->lock);
	for (struct conn *c = s->first_conn; c; c = c->next)
		if (is_meant(c, which, now_ns))
			shutdown(c->fd, which == CONN_HUNG_UP ? SHUT_RD : SHUT_RDWR);
	pthread_mutex_unlock(&s->lock);
}

void conn_hang_up(struct conn *c)
{
	pthread_mutex_lock(&c->lock);
	atomic_store(&c->hung_up, true);
	if (c->websocket_fd >= 0)
		shutdown(c->websocket_fd, SHUT_RD);
	pthread_mutex_unlock(&c->lock);
	conn_tell_left(c);
}

/* Inside of TLS a websocket has one end of a pair of sockets, and libmicrohttpd keeps to itself
 * that the client has gone. */
void conn_set_websocket(struct conn *c, int fd)
{
	pthread_mutex_lock(&c->lock);
	c->websocket_fd = fd;
	if (fd >= 0 && atomic_load(&c->hung_up))
		shutdown(fd, SHUT_RD);
	pthread_mutex_unlock(&c->lock);
}

void conn_tell_left(struct conn *c)
{
	struct http_server *s = c->server;
	struct http_request *r;

	pthread_mutex_lock(&c->lock);
	r = atomic_load(&c->hung_up) ? c->suspended : NULL;
	if (r && (r->left || !r->is_whole))
		r = NULL; /* it was told; or it will be, when the body is read */
	if (r)
		r->left = c->telling = true;
	pthread_mutex_unlock(&c->lock);
	if (!r)
		return;
	s->o.calls.left(r, s->o.calls.data);
	pthread_mutex_lock(&c->lock);
	c->telling = false;
	pthread_cond_signal(&c->told);
	pthread_mutex_unlock(&c->lock);
}

void conn_look_at_cert(struct conn *c, struct MHD_Connection *m)
{
	if (!c->keys || c->is_named)
		return;
	c->cert_name_n = tls_peer_name(conn_session(m), c->cert_name, sizeof(c->cert_name));
	c->is_named = true;
}

/* libmicrohttpd ends a TLS session after it has told us: what died last time is freed, not what
 * died since. */
void conn_free_dead(struct http_server *s)
{
	struct conn *next = s->buried_conn;

	pthread_mutex_lock(&s->lock);
	s->buried_conn = s->dead_conn;
	s->dead_conn = NULL;
	pthread_mutex_unlock(&s->lock);
	for (struct conn *c = next; c; c = next) {
		next = c->next;
		tls_drop(s->tls, c->keys);
		pthread_mutex_destroy(&c->lock);
		pthread_cond_destroy(&c->told);
		free(c);
	}
}
