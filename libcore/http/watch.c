/* The watch: the one thread that accepts, sees clients leave, and ends what takes too long. */
#include "http/conn.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "time/time.h"

enum {
	EVENTS = 64,
	ACCEPTS = 32,	   /* in one go */
	SWEEP_MS = 250,	   /* how late a deadline is seen */
	HUNG_UP_MS = 10,   /* until libmicrohttpd must have read what came before an end */
	NO_FILES_MS = 100, /* until accept is tried again that lacked files or memory */
	SAY_AGAIN_S = 60,  /* and this is told again */
	LINGER_S = 2,
	ALIVE_S = 60, /* a client that is quiet for so long is asked by TCP whether it is there */
	ALIVE_EVERY_S = 15,
	ALIVE_TRIES = 4,
};

static const char listening, waking; /* their addresses stand in events */

struct accepting {
	bool armed;
	int64_t again_ns;
	int64_t said_ns, said_plain_ns; /* when it was told last that it cannot, and of a client
					   without TLS; 0: never */
};

static void epoll_change(const struct http_server *s, int op, int fd, uint32_t events, void *data)
{
	struct epoll_event ev = { .events = events, .data.ptr = data };

	if (epoll_ctl(s->epoll_fd, op, fd, &ev) < 0)
		server_log(s, HTTP_LOG_SERVER, "cannot watch a socket: %s", strerror(errno));
}

void watch_client(struct conn *c)
{
	epoll_change(c->server, EPOLL_CTL_ADD, c->fd, EPOLLRDHUP | EPOLLONESHOT, c);
}

void watch_client_no_more(struct conn *c)
{
	epoll_change(c->server, EPOLL_CTL_DEL, c->fd, 0, NULL);
}

void watch_wake(const struct http_server *s)
{
	uint64_t one = 1;

	if (write(s->wake_fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
		server_log(s, HTTP_LOG_SERVER, "cannot wake the watch: %s", strerror(errno));
}

void watch_linger(struct http_server *s, int fd)
{
	bool room;

	if (fd < 0)
		return;
	shutdown(fd, SHUT_WR);
	pthread_mutex_lock(&s->lock);
	room = atomic_load(&s->n_parting) < LINGERING_MAX;
	if (room) {
		atomic_fetch_add(&s->n_parting, 1);
		s->parted[s->n_parted++] =
			(struct parting){ fd, time_mono_ns() + LINGER_S * NS_PER_S };
	}
	pthread_mutex_unlock(&s->lock);
	if (!room)
		close(fd);
}

enum { DROP_ONCE = 64 << 10, DROPS = 256 };

/* Whether nothing more will come, or not soon enough. */
static bool drop_bytes(const struct parting *l, int64_t now_ns)
{
	char dropped[DROP_ONCE];
	ssize_t n = 1;

	for (int i = 0; i < DROPS && n > 0; i++)
		n = recv(l->fd, dropped, sizeof(dropped), MSG_DONTWAIT | MSG_TRUNC);
	return n == 0 || (n < 0 && errno != EAGAIN) || now_ns >= l->end_ns;
}

static void take_parted(struct http_server *s)
{
	pthread_mutex_lock(&s->lock);
	for (; s->n_parted; s->n_linger++)
		s->linger[s->n_linger] = s->parted[--s->n_parted];
	pthread_mutex_unlock(&s->lock);
}

/* Without the lock: there may be much to drop. */
static void drop_lingering(struct http_server *s, int64_t now_ns)
{
	take_parted(s);
	for (size_t i = 0; i < s->n_linger;) {
		if (drop_bytes(&s->linger[i], now_ns)) {
			close(s->linger[i].fd);
			s->linger[i] = s->linger[--s->n_linger];
			atomic_fetch_sub(&s->n_parting, 1);
		} else {
			i++;
		}
	}
}

/* A client whose machine has gone leaves without a word, and may have been waiting for long. */
static void keep_alive(int fd)
{
	static const struct {
		int level, name, value;
	} options[] = {
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, ALIVE_S },
		{ IPPROTO_TCP, TCP_KEEPINTVL, ALIVE_EVERY_S },
		{ IPPROTO_TCP, TCP_KEEPCNT, ALIVE_TRIES },
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		setsockopt(fd, options[i].level, options[i].name, &options[i].value,
			   sizeof(options[i].value));
}

/* Once a minute. */
static bool is_due(int64_t *said_ns)
{
	int64_t now_ns = time_mono_ns();

	if (*said_ns && now_ns - *said_ns < SAY_AGAIN_S * NS_PER_S)
		return false;
	*said_ns = now_ns;
	return true;
}

/* Whoever means HTTP begins with a method; no record of TLS begins with a letter. What a client
 * says first is there already: the kernel waits for it. */
static bool speaks_plainly(int fd)
{
	char first;

	return recv(fd, &first, 1, MSG_PEEK | MSG_DONTWAIT) == 1 && first >= 'A' && first <= 'Z';
}

/* GnuTLS would only hang up. fd is given away. */
static void refuse_plain(struct http_server *s, struct accepting *a, int fd,
			 const struct sockaddr_storage *from, socklen_t n)
{
	static const char answer[] = "HTTP/1.1 400 Bad Request\r\n"
				     "Content-Type: text/plain; charset=utf-8\r\n"
				     "Connection: close\r\n\r\n"
				     "this is HTTP, and HTTPS is expected here\n";
	char host[NI_MAXHOST] = "somebody";

	getnameinfo((const struct sockaddr *)from, n, host, sizeof(host), NULL, 0, NI_NUMERICHOST);
	if (is_due(&a->said_plain_ns))
		server_log(s, HTTP_LOG_SETUP, "%s speaks HTTP where HTTPS is expected", host);
	/* A socket of no bytes yet has room. */
	if (send(fd, answer, sizeof(answer) - 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		server_log(s, HTTP_LOG_CLIENT, "%s has gone", host);
	watch_linger(s, fd);
}

/* To the worker that has the fewest. */
static void hand_over(struct http_server *s, int fd, const struct sockaddr_storage *a, socklen_t n)
{
	struct worker *w = &s->worker[0];

	for (unsigned i = 1; i < s->n_workers; i++)
		if (atomic_load(&s->worker[i].n_conns) < atomic_load(&w->n_conns))
			w = &s->worker[i];
	keep_alive(fd);
	conn_handed_over(w);
	if (MHD_add_connection(w->mhd, fd, (const struct sockaddr *)a, n) != MHD_YES)
		conn_not_taken(w);
}

static void arm(struct http_server *s, struct accepting *a, bool armed)
{
	if (a->armed != armed)
		epoll_change(s, EPOLL_CTL_MOD, s->listen_fd, armed ? EPOLLIN : 0,
			     (void *)&listening);
	a->armed = armed;
}

/* Files or memory are lacking: they come when others end, and those that are idle are made to. */
static void accept_later(struct http_server *s, struct accepting *a, int error)
{
	arm(s, a, false);
	a->again_ns = time_mono_ns() + NO_FILES_MS * NS_PER_MS;
	conn_shutdown(s, CONN_IDLE_LONG);
	if (is_due(&a->said_ns))
		server_log(s, HTTP_LOG_SERVER, "cannot accept connections, they wait: %s",
			   strerror(error));
}

/* One that cannot be had now waits with the system: neither do we spin nor is it lost. */
static void accept_some(struct http_server *s, struct accepting *a)
{
	for (int i = 0; i < ACCEPTS; i++) {
		struct sockaddr_storage from;
		socklen_t n = sizeof(from);
		int fd;

		if (atomic_load(&s->n_conns) >= s->o.connections_max) {
			arm(s, a, false);
			conn_shutdown(s, CONN_IDLE_LONG);
			return;
		}
		fd = accept4(s->listen_fd, (struct sockaddr *)&from, &n,
			     SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0 && s->tls && speaks_plainly(fd)) {
			refuse_plain(s, a, fd, &from, n);
			continue;
		}
		if (fd >= 0) {
			hand_over(s, fd, &from, n);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
			accept_later(s, a, errno);
			return;
		}
		if (errno == EAGAIN)
			return;
	}
}

static void rearm(struct http_server *s, struct accepting *a)
{
	if (atomic_load(&s->quiet)) {
		if (s->listen_fd >= 0)
			close(s->listen_fd);
		s->listen_fd = -1;
		conn_shutdown(s, CONN_IDLE);
	} else if (atomic_load(&s->n_conns) >= s->o.connections_max) {
		conn_shutdown(s, CONN_IDLE_LONG);
	} else if (!a->armed && time_mono_ns() >= a->again_ns) {
		arm(s, a, true);
	}
}

static void hang_up(struct conn *c, int *n)
{
	conn_hang_up(c);
	++*n;
}

static void *watch(void *data)
{
	struct http_server *s = data;
	struct accepting a = { .armed = true };
	struct epoll_event ev[EVENTS];
	int64_t swept_ns = 0;
	int n_hung_up = 0;
	uint64_t count;

	while (!atomic_load(&s->watch_ends)) {
		bool idle = atomic_load(&s->n_conns) == 0 && atomic_load(&s->n_parting) == 0 &&
			    (a.armed || s->listen_fd < 0);
		int n = epoll_wait(s->epoll_fd, ev, EVENTS,
				   idle	       ? -1
				   : n_hung_up ? HUNG_UP_MS
					       : SWEEP_MS);

		if (n_hung_up)
			conn_shutdown(s, CONN_HUNG_UP);
		n_hung_up = 0;

		for (int i = 0; i < n; i++) {
			if (ev[i].data.ptr == &listening)
				accept_some(s, &a);
			else if (ev[i].data.ptr != &waking)
				hang_up(ev[i].data.ptr, &n_hung_up);
			else if (read(s->wake_fd, &count, sizeof(count)) < 0)
				continue; /* somebody else's wake-up was read before */
		}
		rearm(s, &a);
		if (time_mono_ns() - swept_ns >= SWEEP_MS * NS_PER_MS) {
			conn_shutdown(s, CONN_OVERDUE);
			conn_shutdown(s, CONN_HUNG_UP);
			conn_forget_lost(s);
			conn_free_dead(s);
			drop_lingering(s, time_mono_ns());
			swept_ns = time_mono_ns();
		}
	}
	return NULL;
}

int watch_start(struct http_server *s, struct err *e)
{
	int failed;

	s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	s->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->epoll_fd < 0 || s->wake_fd < 0)
		return err_sys(e, "cannot watch sockets");
	epoll_change(s, EPOLL_CTL_ADD, s->listen_fd, EPOLLIN, (void *)&listening);
	epoll_change(s, EPOLL_CTL_ADD, s->wake_fd, EPOLLIN, (void *)&waking);
	failed = pthread_create(&s->watch, NULL, watch, s);
	if (failed) {
		errno = failed;
		return err_sys(e, "cannot start a thread");
	}
	s->is_watched = true;
	return 0;
}

void watch_stop(struct http_server *s)
{
	atomic_store(&s->watch_ends, true);
	if (s->is_watched) {
		watch_wake(s);
		pthread_join(s->watch, NULL);
	}
}

void watch_release(struct http_server *s)
{
	take_parted(s);
	while (s->n_linger)
		close(s->linger[--s->n_linger].fd);
	if (s->epoll_fd >= 0)
		close(s->epoll_fd);
	if (s->wake_fd >= 0)
		close(s->wake_fd);
}
