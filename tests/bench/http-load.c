/*
 * http-load - how much the HTTP server takes: its own process, and clients on loopback.
 *
 *	http-load requests CONNECTIONS SECONDS   empty answers over kept connections
 *	http-load bodies CONNECTIONS SECONDS     bodies of 1 MB
 *	http-load idle CONNECTIONS               bytes in memory with so many, unused and used once
 *	http-load serve                          the server alone; its port on stdout
 *
 * Prints name, value, unit, TAB between.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "bench.h"
#include "http/http.h"
#include "time/time.h"

enum { BODY = 1000000 };

static void nothing(struct http_request *r, void *data)
{
	(void)r;
	(void)data;
}

static void answer(struct http_request *r, void *data)
{
	(void)data;
	http_answer(r, &(struct http_answer){ .status = 200 });
}

static void serve(int port_fd, int end_fd)
{
	struct http_opts opts = { .address = "127.0.0.1",
				  .listen_fd = -1,
				  .threads = 2,
				  .connections_max = 10016,
				  .idle_s = 120,
				  .request_s = 60,
				  .head_max = 16 << 10,
				  .body_max = 4 << 20,
				  .bodies_max = 256 << 20,
				  .calls = { nothing, answer, nothing, nothing, NULL } };
	struct http_server *s;
	struct err e;
	char text[16];
	int n;

	if (http_open(&opts, &s, &e) < 0)
		die(e.msg);
	n = snprintf(text, sizeof(text), "%u\n", http_port(s));
	if (write(port_fd, text, (size_t)n) != n || read(end_fd, text, 1) < 0)
		die("cannot tell the port");
	http_close(s);
}

struct server {
	pid_t pid;
	uint16_t port;
	int end_fd;
};

static struct server start(void)
{
	struct server s;
	int out[2], end[2];
	char text[16] = "";

	if (pipe(out) < 0 || pipe(end) < 0)
		die("no pipe");
	s.pid = fork();
	if (s.pid == 0) {
		close(end[1]);
		serve(out[1], end[0]);
		_exit(0);
	}
	if (read(out[0], text, sizeof(text) - 1) <= 0)
		die("the server does not start");
	s.port = (uint16_t)strtoul(text, NULL, 10);
	s.end_fd = end[1];
	return s;
}

static double cpu_of(const struct server *s)
{
	struct buf b = { 0 };
	struct err e;
	char path[64];
	unsigned long long user, system;
	const char *p;

	snprintf(path, sizeof(path), "/proc/%d/stat", s->pid);
	if (io_read_file(path, 4096, &b, &e) < 0)
		die(e.msg);
	p = strrchr(buf_str(&b), ')') + 2;
	for (int i = 0; i < 11; i++)
		p = strchr(p, ' ') + 1;
	user = strtoull(p, NULL, 10);
	system = strtoull(strchr(p, ' ') + 1, NULL, 10);
	buf_release(&b);
	return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static double rss_of(const struct server *s)
{
	struct buf b = { 0 };
	struct err e;
	char path[64];
	double kib;

	snprintf(path, sizeof(path), "/proc/%d/status", s->pid);
	if (io_read_file(path, 8192, &b, &e) < 0)
		die(e.msg);
	kib = strtod(strstr(buf_str(&b), "VmRSS:") + 6, NULL);
	buf_release(&b);
	return kib * 1024;
}

static int connect_to(const struct server *s)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons(s->port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		die("cannot connect");
	return fd;
}

struct client {
	int fd;
	size_t sent;
};

/* One thread, all clients: each sends again when it was answered. */
static uint64_t drive(const struct server *s, size_t n_clients, struct bytes request,
		      double seconds)
{
	struct client *c = calloc(n_clients, sizeof(*c));
	struct epoll_event *ev = calloc(n_clients, sizeof(*ev));
	int64_t end_ns = time_mono_ns() + (int64_t)(seconds * 1e9);
	int epoll_fd = epoll_create1(0);
	uint64_t n_answers = 0;
	char got[4096];

	for (size_t i = 0; i < n_clients; i++) {
		struct epoll_event e = { .events = EPOLLIN | EPOLLOUT | EPOLLET,
					 .data.ptr = &c[i] };

		c[i].fd = connect_to(s);
		epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c[i].fd, &e);
	}
	while (time_mono_ns() < end_ns) {
		int n = epoll_wait(epoll_fd, ev, (int)n_clients, 100);

		for (int i = 0; i < n; i++) {
			struct client *at = ev[i].data.ptr;

			if (at->sent == request.n &&
			    recv(at->fd, got, sizeof(got), MSG_DONTWAIT) > 0) {
				n_answers++;
				at->sent = 0;
			}
			while (at->sent < request.n) {
				ssize_t put =
					send(at->fd, request.p + at->sent, request.n - at->sent,
					     MSG_DONTWAIT | MSG_NOSIGNAL);

				if (put <= 0)
					break;
				at->sent += (size_t)put;
			}
		}
	}
	for (size_t i = 0; i < n_clients; i++)
		close(c[i].fd);
	close(epoll_fd);
	free(c);
	free(ev);
	return n_answers;
}

static void requests(const struct server *s, size_t n, double seconds)
{
	double cpu = cpu_of(s);
	uint64_t n_answers = drive(s, n, BYTES_LIT("GET /x HTTP/1.1\r\nHost: a\r\n\r\n"), seconds);

	printf("http_requests\t%.0f\t/s\n", (double)n_answers / seconds);
	printf("http_request_cpu\t%.2f\tus\n", (cpu_of(s) - cpu) * 1e6 / (double)n_answers);
}

static void bodies(const struct server *s, size_t n, double seconds)
{
	struct buf b = { 0 };
	double cpu = cpu_of(s), bytes;

	buf_addf(&b, "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n", BODY);
	memset(buf_reserve(&b, BODY), 'x', BODY);
	b.n += BODY;
	bytes = (double)drive(s, n, buf_bytes(&b), seconds) * BODY;
	printf("http_bodies\t%.0f\tMB/s\n", bytes / 1e6 / seconds);
	printf("http_body_cpu\t%.2f\ts/GB\n", (cpu_of(s) - cpu) * 1e9 / bytes);
	buf_release(&b);
}

static void idle(const struct server *s, size_t n)
{
	struct rlimit r;
	double before = rss_of(s), unused;
	int *fd = calloc(n, sizeof(*fd));
	char got[4096];

	getrlimit(RLIMIT_NOFILE, &r);
	r.rlim_cur = r.rlim_max;
	setrlimit(RLIMIT_NOFILE, &r);
	for (size_t i = 0; i < n; i++)
		fd[i] = connect_to(s);
	poll(NULL, 0, 1000);
	unused = rss_of(s);
	for (size_t i = 0; i < n; i++)
		if (send(fd[i], "GET /x HTTP/1.1\r\nHost: a\r\n\r\n", 29, 0) != 29 ||
		    recv(fd[i], got, sizeof(got), 0) <= 0)
			die("no answer");
	printf("http_rss_start\t%.1f\tMiB\n", before / 1048576);
	printf("http_rss_idle_unused\t%.1f\tMiB\n", unused / 1048576);
	printf("http_rss_idle_used\t%.1f\tMiB\n", rss_of(s) / 1048576);
}

int main(int argc, char **argv)
{
	struct server s;
	size_t n = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	double seconds = argc > 3 ? strtod(argv[3], NULL) : 1;

	signal(SIGPIPE, SIG_IGN);
	if (argc == 2 && !strcmp(argv[1], "serve")) {
		serve(STDOUT_FILENO, STDIN_FILENO);
		return 0;
	}
	if (argc < 3)
		die("usage: http-load requests|bodies|idle CONNECTIONS [SECONDS]");
	s = start();
	if (!strcmp(argv[1], "requests"))
		requests(&s, n, seconds);
	else if (!strcmp(argv[1], "bodies"))
		bodies(&s, n, seconds);
	else
		idle(&s, n);
	close(s.end_fd);
	return waitpid(s.pid, NULL, 0) == s.pid ? 0 : 1;
}
