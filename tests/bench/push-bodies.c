/*
 * push-bodies - pushes a file of ready bodies, as agents would, and says how that went.
 *
 *	push-bodies [-c CONNECTIONS] HOST:PORT FILE
 *
 * FILE is bodies.bin of `gen-logs bodies`: before each body stand 24 bytes, little-endian (agent
 * u32, lines u32, bytes of lines u64, length of the body u32, 0 u32). The bodies of one agent go
 * out in order, the next when the one before is answered. 429, 5xx and a connection that breaks are
 * tried again; what is answered otherwise than with 204 ends it with exit 1.
 *
 * Prints one JSON object: pushes, lines, bytes of lines, bytes sent, seconds, retries, failures,
 * latencies of a push in milliseconds (p50, p99, max), CPU seconds of the client.
 */
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/io.h"
#include "bodies.h"
#include "client.h"

enum { RETRY_US = 20000 };

struct push {
	struct sockaddr_in to;
	struct bodies bodies;

	pthread_mutex_t lock; /* all below */
	pthread_cond_t idle;
	size_t first;	 /* all bodies before it are taken */
	bool *taken;	 /* by body */
	bool *busy;	 /* by agent: a body of it is on its way */
	double *took_ms; /* of each that was answered */
	uint64_t n_done, n_lines, n_line_bytes, n_sent, n_retries, n_failed;
	char failure[256];
};

/* The first body of an agent that is idle, for the caller to send; NULL when all are taken. */
static const struct body *next_body(struct push *p)
{
	const struct body *ret = NULL;
	size_t i;

	pthread_mutex_lock(&p->lock);
	for (;;) {
		while (p->first < p->bodies.n && p->taken[p->first])
			p->first++;
		if (p->first == p->bodies.n || p->failure[0])
			break;
		for (i = p->first; i < p->bodies.n; i++)
			if (!p->taken[i] && !p->busy[p->bodies.v[i].agent])
				break;
		if (i < p->bodies.n) {
			ret = &p->bodies.v[i];
			p->taken[i] = p->busy[ret->agent] = true;
			break;
		}
		pthread_cond_wait(&p->idle, &p->lock);
	}
	pthread_mutex_unlock(&p->lock);
	return ret;
}

/* Sends b until it is answered for good; returns the status, and how often it was tried again. */
static int send_body(struct push *p, const struct body *b, int *fd, struct client_answer *answer,
		     uint64_t *ret_retries)
{
	char head[256];
	int n = snprintf(head, sizeof(head),
			 "POST /loki/api/v1/push HTTP/1.1\r\nHost: lokid\r\nContent-Type: "
			 "application/x-protobuf\r\nContent-Encoding: snappy\r\nContent-Length: "
			 "%zu\r\n\r\n",
			 b->b.n);

	for (*ret_retries = 0;; ++*ret_retries) {
		int status = 0;

		if (*fd < 0)
			*fd = client_dial(&p->to);
		if (*fd >= 0 && client_send(*fd, bytes_of(head, (size_t)n)) &&
		    client_send(*fd, b->b))
			status = client_receive(*fd, answer);
		if (*fd >= 0 && (status == 0 || answer->closes)) {
			close(*fd);
			*fd = -1;
		}
		if (status != 0 && status != 429 && status < 500)
			return status;
		if (*ret_retries == 1000)
			return status;
		usleep(RETRY_US);
	}
}

static void *run_client(void *data)
{
	struct push *p = data;
	struct client_answer answer = { 0 };
	const struct body *b;
	int fd = -1;

	while ((b = next_body(p))) {
		double begun = now_s();
		uint64_t retries;
		int status = send_body(p, b, &fd, &answer, &retries);

		pthread_mutex_lock(&p->lock);
		p->busy[b->agent] = false;
		p->n_retries += retries;
		if (status == 204) {
			p->took_ms[p->n_done++] = (now_s() - begun) * 1e3;
			p->n_lines += b->lines;
			p->n_line_bytes += b->line_bytes;
			p->n_sent += b->b.n;
		} else {
			p->n_failed++;
			snprintf(p->failure, sizeof(p->failure), "%d: %.*s", status,
				 BYTES_ARG(bytes_sub(buf_bytes(&answer.body), 0, 200)));
		}
		pthread_cond_broadcast(&p->idle);
		pthread_mutex_unlock(&p->lock);
	}
	if (fd >= 0)
		close(fd);
	client_answer_release(&answer);
	return NULL;
}

static int cmp_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double took(const struct push *p, double part)
{
	size_t i = (size_t)(part * (double)p->n_done);

	return p->n_done ? p->took_ms[i < p->n_done ? i : p->n_done - 1] : 0;
}

static void report(struct push *p, double seconds)
{
	struct rusage ru;

	getrusage(RUSAGE_SELF, &ru);
	qsort(p->took_ms, p->n_done, sizeof(*p->took_ms), cmp_double);
	printf("{\"pushes\":%llu,\"lines\":%llu,\"bytes\":%llu,\"sent\":%llu,\"seconds\":%.3f,"
	       "\"retries\":%llu,\"failures\":%llu,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f,"
	       "\"client_cpu\":%.3f}\n",
	       (unsigned long long)p->n_done, (unsigned long long)p->n_lines,
	       (unsigned long long)p->n_line_bytes, (unsigned long long)p->n_sent, seconds,
	       (unsigned long long)p->n_retries, (unsigned long long)p->n_failed, took(p, 0.5),
	       took(p, 0.99), took(p, 1),
	       (double)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) +
		       (double)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) / 1e6);
	if (p->failure[0])
		fprintf(stderr, "push-bodies: error: %s\n", p->failure);
}

int main(int argc, char **argv)
{
	struct push p = { .lock = PTHREAD_MUTEX_INITIALIZER, .idle = PTHREAD_COND_INITIALIZER };
	uint64_t connections = 4;
	struct io_map map;
	pthread_t *thread;
	struct err e;
	double begun;

	for (int o; (o = getopt(argc, argv, "c:")) != -1;)
		if (o != 'c' || !num_u64(bytes_str(optarg), &connections) || connections == 0)
			return 2;
	if (optind + 2 != argc) {
		fputs("push-bodies: error: expected HOST:PORT and a file\n", stderr);
		return 2;
	}
	p.to = client_address(argv[optind]);
	if (io_map(argv[optind + 1], &map, &e) < 0)
		die(e.msg);
	bodies_read(&p.bodies, map.b);
	p.taken = calloc(p.bodies.n, sizeof(*p.taken));
	p.busy = calloc(BODIES_AGENTS, sizeof(*p.busy));
	p.took_ms = calloc(p.bodies.n, sizeof(*p.took_ms));
	thread = calloc(connections, sizeof(*thread));
	if (!p.taken || !p.busy || !p.took_ms || !thread)
		die("memory");
	begun = now_s();
	for (uint64_t i = 0; i < connections; i++)
		if (pthread_create(&thread[i], NULL, run_client, &p) != 0)
			die("thread");
	for (uint64_t i = 0; i < connections; i++)
		pthread_join(thread[i], NULL);
	report(&p, now_s() - begun);
	free(thread);
	free(p.taken);
	free(p.busy);
	free(p.took_ms);
	free(p.bodies.v);
	io_unmap(&map);
	return p.failure[0] ? 1 : 0;
}
