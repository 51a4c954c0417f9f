/*
 * Any bytes as what a client sends on a connection, to a whole server: each request whose head was
 * seen is done, and each answer is one. A 0x00 at the end of the input stands for a client that
 * waits for the answer before it stops sending.
 */
#include "fuzz.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/form.h"
#include "http/http.h"

enum { SENT_MAX = 60000, BODY_MAX = 4096, SOON_MS = 2, PATIENCE_S = 9 };

static struct {
	pthread_mutex_t lock;
	pthread_cond_t idle;
	size_t n_open;
	uint16_t port;
} g = { .lock = PTHREAD_MUTEX_INITIALIZER, .idle = PTHREAD_COND_INITIALIZER };

static void must(bool fits)
{
	if (!fits)
		abort();
}

static void on_head(struct http_request *r, void *data)
{
	(void)data;
	must(http_path(r).p && memchr(http_path(r).p, '?', http_path(r).n) == NULL);
	must(http_header_count(r, "Content-Length") <= 1 && http_header_count(r, "Host") <= 1);
	must(!http_header(r, "Content-Length").p || !http_header(r, "Transfer-Encoding").p);
	must(http_header(r, "x").n < 65536);
	pthread_mutex_lock(&g.lock);
	g.n_open++;
	pthread_mutex_unlock(&g.lock);
	if (http_method(r) == HTTP_PUT)
		http_answer(r, &(struct http_answer){ .status = 401 });
}

static void on_whole(struct http_request *r, void *data)
{
	struct arena a = { 0 };
	struct form f = { 0 };
	struct err e;
	bool good = form_parse(http_query(r), &a, &f, &e) == 0;

	(void)data;
	must(http_body(r).n <= BODY_MAX);
	http_answer(r, &(struct http_answer){ .status = good ? 200 : 400, .body = http_body(r) });
	arena_release(&a);
}

static void on_left(struct http_request *r, void *data)
{
	(void)r;
	(void)data;
}

static void on_done(struct http_request *r, void *data)
{
	(void)r;
	(void)data;
	pthread_mutex_lock(&g.lock);
	if (--g.n_open == 0)
		pthread_cond_signal(&g.idle);
	pthread_mutex_unlock(&g.lock);
}

static void on_log(enum http_log about, const char *line, void *data)
{
	(void)line;
	(void)data;
	must(about == HTTP_LOG_CLIENT);
}

static void open_server(void)
{
	static struct http_server *s; /* to the end of the process */
	struct http_opts opts = { .address = "127.0.0.1",
				  .listen_fd = -1,
				  .threads = 1,
				  .connections_max = 1000,
				  .idle_s = 5,
				  .request_s = 5,
				  .head_max = 4096,
				  .body_max = BODY_MAX,
				  .bodies_max = 10 * BODY_MAX,
				  .calls = { on_head, on_whole, on_left, on_done, NULL },
				  .log = on_log };
	struct err e;

	must(s || http_open(&opts, &s, &e) == 0);
	g.port = http_port(s);
}

/* libFuzzer has a timer; its signal would leave a connection half made. */
static void connect_to(int fd, const struct sockaddr_in *to)
{
	sigset_t timer, before;
	int rc;

	sigemptyset(&timer);
	sigaddset(&timer, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &timer, &before);
	rc = connect(fd, (const struct sockaddr *)to, sizeof(*to));
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	must(rc == 0);
}

static void exchange(struct bytes b, bool waits)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(g.port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct linger reset = { .l_onoff = 1 };
	struct timeval patience = { .tv_sec = PATIENCE_S };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char got[65536];
	size_t n = 0;
	ssize_t more;

	must(fd >= 0);
	connect_to(fd, &to);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)); /* no TIME_WAIT */
	send(fd, b.p, b.n, MSG_NOSIGNAL);
	if (waits)
		poll(&(struct pollfd){ .fd = fd, .events = POLLIN }, 1, SOON_MS);
	shutdown(fd, SHUT_WR);
	do {
		more = recv(fd, got + n, sizeof(got) - n, 0);
		if (more > 0)
			n = n ? sizeof(got) - 1 : (size_t)more; /* the first is enough */
	} while (more > 0 || (more < 0 && errno == EINTR));	/* that timer */
	must(more == 0 || errno == ECONNRESET);
	must(n < 9 || !memcmp(got, "HTTP/1.1 ", 9));
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes b = bytes_of(data, size > SENT_MAX ? SENT_MAX : size);
	bool waits = b.n > 0 && b.p[b.n - 1] == '\0';

	if (size == 0) /* before a replay's process has begun: no threads yet */
		return 0;
	open_server();
	exchange(bytes_sub(b, 0, b.n - waits), waits);
	pthread_mutex_lock(&g.lock);
	while (g.n_open)
		pthread_cond_wait(&g.idle, &g.lock);
	pthread_mutex_unlock(&g.lock);
	return 0;
}
