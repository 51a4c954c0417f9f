#include "ingest/listen.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"
#include "ingest/batch.h"
#include "ingest/syslog_source.h"

enum {
	CONNS_MAX = 1000,
	FDS_SPARE = 32, /* for the log and all else */
	DATAGRAM_MAX = 64 << 10,
	DATAGRAMS_AT_ONCE = 256,
	READ_BYTES = 64 << 10,
	PARTS_MAX = 64 << 20, /* of messages of all connections that are not whole yet */
	RECEIVE_BUFFER = 4 << 20,
	BACKLOG = 128,
	LAST_ROUNDS = 1000, /* of taking what has come, at the end */
	PENDING_MS = 20,
	GRACE_MS = 1,
	PEER_MAX = 64,
};

enum kind { KIND_UDP, KIND_TCP };

struct socket_in {
	enum kind kind;
	int fd;
};

struct conn {
	int fd;
	char peer[PEER_MAX];
	struct buf buf; /* of a message that is not whole */
};

struct listener {
	struct ingest *in;
	struct syslog_source source;
	struct socket_in socket[INGEST_LISTEN_MAX];
	size_t n_sockets;
	struct conn **conn;
	size_t n_conns, cap_conns, conns_max;
	size_t parts_n; /* bytes of messages that are not whole */
	bool told_full;
	char *datagram;
	struct pollfd *poll;
	size_t cap_poll;
};

/* --- addresses ------------------------------------------------------------------------------- */

struct address {
	enum kind kind;
	char host[256], port[8];
};

static int parse_url(const char *url, struct address *ret, struct err *e)
{
	static const struct bytes udp = { "udp://", 6 }, tcp = { "tcp://", 6 };
	struct bytes rest = bytes_str(url), host;
	const char *colon;
	uint64_t port;

	if (!bytes_starts(rest, udp) && !bytes_starts(rest, tcp))
		return err_set(e, ERR_USAGE, "expected udp:// or tcp://, found '%s'", url);
	ret->kind = bytes_starts(rest, udp) ? KIND_UDP : KIND_TCP;
	rest = bytes_sub(rest, udp.n, rest.n);
	colon = strrchr(rest.p, ':');
	if (!colon || colon == rest.p || !num_u64(bytes_str(colon + 1), &port) ||
	    port > UINT16_MAX || strlen(colon + 1) >= sizeof(ret->port))
		return err_set(e, ERR_USAGE, "expected ADDRESS:PORT, found '%s'", rest.p);
	host = bytes_of(rest.p, (size_t)(colon - rest.p));
	if (host.p[0] == '[' && host.n > 2 && host.p[host.n - 1] == ']')
		host = bytes_sub(host, 1, host.n - 2);
	if (host.n >= sizeof(ret->host))
		return err_set(e, ERR_USAGE, "too long a name: '%s'", rest.p);
	memcpy(ret->host, host.p, host.n);
	ret->host[host.n] = '\0';
	memcpy(ret->port, colon + 1, strlen(colon + 1) + 1);
	return 0;
}

int listen_check_url(const char *url, struct err *e)
{
	struct address a;

	return parse_url(url, &a, e);
}

static void say_address(const struct sockaddr_storage *sa, socklen_t n, char ret[PEER_MAX],
			unsigned *ret_port)
{
	char port[8] = "0";

	if (getnameinfo((const struct sockaddr *)sa, n, ret, PEER_MAX, port, sizeof(port),
			NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		memcpy(ret, "?", 2);
	if (ret_port)
		*ret_port = (unsigned)strtoul(port, NULL, 10);
}

/* A socket that is bound, and with TCP listens. */
static int open_address(const struct addrinfo *ai, enum kind kind, struct err *e)
{
	int fd = socket(ai->ai_family, ai->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1, size = RECEIVE_BUFFER;

	if (fd < 0)
		return err_sys(e, "socket");
	if (kind == KIND_TCP)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	else
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) < 0 ||
	    (kind == KIND_TCP && listen(fd, BACKLOG) < 0)) {
		err_sys(e, "cannot listen");
		close(fd);
		return -1;
	}
	return fd;
}

static int open_socket(struct listener *l, const char *url, struct buf *ret_url, struct err *e)
{
	struct sockaddr_storage sa = { 0 };
	socklen_t n = sizeof(sa);
	struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICSERV }, *ai;
	char name[PEER_MAX];
	struct address a;
	unsigned port;
	int rc, fd;

	if (parse_url(url, &a, e) < 0)
		return -1;
	hints.ai_socktype = a.kind == KIND_UDP ? SOCK_DGRAM : SOCK_STREAM;
	rc = getaddrinfo(a.host, a.port, &hints, &ai);
	if (rc != 0)
		return err_set(e, ERR_USAGE, "'%s': %s", url, gai_strerror(rc));
	fd = open_address(ai, a.kind, e);
	freeaddrinfo(ai);
	if (fd < 0)
		return err_wrap(e, "'%s'", url);
	l->socket[l->n_sockets++] = (struct socket_in){ a.kind, fd };
	if (getsockname(fd, (struct sockaddr *)&sa, &n) < 0)
		return err_sys(e, "'%s'", url);
	say_address(&sa, n, name, &port);
	buf_reset(ret_url);
	buf_addf(ret_url, sa.ss_family == AF_INET6 ? "%s://[%s]:%u" : "%s://%s:%u",
		 a.kind == KIND_UDP ? "udp" : "tcp", name, port);
	return 0;
}

/* --- messages -------------------------------------------------------------------------------- */

/* One datagram is one message; what ends it is of its transport. */
static void take_datagrams(struct listener *l, int fd)
{
	char peer[PEER_MAX];

	for (int i = 0; i < DATAGRAMS_AT_ONCE && !batch_is_full(l->in); i++) {
		struct sockaddr_storage sa = { 0 };
		socklen_t sa_n = sizeof(sa);
		ssize_t n =
			recvfrom(fd, l->datagram, DATAGRAM_MAX, 0, (struct sockaddr *)&sa, &sa_n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return;
		while (n > 0 && (l->datagram[n - 1] == '\n' || l->datagram[n - 1] == '\0'))
			n--;
		if (n == 0)
			continue;
		say_address(&sa, sa_n, peer, NULL);
		syslog_source_take(&l->source, bytes_of(l->datagram, (size_t)n), peer);
	}
}

/* -1 when no message can be found any more. */
static int take_messages(struct listener *l, struct conn *c, enum syslog_more more, struct err *e)
{
	struct bytes rest = buf_bytes(&c->buf);
	int rc = syslog_source_take_all(&l->source, &rest, more, c->peer, e);

	l->parts_n -= c->buf.n;
	buf_drop(&c->buf, c->buf.n - rest.n);
	l->parts_n += c->buf.n;
	return rc;
}

static void say(struct listener *l, const char *peer, const char *what)
{
	struct err e;

	err_set(&e, ERR_LIMIT, "'%s': %s", peer, what);
	if (l->in->opts->note)
		l->in->opts->note(&e, l->in->opts->data);
}

static void close_conn(struct listener *l, size_t i)
{
	struct conn *c = l->conn[i];

	l->parts_n -= c->buf.n;
	close(c->fd);
	buf_release(&c->buf);
	free(c);
	l->conn[i] = l->conn[--l->n_conns];
	l->told_full = false;
}

/* False when the connection is at its end. */
static bool take_conn(struct listener *l, struct conn *c)
{
	ssize_t n = read(c->fd, buf_reserve(&c->buf, READ_BYTES), READ_BYTES);
	struct err e;

	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	c->buf.n += (size_t)n;
	l->parts_n += (size_t)n;
	if (take_messages(l, c, n == 0 ? SYSLOG_END : SYSLOG_MORE, &e) < 0) {
		tally(&l->in->counts.too_long, 1, c->buf.n);
		say(l, c->peer, e.msg);
		return false;
	}
	if (l->parts_n > PARTS_MAX && c->buf.n > 0) {
		say(l, c->peer, "closed: messages that are not whole take too much memory");
		return false;
	}
	return n > 0;
}

static void accept_conns(struct listener *l, int fd)
{
	for (;;) {
		struct sockaddr_storage sa = { 0 };
		socklen_t n = sizeof(sa);
		struct conn *c;
		int conn = accept4(fd, (struct sockaddr *)&sa, &n, SOCK_CLOEXEC | SOCK_NONBLOCK);
		char peer[PEER_MAX];

		if (conn < 0 && (errno == EINTR || errno == ECONNABORTED))
			continue;
		if (conn < 0)
			return;
		say_address(&sa, n, peer, NULL);
		if (l->n_conns == l->conns_max) {
			close(conn);
			if (!l->told_full)
				say(l, peer, "refused: there are as many connections as may be");
			l->told_full = true;
			continue;
		}
		c = mem_alloc(sizeof(*c));
		c->fd = conn;
		memcpy(c->peer, peer, sizeof(peer));
		mem_grow(&l->conn, &l->cap_conns, l->n_conns + 1, sizeof(*l->conn));
		l->conn[l->n_conns++] = c;
	}
}

/* --- the loop -------------------------------------------------------------------------------- */

/* stop_fd first, then sockets, then connections. Returns how many. */
static size_t fill_poll(struct listener *l, int stop_fd)
{
	size_t n = 0;

	mem_grow(&l->poll, &l->cap_poll, 1 + l->n_sockets + l->n_conns, sizeof(*l->poll));
	l->poll[n++] = (struct pollfd){ .fd = stop_fd, .events = POLLIN };
	for (size_t i = 0; i < l->n_sockets; i++)
		l->poll[n++] = (struct pollfd){ .fd = l->socket[i].fd, .events = POLLIN };
	for (size_t i = 0; i < l->n_conns; i++)
		l->poll[n++] = (struct pollfd){ .fd = l->conn[i]->fd, .events = POLLIN };
	return n;
}

static void take_ready(struct listener *l)
{
	size_t first = 1 + l->n_sockets, n_conns = l->n_conns;

	/* From the last one: one that is closed is replaced by the last, which was looked at. */
	for (size_t i = n_conns; i-- > 0;)
		if (l->poll[first + i].revents && !take_conn(l, l->conn[i]))
			close_conn(l, i);
	for (size_t i = 0; i < l->n_sockets; i++) {
		if (!l->poll[1 + i].revents)
			continue;
		if (l->socket[i].kind == KIND_UDP)
			take_datagrams(l, l->socket[i].fd);
		else
			accept_conns(l, l->socket[i].fd);
	}
}

/* How long poll may wait: entries go on soon, and a refusal is to be seen. */
static int wait_ms(struct listener *l)
{
	if (l->in->es.n)
		return l->in->opts->push_url ? batch_due_ms(l->in) : GRACE_MS;
	return batch_is_pending(l->in) ? PENDING_MS : -1;
}

/* Takes what comes. 0 at the end, 1 when the log refuses. */
static int take_all(struct listener *l, int stop_fd)
{
	for (int last = 0; last < LAST_ROUNDS;) {
		size_t n = fill_poll(l, last ? -1 : stop_fd);
		int ready = poll(l->poll, n, last ? 0 : wait_ms(l));

		if (last)
			last++;
		if (ready < 0)
			continue;
		if (ready == 0 && last)
			break;
		if (l->poll[0].revents)
			last = 1;
		take_ready(l);
		if (batch_is_full(l->in) || batch_due_ms(l->in) == 0 ||
		    (ready == 0 && !l->in->opts->push_url))
			batch_submit(l->in, 0);
		if (batch_is_over(l->in))
			return 1;
	}
	return 0;
}

/* What connections gave last, if it is not whole: nobody could give it again. */
static void take_parts(struct listener *l)
{
	struct err e;

	for (size_t i = 0; i < l->n_conns; i++)
		if (take_messages(l, l->conn[i], SYSLOG_END, &e) < 0)
			say(l, l->conn[i]->peer, e.msg);
}

static size_t most_conns(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) < 0 || r.rlim_cur > CONNS_MAX + FDS_SPARE)
		return CONNS_MAX;
	return r.rlim_cur > 2 * FDS_SPARE ? (size_t)r.rlim_cur - FDS_SPARE : FDS_SPARE;
}

int ingest_listen(struct ingest *in, int stop_fd, void (*opened)(const char *url, void *data),
		  void *data, struct err *e)
{
	const struct ingest_opts *o = in->opts;
	struct listener l = { .in = in, .conns_max = most_conns() };
	struct buf url = { 0 };
	int rc = 0;

	for (size_t i = 0; i < o->n_listen && rc == 0; i++) {
		rc = open_socket(&l, o->listen[i], &url, e);
		if (rc == 0)
			opened(buf_str(&url), data);
	}
	l.datagram = mem_alloc(DATAGRAM_MAX);
	syslog_source_init(&l.source, in);
	if (rc == 0)
		rc = take_all(&l, stop_fd);
	if (rc == 0)
		take_parts(&l);
	while (l.n_conns)
		close_conn(&l, l.n_conns - 1);
	for (size_t i = 0; i < l.n_sockets; i++)
		close(l.socket[i].fd);
	syslog_source_release(&l.source);
	buf_release(&url);
	free(l.conn);
	free(l.poll);
	free(l.datagram);
	return rc;
}
