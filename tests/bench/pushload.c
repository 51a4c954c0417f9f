/*
 * pushload - pushes made-up lines to a Loki push API from many connections, and says how that went.
 *
 *	pushload [-c CONNECTIONS] [-s STREAMS] [-b LINES] [-p PARTS] [-l BYTES] [-r RATE]
 *	         [-d SECONDS] [-n PUSHES] [-k RUN] [-t TENANT] [-a FILE] [-j] HOST:PORT
 *
 * Each connection pushes -b lines of -l bytes a time (snappy protobuf, or JSON with -j), to -p of
 *the streams in turn, as fast as it is answered or so that all together give -r lines a second, for
 *-d seconds or -n pushes. Lines are "RUN CONNECTION NUMBER ...": each is unique, and with -a what
 *was answered with 204 is appended to FILE as "RUN CONNECTION FIRST LAST". 429 and 5xx, and a
 *connection that breaks, are tried again until the time is over; what is answered otherwise ends it
 *with exit 1.
 *
 * Prints one JSON object: pushes, lines, line bytes, seconds, retries, failures, and the latencies
 * of a push in milliseconds (p50, p99, max).
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/num.h"
#include "base/wr.h"
#include "client.h"
#include "codec/codec.h"

enum {
	STREAM_LABELS = 128,
	LATENCIES_MAX = 1 << 20,
	RETRY_US = 50000,
	TEXT_BYTES = 4 << 20, /* more than compressors look back */
};

struct load {
	struct sockaddr_in to;
	const char *tenant;
	uint64_t connections, streams, lines, parts, line_len, rate, pushes, run;
	double seconds, begun;
	int ack_fd;
	bool json;
	struct buf text; /* that lines are pieces of */
	atomic_ullong n_pushes, n_lines, n_retries, n_failed;
	pthread_mutex_t lock; /* latencies, failure */
	float *latency;
	size_t n_latency;
	char failure[256];
};

struct client {
	struct load *load;
	uint64_t id, next_line;
	int fd;
	struct buf message, body, packed, entry, line;
	struct codec *codec;
	struct client_answer answer;
	uint64_t random;
};

static void put_bytes(struct buf *b, unsigned field, struct bytes v)
{
	wr_uvarint(b, field << 3 | 2);
	wr_uvarint(b, v.n);
	buf_add_bytes(b, v);
}

static uint64_t next_random(struct client *c)
{
	c->random ^= c->random << 13;
	c->random ^= c->random >> 7;
	c->random ^= c->random << 17;
	return c->random;
}

/* Words and numbers, about as compressible as a log. Made once: a line takes a piece of it, so that
 * making lines costs little beside serving them. */
static void make_text(struct load *l)
{
	static const char *const words[] = { "level=info",	    "msg=\"request done\"",
					     "path=/api/v1/orders", "method=GET",
					     "status=200",	    "user=alice",
					     "cache=miss",	    "zone=eu-west-1" };
	uint64_t random = 88172645463325252ULL + l->run;

	while (l->text.n < TEXT_BYTES + l->line_len) {
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		buf_addf(&l->text, " %s id=%llx", words[random & 7],
			 (unsigned long long)(random >> 40));
	}
}

static void put_number(struct buf *b, uint64_t n)
{
	char text[20];
	size_t at = sizeof(text);

	do
		text[--at] = (char)('0' + n % 10);
	while (n /= 10);
	buf_add(b, text + at, sizeof(text) - at);
}

/* "RUN CONNECTION NUMBER" and a piece of the text. */
static void put_line(struct client *c, struct buf *line)
{
	const struct load *l = c->load;

	buf_reset(line);
	put_number(line, l->run);
	buf_add_char(line, ' ');
	put_number(line, c->id);
	buf_add_char(line, ' ');
	put_number(line, c->next_line++);
	buf_add_char(line, ' ');
	if (line->n < l->line_len)
		buf_add(line, l->text.p + next_random(c) % TEXT_BYTES, l->line_len - line->n);
	line->n = l->line_len > 40 ? l->line_len : line->n;
}

static void put_entry(struct client *c, struct buf *stream, int64_t ts_ns)
{
	struct buf time = { 0 };

	wr_uvarint(&time, 1 << 3);
	wr_uvarint(&time, (uint64_t)(ts_ns / 1000000000));
	wr_uvarint(&time, 2 << 3);
	wr_uvarint(&time, (uint64_t)(ts_ns % 1000000000));
	buf_reset(&c->entry);
	put_line(c, &c->line);
	put_bytes(&c->entry, 1, buf_bytes(&time));
	put_bytes(&c->entry, 2, buf_bytes(&c->line));
	put_bytes(stream, 2, buf_bytes(&c->entry));
	buf_release(&time);
}

static void put_stream(struct client *c, struct buf *stream, uint64_t number, int64_t ts_ns,
		       uint64_t n)
{
	char labels[STREAM_LABELS];

	snprintf(labels, sizeof(labels), "{app=\"load\", pod=\"pod-%llu\"}",
		 (unsigned long long)number);
	buf_reset(stream);
	put_bytes(stream, 1, bytes_str(labels));
	for (uint64_t i = 0; i < n; i++)
		put_entry(c, stream, ts_ns++);
	put_bytes(&c->message, 1, buf_bytes(stream));
}

static void put_stream_json(struct client *c, uint64_t number, int64_t ts_ns, uint64_t n)
{
	struct buf *m = &c->message;

	buf_addf(m, "%s{\"stream\":{\"app\":\"load\",\"pod\":\"pod-%llu\"},\"values\":[",
		 m->n ? "," : "{\"streams\":[", (unsigned long long)number);
	for (uint64_t i = 0; i < n; i++) {
		put_line(c, &c->line);
		buf_addf(m, "%s[\"%lld\",\"", i ? "," : "", (long long)ts_ns++);
		for (size_t k = 0; k < c->line.n; k++) {
			if (c->line.p[k] == '"')
				buf_add_char(m, '\\');
			buf_add_char(m, c->line.p[k]);
		}
		buf_add_str(m, "\"]");
	}
	buf_add_str(m, "]}");
}

/* A request: lines [next_line, next_line + lines) spread over a few streams. */
static void make_push(struct client *c)
{
	const struct load *l = c->load;
	uint64_t left = l->lines, parts = l->lines < l->parts ? 1 : l->parts;
	struct buf stream = { 0 };
	struct timespec ts;
	int64_t now;

	clock_gettime(CLOCK_REALTIME, &ts);
	now = ts.tv_sec * 1000000000LL + ts.tv_nsec;
	buf_reset(&c->message);
	for (uint64_t p = 0; p < parts; p++) {
		uint64_t n = left / (parts - p);
		uint64_t number = (c->id + (c->next_line + p) * 7919) % l->streams;

		if (l->json)
			put_stream_json(c, number, now, n);
		else
			put_stream(c, &stream, number, now, n);
		now += (int64_t)n;
		left -= n;
	}
	buf_release(&stream);
	buf_reset(&c->packed);
	if (l->json)
		buf_add_str(&c->message, "]}");
	else
		codec_compress(c->codec, CODEC_SNAPPY, buf_bytes(&c->message), &c->packed);
	buf_reset(&c->body);
	buf_addf(&c->body,
		 "POST /loki/api/v1/push HTTP/1.1\r\nHost: load\r\nContent-Type: application/%s\r\n"
		 "X-Scope-OrgID: %s\r\nContent-Length: %zu\r\n\r\n",
		 l->json ? "json" : "x-protobuf", l->tenant, l->json ? c->message.n : c->packed.n);
	buf_add_bytes(&c->body, buf_bytes(l->json ? &c->message : &c->packed));
}

static void fail(struct load *l, int status, struct bytes why)
{
	atomic_fetch_add(&l->n_failed, 1);
	pthread_mutex_lock(&l->lock);
	if (!l->failure[0])
		snprintf(l->failure, sizeof(l->failure), "%d: %.*s", status,
			 BYTES_ARG(bytes_sub(why, 0, 200)));
	pthread_mutex_unlock(&l->lock);
}

static void took(struct load *l, double seconds)
{
	pthread_mutex_lock(&l->lock);
	if (l->n_latency < LATENCIES_MAX)
		l->latency[l->n_latency++] = (float)(seconds * 1e3);
	pthread_mutex_unlock(&l->lock);
}

static bool is_over(const struct load *l)
{
	return now_s() - l->begun >= l->seconds;
}

static void acknowledge(struct client *c, uint64_t first)
{
	char text[128];
	int n = snprintf(text, sizeof(text), "%llu %llu %llu %llu\n",
			 (unsigned long long)c->load->run, (unsigned long long)c->id,
			 (unsigned long long)first, (unsigned long long)(c->next_line - 1));

	if (c->load->ack_fd >= 0 && write(c->load->ack_fd, text, (size_t)n) != n)
		die("-a");
}

/* One push until it is answered, or the time is over. False when the client is to stop. */
static bool push(struct client *c)
{
	struct load *l = c->load;
	uint64_t first = c->next_line;

	make_push(c);
	while (!is_over(l)) {
		double begun = now_s();
		int status;

		if (c->fd < 0)
			c->fd = client_dial(&l->to);
		status = c->fd >= 0 && client_send(c->fd, buf_bytes(&c->body))
				 ? client_receive(c->fd, &c->answer)
				 : 0;
		if (status == 204) {
			took(l, now_s() - begun);
			atomic_fetch_add(&l->n_pushes, 1);
			atomic_fetch_add(&l->n_lines, c->next_line - first);
			acknowledge(c, first);
			return true;
		}
		if (status == 0 || c->answer.closes) {
			if (c->fd >= 0)
				close(c->fd);
			c->fd = -1;
		}
		if (status && status != 429 && status < 500) {
			fail(l, status, buf_bytes(&c->answer.body));
			return false;
		}
		atomic_fetch_add(&l->n_retries, 1);
		usleep(RETRY_US);
	}
	return false;
}

static void *run_client(void *data)
{
	struct client *c = data;
	struct load *l = c->load;
	double every = l->rate ? (double)(l->lines * l->connections) / (double)l->rate : 0;
	double next = now_s() + every * (double)c->id / (double)l->connections;

	for (uint64_t i = 0; i < l->pushes && !is_over(l); i++) {
		double now = now_s();

		if (every && next > now)
			usleep((useconds_t)((next - now) * 1e6));
		next += every;
		if (!push(c))
			break;
	}
	if (c->fd >= 0)
		close(c->fd);
	return NULL;
}

static int cmp_float(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

static double percentile(struct load *l, double p)
{
	size_t i = (size_t)(p * (double)l->n_latency);

	if (l->n_latency == 0)
		return 0;
	return (double)l->latency[i < l->n_latency ? i : l->n_latency - 1];
}

static void report(struct load *l)
{
	qsort(l->latency, l->n_latency, sizeof(*l->latency), cmp_float);
	printf("{\"pushes\":%llu,\"lines\":%llu,\"bytes\":%llu,\"seconds\":%.3f,\"retries\":%llu,"
	       "\"failures\":%llu,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f}\n",
	       (unsigned long long)l->n_pushes, (unsigned long long)l->n_lines,
	       (unsigned long long)(l->n_lines * l->line_len), now_s() - l->begun,
	       (unsigned long long)l->n_retries, (unsigned long long)l->n_failed,
	       percentile(l, 0.5), percentile(l, 0.99), percentile(l, 1));
	if (l->failure[0])
		fprintf(stderr, "pushload: error: %s\n", l->failure);
}

static uint64_t number(const char *text)
{
	uint64_t n;

	if (!num_u64(bytes_str(text), &n))
		die(text);
	return n;
}

static void parse(struct load *l, int argc, char **argv)
{
	for (int o; (o = getopt(argc, argv, "c:s:b:p:l:r:d:n:k:t:a:j")) != -1;) {
		switch (o) {
		case 'c':
			l->connections = number(optarg);
			break;
		case 's':
			l->streams = number(optarg);
			break;
		case 'b':
			l->lines = number(optarg);
			break;
		case 'p':
			l->parts = number(optarg);
			break;
		case 'l':
			l->line_len = number(optarg);
			break;
		case 'r':
			l->rate = number(optarg);
			break;
		case 'd':
			l->seconds = (double)number(optarg);
			break;
		case 'n':
			l->pushes = number(optarg);
			break;
		case 'k':
			l->run = number(optarg);
			break;
		case 't':
			l->tenant = optarg;
			break;
		case 'a':
			l->ack_fd = open(optarg, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
			if (l->ack_fd < 0)
				die(optarg);
			break;
		case 'j':
			l->json = true;
			break;
		default:
			exit(2);
		}
	}
	if (optind + 1 != argc) {
		fputs("pushload: error: expected HOST:PORT\n", stderr);
		exit(2);
	}
	l->to = client_address(argv[optind]);
}

static void release_client(struct client *c)
{
	buf_release(&c->message);
	buf_release(&c->body);
	buf_release(&c->packed);
	buf_release(&c->entry);
	buf_release(&c->line);
	codec_free(c->codec);
	client_answer_release(&c->answer);
}

int main(int argc, char **argv)
{
	struct load l = { .tenant = "fake",
			  .connections = 4,
			  .streams = 100,
			  .lines = 1000,
			  .parts = 8,
			  .line_len = 200,
			  .pushes = UINT64_MAX,
			  .seconds = 10,
			  .ack_fd = -1 };
	struct client *client;
	pthread_t *thread;

	parse(&l, argc, argv);
	make_text(&l);
	pthread_mutex_init(&l.lock, NULL);
	l.latency = calloc(LATENCIES_MAX, sizeof(*l.latency));
	client = calloc(l.connections, sizeof(*client));
	thread = calloc(l.connections, sizeof(*thread));
	if (!l.latency || !client || !thread)
		die("memory");
	l.begun = now_s();
	for (uint64_t i = 0; i < l.connections; i++) {
		client[i] = (struct client){ .load = &l,
					     .id = i,
					     .fd = -1,
					     .codec = codec_new(1),
					     .random = (i + 1) * 0x9E3779B97F4A7C15 };
		if (pthread_create(&thread[i], NULL, run_client, &client[i]) != 0)
			die("thread");
	}
	for (uint64_t i = 0; i < l.connections; i++)
		pthread_join(thread[i], NULL);
	report(&l);
	for (uint64_t i = 0; i < l.connections; i++)
		release_client(&client[i]);
	free(client);
	free(thread);
	free(l.latency);
	buf_release(&l.text);
	return l.failure[0] ? 1 : 0;
}
