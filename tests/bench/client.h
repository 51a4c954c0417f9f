/* What the benchmarks' clients of an HTTP server share: a connection to HOST:PORT, a request, its
 * answer. */
#ifndef TESTS_CLIENT_H
#define TESTS_CLIENT_H

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/num.h"
#include "bench.h"

/* Of "ADDRESS:PORT"; ends the program when it is not that. */
static inline struct sockaddr_in client_address(const char *host_port)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	const char *colon = strrchr(host_port, ':');
	char host[64];
	uint64_t port;

	if (!colon || !num_u64(bytes_str(colon + 1), &port) || port > UINT16_MAX) {
		fprintf(stderr, "%s: error: expected HOST:PORT, found '%s'\n",
			program_invocation_short_name, host_port);
		exit(2);
	}
	snprintf(host, sizeof(host), "%.*s", (int)(colon - host_port), host_port);
	to.sin_port = htons((uint16_t)port);
	if (inet_pton(AF_INET, host, &to.sin_addr) != 1)
		die(host);
	return to;
}

/* The socket, or -1. */
static inline int client_dial(const struct sockaddr_in *to)
{
	int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (const struct sockaddr *)to, sizeof(*to)) < 0) {
		close(fd);
		fd = -1;
	}
	if (fd >= 0)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

static inline bool client_send(int fd, struct bytes b)
{
	while (b.n) {
		ssize_t n = send(fd, b.p, b.n, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		b = bytes_sub(b, (size_t)n, SIZE_MAX);
	}
	return true;
}

/* Appends what comes, at least a byte; false when the connection is over. */
static inline bool client_read(int fd, struct buf *b)
{
	enum { AT_ONCE = 256 << 10 };
	ssize_t got = recv(fd, buf_reserve(b, AT_ONCE), AT_ONCE, 0);

	if (got > 0)
		b->n += (size_t)got;
	return got > 0;
}

/* The value of a header of the head, "" without it; name is "\r\nName:". */
static inline const char *client_header(const char *head, const char *name)
{
	const char *at = strcasestr(head, name);

	return at ? at + strlen(name) + strspn(at + strlen(name), " ") : "";
}

/* Reads a chunked body, of which in holds the first bytes, into body. */
static inline bool client_read_chunked(int fd, struct buf *in, struct buf *body)
{
	for (size_t at = 0;;) {
		const char *line = memmem(in->p + at, in->n - at, "\r\n", 2);
		size_t n, from;

		if (!line) {
			if (!client_read(fd, in))
				return false;
			continue;
		}
		n = strtoul(in->p + at, NULL, 16);
		from = (size_t)(line - in->p) + 2;
		while (in->n < from + n + 2)
			if (!client_read(fd, in))
				return false;
		if (n == 0)
			return true;
		buf_add(body, in->p + from, n);
		at = from + n + 2;
	}
}

struct client_answer {
	struct buf head, body; /* head ends with a NUL that is not counted */
	struct buf rest;       /* for client_receive */
	bool closes;	       /* the connection is of no more use */
};

static inline void client_answer_release(struct client_answer *a)
{
	buf_release(&a->head);
	buf_release(&a->body);
	buf_release(&a->rest);
}

/* Reads one answer; returns its status, or 0 when the connection broke. */
static inline int client_receive(int fd, struct client_answer *a)
{
	struct buf *in = &a->rest;
	const char *end, *length;
	size_t head;

	buf_reset(in);
	buf_reset(&a->head);
	buf_reset(&a->body);
	do {
		if (!client_read(fd, in))
			return 0;
	} while (!(end = memmem(in->p, in->n, "\r\n\r\n", 4)));
	head = (size_t)(end - in->p) + 4;
	buf_add(&a->head, in->p, head);
	buf_drop(in, head);
	buf_str(&a->head);
	a->closes = strncasecmp(client_header(a->head.p, "\r\nConnection:"), "close", 5) == 0;
	if (strncasecmp(client_header(a->head.p, "\r\nTransfer-Encoding:"), "chunked", 7) == 0) {
		if (!client_read_chunked(fd, in, &a->body))
			return 0;
	} else {
		length = client_header(a->head.p, "\r\nContent-Length:");
		while (in->n < strtoul(length, NULL, 10))
			if (!client_read(fd, in))
				return 0;
		buf_add(&a->body, in->p, in->n);
	}
	return (int)strtol(a->head.p + strlen("HTTP/1.1 "), NULL, 10);
}

#endif
