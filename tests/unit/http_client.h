/* A server on loopback and clients that send what they like, for the tests of libcore/http. */
#ifndef TESTS_HTTP_CLIENT_H
#define TESTS_HTTP_CLIENT_H

#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "http/http.h"
#include "time/time.h"

enum { PATIENCE_MS = 20000 };

/* Answers by path; what it was asked to keep it answers later. */
struct owner {
	struct http_server *s;
	uint16_t port;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* lock */
	struct http_request *kept[64];
	size_t n_kept, n_heads, n_whole, n_left, n_done;
	int last_status;
	char last_log[256];
};

/* What the tests start servers with, unless they test just that. */
static inline struct http_opts server_opts(void)
{
	return (struct http_opts){ .address = "127.0.0.1",
				   .listen_fd = -1,
				   .threads = 2,
				   .connections_max = 1000,
				   .idle_s = 60,
				   .request_s = 60,
				   .head_max = 8 << 10,
				   .body_max = 1 << 20,
				   .bodies_max = 4 << 20 };
}

static inline void owner_told(struct owner *o, size_t *count)
{
	pthread_mutex_lock(&o->lock);
	++*count;
	pthread_cond_broadcast(&o->changed);
	pthread_mutex_unlock(&o->lock);
}

/* Waits until *count is at least n. */
static inline void owner_wait(struct owner *o, const size_t *count, size_t n)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_MS / 1000;
	pthread_mutex_lock(&o->lock);
	while (*count < n)
		if (pthread_cond_timedwait(&o->changed, &o->lock, &until) != 0)
			break;
	assert_true(*count >= n);
	pthread_mutex_unlock(&o->lock);
}

/* Waits until fn(data) holds. */
static inline void wait_until(bool (*fn)(void *data), void *data)
{
	int64_t end_ns = time_mono_ns() + PATIENCE_MS * NS_PER_MS;

	while (!fn(data)) {
		assert_true(time_mono_ns() < end_ns);
		poll(NULL, 0, 2);
	}
}

static inline int client_open(uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons(port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct timeval patience = { .tv_sec = PATIENCE_MS / 1000 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	assert_int_equal(0, connect(fd, (struct sockaddr *)&a, sizeof(a)));
	return fd;
}

/* As much as goes: a server that has refused may have closed. */
static inline void client_send_bytes(int fd, const void *p, size_t n)
{
	for (size_t off = 0; off < n;) {
		ssize_t sent = send(fd, (const char *)p + off, n - off, MSG_NOSIGNAL);

		if (sent <= 0)
			return;
		off += (size_t)sent;
	}
}

static inline void client_send(int fd, const char *text)
{
	client_send_bytes(fd, text, strlen(text));
}

/* Reads until `has` stands in b, or the end: false then. */
static inline bool client_read_until(int fd, struct buf *b, const char *has)
{
	for (;;) {
		ssize_t n;

		if (has && b->n && memmem(b->p, b->n, has, strlen(has)))
			return true;
		n = recv(fd, buf_reserve(b, 65536), 65536, 0);
		assert_false(n < 0 && errno == EAGAIN);
		if (n <= 0)
			return false;
		b->n += (size_t)n;
	}
}

/* One answer with its body, appended; its status, or 0 when the connection ended. */
static inline int client_answer(int fd, struct buf *b)
{
	size_t start = b->n, n = 0;
	const char *length;
	struct buf head = { 0 };
	char c;
	int status;

	while (!(head.n >= 4 && !memcmp(head.p + head.n - 4, "\r\n\r\n", 4))) {
		ssize_t got = recv(fd, &c, 1, 0);

		assert_false(got < 0 && errno == EAGAIN);
		if (got <= 0) {
			buf_release(&head);
			return 0;
		}
		buf_add_char(&head, c);
	}
	status = (int)strtol(buf_str(&head) + 9, NULL, 10);
	length = strcasestr(head.p, "\ncontent-length:");
	if (length)
		n = strtoull(length + 16, NULL, 10);
	buf_add_bytes(b, buf_bytes(&head));
	while (b->n - start < head.n + n) {
		ssize_t got = recv(fd, buf_reserve(b, n), head.n + n - (b->n - start), 0);

		assert_true(got > 0);
		b->n += (size_t)got;
	}
	buf_release(&head);
	buf_str(b);
	return status;
}

/* The status of one request's answer on a connection of its own; *ret_answer may be NULL. */
static inline int client_ask(uint16_t port, const char *text, struct buf *ret_answer)
{
	struct buf b = { 0 };
	int fd = client_open(port), status;

	client_send(fd, text);
	status = client_answer(fd, &b);
	close(fd);
	if (ret_answer)
		buf_add_bytes(ret_answer, buf_bytes(&b));
	buf_release(&b);
	return status;
}

#endif
