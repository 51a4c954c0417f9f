/* The server as a whole: opened, quiesced, closed. */
#include "http/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <gnutls/abstract.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "http/conn.h"

enum {
	BACKLOG = 4096,
	HEAD_LEAST = 4 << 10, /* what libmicrohttpd itself keeps beside the head */
};

void server_log(const struct http_server *s, enum http_log about, const char *fmt, ...)
{
	struct buf b = { 0 };
	va_list va;

	va_start(va, fmt);
	buf_addv(&b, fmt, va);
	va_end(va);
	if (s->o.log)
		s->o.log(about, buf_str(&b), s->o.log_data);
	else if (about == HTTP_LOG_SERVER)
		fprintf(stderr, "http: %s\n", buf_str(&b));
	buf_release(&b);
}

static void log_mhd(void *server, const char *fmt, va_list va) PRINTF_LIKE(2, 0);

/* Apart from its panics it tells of nothing but connections. */
static void log_mhd(void *server, const char *fmt, va_list va)
{
	struct buf b = { 0 };

	buf_addv(&b, fmt, va);
	while (b.n && b.p[b.n - 1] == '\n')
		b.n--;
	server_log(server, HTTP_LOG_CLIENT, "%s", buf_str(&b));
	buf_release(&b);
}

/* libmicrohttpd found itself in a state that cannot be: going on would be worse. */
static void panic(void *data, const char *file, unsigned line, const char *reason)
{
	(void)data;
	fprintf(stderr, "libmicrohttpd: %s:%u: %s\n", file, line, reason ? reason : "");
	abort();
}

static void raise_files(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur < r.rlim_max) {
		r.rlim_cur = r.rlim_max;
		setrlimit(RLIMIT_NOFILE, &r);
	}
}

static char *copy_text(const char *text)
{
	char *copy = text ? strdup(text) : NULL;

	if (text && !copy)
		abort();
	return copy;
}

static int try_listen(const struct addrinfo *ai)
{
	int fd = socket(ai->ai_family, ai->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int one = 1, zero = 0, error;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (ai->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* An empty address is all of them, of IPv6 too where there is one. */
static int open_address(const struct http_opts *o, struct err *e)
{
	const char *address = o->address && *o->address ? o->address : NULL;
	struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICSERV,
				  .ai_socktype = SOCK_STREAM,
				  .ai_family = address ? AF_UNSPEC : AF_INET6 };
	struct addrinfo *list = NULL;
	char port[8];
	int fd = -1, failed;

	snprintf(port, sizeof(port), "%u", o->port);
	failed = getaddrinfo(address, port, &hints, &list);
	if (failed)
		return err_set(e, ERR_USAGE, "cannot listen on '%s': %s",
			       address ? address : "::", gai_strerror(failed));
	for (const struct addrinfo *ai = list; ai && fd < 0; ai = ai->ai_next)
		fd = try_listen(ai);
	if (fd < 0 && !address && errno == EAFNOSUPPORT) {
		struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(o->port) };

		fd = try_listen(&(struct addrinfo){ .ai_family = AF_INET,
						    .ai_socktype = SOCK_STREAM,
						    .ai_addr = (struct sockaddr *)&any,
						    .ai_addrlen = sizeof(any) });
	}
	if (fd < 0)
		err_sys(e, "cannot listen on '%s', port %u", address ? address : "*", o->port);
	freeaddrinfo(list);
	return fd;
}

static uint16_t port_of(int fd)
{
	struct sockaddr_storage a = { 0 };
	socklen_t n = sizeof(a);

	if (getsockname(fd, (struct sockaddr *)&a, &n) < 0)
		return 0;
	if (a.ss_family == AF_INET)
		return ntohs(((struct sockaddr_in *)&a)->sin_port);
	return a.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)&a)->sin6_port) : 0;
}

/* libmicrohttpd wants to know of some certificate; tls_begin puts another in its place. */
static int no_certificate(gnutls_session_t session, const gnutls_datum_t *ca, int n_ca,
			  const gnutls_pk_algorithm_t *pk, int n_pk, gnutls_pcert_st **ret_certs,
			  unsigned *ret_n, gnutls_privkey_t *ret_key)
{
	(void)session, (void)ca, (void)n_ca, (void)pk, (void)n_pk;
	(void)ret_certs, (void)ret_n, (void)ret_key;
	return -1;
}

static int start_worker(struct http_server *s, struct worker *w, struct err *e)
{
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ITC |
			 MHD_ALLOW_SUSPEND_RESUME | MHD_ALLOW_UPGRADE | MHD_USE_ERROR_LOG;

	struct MHD_OptionItem tls[] = { { MHD_OPTION_HTTPS_CERT_CALLBACK, 0, no_certificate },
					{ MHD_OPTION_END, 0, NULL } };

	if (s->tls)
		flags |= MHD_USE_TLS;
	else
		tls[0] = tls[1];
	w->server = s;
	w->mhd = MHD_start_daemon(
		flags, 0, NULL, NULL, request_go_on, s, MHD_OPTION_EXTERNAL_LOGGER, log_mhd, s,
		MHD_OPTION_NOTIFY_CONNECTION, conn_notify, w, MHD_OPTION_URI_LOG_CALLBACK,
		request_begin, s, MHD_OPTION_NOTIFY_COMPLETED, request_end, s,
		MHD_OPTION_CONNECTION_LIMIT, s->o.connections_max + 1,
		MHD_OPTION_CONNECTION_TIMEOUT, s->o.idle_s, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		s->o.head_max + HEAD_LEAST, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_ARRAY, tls,
		MHD_OPTION_END);
	return w->mhd ? 0 : err_set(e, ERR_IO, "cannot start a thread of libmicrohttpd");
}

static bool listens(int fd)
{
	socklen_t n = sizeof(int);
	int is_listening = 0;

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &n) == 0 && is_listening;
}

/* Of TLS the client speaks first, and what it says tells whether it means TLS. A client that is
 * silent comes a second later; where there is no such option, as with sockets of files, at once. */
static void accept_with_data(int fd)
{
	int seconds = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof(seconds));
}

static int start(struct http_server *s, struct err *e)
{
	if (s->o.tls.cert_file && tls_open(&s->o.tls, &s->tls, e) < 0)
		return -1;
	s->o.tls = (struct http_tls){ 0 };
	if (s->listen_fd >= 0) {
		if (!listens(s->listen_fd))
			return err_set(e, ERR_IO, "descriptor %d is no socket that listens",
				       s->listen_fd);
	} else {
		s->listen_fd = open_address(&s->o, e);
		if (s->listen_fd < 0)
			return -1;
	}
	if (fcntl(s->listen_fd, F_SETFL, fcntl(s->listen_fd, F_GETFL) | O_NONBLOCK) < 0)
		return err_sys(e, "cannot listen on descriptor %d", s->listen_fd);
	s->port = port_of(s->listen_fd);
	if (s->tls)
		accept_with_data(s->listen_fd);
	for (; s->n_workers < s->o.threads; s->n_workers++)
		if (start_worker(s, &s->worker[s->n_workers], e) < 0)
			return -1;
	return watch_start(s, e);
}

static void server_free(struct http_server *s)
{
	watch_stop(s);
	for (unsigned i = 0; i < s->n_workers; i++)
		MHD_stop_daemon(s->worker[i].mhd);
	watch_release(s);
	conn_free_dead(s);
	conn_free_dead(s);
	tls_close(s->tls);
	if (s->listen_fd >= 0)
		close(s->listen_fd);
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->idle);
	free(s->worker);
	free((char *)s->o.address);
	free(s);
}

int http_open(const struct http_opts *opts, struct http_server **ret, struct err *e)
{
	struct http_server *s = mem_alloc(sizeof(*s));

	MHD_set_panic_func(panic, NULL);
	raise_files();
	s->o = *opts;
	s->o.address = copy_text(opts->address);
	if (s->o.threads == 0)
		s->o.threads = 1;
	s->listen_fd = opts->listen_fd;
	s->epoll_fd = s->wake_fd = -1;
	s->worker = mem_alloc(s->o.threads * sizeof(*s->worker));
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->idle, NULL);
	if (start(s, e) < 0) {
		server_free(s);
		return -1;
	}
	*ret = s;
	return 0;
}

uint16_t http_port(const struct http_server *s)
{
	return s->port;
}

void http_add_address(const struct http_server *s, struct buf *out)
{
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_un un;
	} a = { 0 };
	socklen_t n = sizeof(a);
	char text[INET6_ADDRSTRLEN] = "";

	if (getsockname(s->listen_fd, &a.sa, &n) < 0)
		return;
	if (a.sa.sa_family == AF_INET && a.in.sin_addr.s_addr != htonl(INADDR_ANY))
		buf_add_str(out, inet_ntop(AF_INET, &a.in.sin_addr, text, sizeof(text)));
	else if (a.sa.sa_family == AF_INET6 && !IN6_IS_ADDR_UNSPECIFIED(&a.in6.sin6_addr))
		buf_addf(out, "[%s]", inet_ntop(AF_INET6, &a.in6.sin6_addr, text, sizeof(text)));
	else if (a.sa.sa_family == AF_UNIX)
		buf_addf(out, "unix:%.*s", (int)sizeof(a.un.sun_path), a.un.sun_path);
	if (a.sa.sa_family != AF_UNIX)
		buf_addf(out, ":%u", (unsigned)s->port);
}

int http_reload(struct http_server *s, struct err *e)
{
	return s->tls ? tls_reload(s->tls, e) : 0;
}

void http_quiesce(struct http_server *s)
{
	atomic_store(&s->quiet, true);
	watch_wake(s);
}

size_t http_active(const struct http_server *cs)
{
	struct http_server *s = (struct http_server *)cs;
	size_t n;

	pthread_mutex_lock(&s->lock);
	n = s->n_active;
	pthread_mutex_unlock(&s->lock);
	return n;
}

size_t http_connections(const struct http_server *s)
{
	return atomic_load(&s->n_conns);
}

void http_close(struct http_server *s)
{
	if (!s)
		return;
	http_quiesce(s);
	atomic_store(&s->stopping, true);
	conn_shutdown(s, CONN_ALL);
	pthread_mutex_lock(&s->lock);
	while (s->n_active || s->n_websockets)
		pthread_cond_wait(&s->idle, &s->lock);
	pthread_mutex_unlock(&s->lock);
	server_free(s);
}
