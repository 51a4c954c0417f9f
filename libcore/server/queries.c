/*
 * One lock guards the queue and the states; it is held for no longer than a few system calls, and
 * never while others are told. What follows from a change (who runs next, who is told of its end)
 * is worked off by settle().
 *
 *   waits --(its turn)--> runs --(logql ends)--> [is encoded] --> ended
 *                         |  ^
 *      (plans to scan)    v  |  (its turn as a scan)
 *                        parked
 *
 * One that is encoded keeps its place: answers wait in memory, and there are never more of them
 * than places.
 */
#include "server/queries.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"
#include "server/query_encode.h"
#include "server/query_end.h"
#include "server/server_metrics.h"
#include "time/time.h"

enum {
	LARGE_ENCODERS = 2,   /* threads that compress large answers and change their form */
	LARGE = 1 << 20,      /* bytes: the others do not wait behind such an answer */
	PARKED_FOR_EACH = 4,  /* scans that may wait as processes, for each place of scans */
	LONG_NICE = 8,	      /* scans step back behind all that is short */
	STACK = 8 << 20,      /* a thread's, which counts as memory */
	LOGQL_OWN = 48 << 20, /* what logql has besides that for its answer */
};

static const int64_t TICK_NS = NS_PER_S / 4;

enum state { STATE_NEW, STATE_WAITS, STATE_RUNS, STATE_PARKED, STATE_ENDED };

struct queries {
	struct queries_opts o;
	unsigned parked_max;
	struct metrics_series *running[QUERY_CLASSES], *queue_seconds, *failed, *left;
	struct tasks *small, *large; /* answers that are to be encoded */
	pthread_mutex_t lock;	     /* guards all below, and the states of queries */
	struct query_queue queue;
	unsigned parked;
	bool stopping, ticking;
	struct query *told; /* have ended: are to be told, by settle */
};

const char *const query_class_words[QUERY_CLASSES] = { "metadata", "short", "long" };

static struct query *query_of(struct queue_item *item)
{
	return (struct query *)((char *)item - offsetof(struct query, item));
}

/* --- the queue; the lock is held --- */

static void tell(struct queries *q, struct query *query)
{
	query->state = STATE_ENDED;
	query->next = q->told;
	q->told = query;
}

static void count_running(struct queries *q)
{
	for (int i = 0; i < QUERY_CLASSES; i++)
		metrics_set(q->running[i], q->queue.running[i]);
}

/* One more of its tenant waits, or one less: many tenants may have one series. */
static void count_waiting(struct queries *q, struct query *query)
{
	bool waits = query->item.tenant && !query->item.runs;

	if (waits != query->counted)
		metrics_add(metric_of1(q->o.metrics, METRIC_QUEUE_LENGTH, query->tenant),
			    waits ? 1 : -1);
	query->counted = waits;
}

/* It waits or runs, and does so no more. */
static void leave_queue(struct queries *q, struct query *query)
{
	query->end.class = query->item.class;
	query_queue_end(&q->queue, &query->item);
	count_running(q);
	count_waiting(q, query);
}

static void leave_place(struct queries *q, struct query *query)
{
	if (query->item.runs)
		leave_queue(q, query);
}

/* --- the gate --- */

static void read_done(struct query *query, struct bytes rest)
{
	uint64_t *to[] = { &query->end.bytes, &query->end.lines, &query->end.rows };
	struct bytes word;

	for (size_t i = 0; i < 3 && bytes_split(&rest, ' ', &word); i++)
		if (!num_u64(word, to[i]))
			return;
}

enum { END_STATUS, END_CPU, END_BLOCKS, END_DECODED = END_BLOCKS + QUERY_BLOCKS_COUNT, END_COUNT };

/* Nobody waits until the process is gone. */
static void read_end(struct queries *q, struct query *query, struct bytes line)
{
	uint64_t v[END_COUNT] = { 0 };
	struct bytes word;

	for (size_t i = 0; i < END_COUNT; i++)
		if (!bytes_split(&line, ' ', &word) || !num_u64(word, &v[i]))
			return;
	for (size_t i = 0; i < QUERY_BLOCKS_COUNT; i++)
		query->end.blocks[i] = v[END_BLOCKS + i];
	query->end.decoded_bytes = v[END_DECODED];
	if (v[END_STATUS] <= UINT8_MAX && v[END_CPU] <= INT64_MAX)
		child_done(q->o.children, query->child, (int)v[END_STATUS], (int64_t)v[END_CPU]);
}

/* Plans to scan: it gives its place up and waits for one of those. */
static void park(struct queries *q, struct query *query)
{
	query->state = STATE_PARKED;
	query->waits_ns = time_mono_ns();
	query_queue_move(&q->queue, QUERY_LONG, &query->item);
	count_running(q);
	count_waiting(q, query);
	q->parked++;
	if (q->parked > q->parked_max) {
		/* Too many processes that wait: this one is planned again when its turn comes. */
		query->again = true;
		child_signal(q->o.children, query->child, SIGKILL);
	}
}

static void take_gate_line(struct queries *q, struct query *query, struct bytes line)
{
	struct bytes word;
	uint64_t bytes;

	if (!bytes_split(&line, ' ', &word))
		return;
	if (bytes_is(word, "done")) {
		read_done(query, line);
	} else if (bytes_is(word, "end")) {
		read_end(q, query, line);
	} else if (bytes_is(word, "plan") && num_u64(line, &bytes) && bytes > q->o.short_bytes &&
		   query->state == STATE_RUNS && query->item.class == QUERY_SHORT) {
		park(q, query);
	}
}

static bool read_gate(struct queries *q, struct query *query, int fd)
{
	ssize_t n = recv(fd, query->gate_text + query->gate_n,
			 sizeof(query->gate_text) - query->gate_n, MSG_DONTWAIT);
	char *end;

	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR);
	query->gate_n += (size_t)n;
	while ((end = memchr(query->gate_text, '\n', query->gate_n))) {
		size_t len = (size_t)(end - query->gate_text);

		take_gate_line(q, query, bytes_of(query->gate_text, len));
		query->gate_n -= len + 1;
		memmove(query->gate_text, end + 1, query->gate_n);
	}
	return query->gate_n < sizeof(query->gate_text);
}

/* --- one starts --- */

static void child_ended(const struct child_end *end, void *data);
static bool gate_readable(int fd, void *data);

static int open_files(struct query *query, int gate[2], struct err *e)
{
	query->answer_fd = memfd_create("answer", MFD_CLOEXEC);
	query->error_fd = memfd_create("error", MFD_CLOEXEC);
	if (query->answer_fd < 0 || query->error_fd < 0 ||
	    (query->gate_at && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, gate) < 0))
		return err_sys(e, "cannot start a query");
	return 0;
}

static int dup_fd(int fd, struct err *e)
{
	int ret = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	return ret < 0 ? err_sys(e, "cannot start a query") : ret;
}

static int64_t time_left(const struct query *query, int64_t now_ns)
{
	int64_t limit = query->limits->query_timeout_ns, left = limit - (now_ns - query->begun_ns);

	return !limit ? 0 : left > 0 ? left : 1;
}

static uint64_t memory_max(const struct queries *q, const struct query *query)
{
	uint64_t limit = query->limits->max_query_memory_bytes;

	return limit ? child_memory_max(limit + LOGQL_OWN + (q->o.jobs + 2ULL) * STACK) : 0;
}

static int run(struct queries *q, struct query *query, struct err *e)
{
	bool bounded = query->item.class == QUERY_SHORT;
	int gate[2] = { -1, -1 };
	struct child_opts o = {
		.program = "logql",
		.argv = query->argv,
		.fd = { -1, -1, -1, -1 },
		.timeout_ns = time_left(query, time_mono_ns()),
		.memory_max = memory_max(q, query),
		.file_max = query->limits->max_query_memory_bytes,
		.nice = query->item.class == QUERY_LONG ? LONG_NICE : QUERIES_NICE,
		.standby = true,
		.ended = child_ended,
		.data = query,
	};

	if (open_files(query, gate, e) < 0)
		return -1;
	o.fd[1] = dup_fd(query->answer_fd, e);
	o.fd[2] = o.fd[1] < 0 ? -1 : dup_fd(query->error_fd, e);
	if (o.fd[2] < 0) {
		query_close_fd(&o.fd[1]);
		query_close_fd(&gate[0]);
		query_close_fd(&gate[1]);
		return -1;
	}
	if (query->gate_at) {
		snprintf(query->gate_bytes, sizeof(query->gate_bytes), "%llu",
			 (unsigned long long)q->o.short_bytes);
		query->argv[query->gate_at + QUERY_GATE_BYTES] =
			bounded ? query->gate_bytes : QUERY_GATE_FREE;
		snprintf(query->queued, sizeof(query->queued), "%lldns",
			 (long long)query->end.queue_ns);
		query->argv[query->gate_at + QUERY_GATE_QUEUED] = query->queued;
		query->gate = gate[0];
		o.fd[3] = gate[1];
		o.watch = gate[0];
		o.readable = gate_readable;
	}
	query->state = STATE_RUNS;
	query->child = child_start(q->o.children, &o);
	return 0;
}

static void waited(struct queries *q, struct query *query)
{
	int64_t ns = time_mono_ns() - query->waits_ns;

	query->end.queue_ns += ns;
	metrics_observe(q->queue_seconds, (double)ns / (double)NS_PER_S);
}

/* Its turn has come: as a process that begins, or as one that waits at its gate. */
static void let_run(struct queries *q, struct query *query)
{
	struct err e;

	waited(q, query);
	count_waiting(q, query);
	if (query->state == STATE_PARKED) {
		query->state = STATE_RUNS;
		q->parked--;
		if (query->again) /* it is being killed, and will wait once more */
			return;
		child_nice(q->o.children, query->child, LONG_NICE);
		/* A logql that has gone by now is told of by its end. */
		while (send(query->gate, "g", 1, MSG_NOSIGNAL) < 0 && errno == EINTR)
			;
	} else if (run(q, query, &e) < 0) {
		query_end_set(query, 503, "%s", e.msg);
		leave_queue(q, query);
		tell(q, query);
	}
}

/* --- what follows --- */

static void on_tick(void *data);

/* Looks whether some have waited for too long, as long as any waits. */
static void tick_if_needed(struct queries *q)
{
	if (q->ticking || q->queue.waiting == 0)
		return;
	q->ticking = true;
	children_later(q->o.children, TICK_NS, on_tick, q);
}

/* Releases the lock. */
static void settle(struct queries *q)
{
	struct queue_item *item;
	struct query *told;

	while ((item = query_queue_take(&q->queue)))
		let_run(q, query_of(item));
	count_running(q);
	tick_if_needed(q);
	told = q->told;
	q->told = NULL;
	pthread_mutex_unlock(&q->lock);
	while (told) {
		struct query *query = told;

		told = told->next;
		query_close_fd(&query->answer_fd);
		query_close_fd(&query->error_fd);
		if (query->end.status == 499)
			metrics_add(q->left, 1);
		else if (query->end.status >= 500)
			metrics_add(q->failed, 1);
		query->ended(query);
	}
}

static bool gate_readable(int fd, void *data)
{
	struct query *query = data;
	struct queries *q = query->queries;
	bool more;

	pthread_mutex_lock(&q->lock);
	more = read_gate(q, query, fd);
	settle(q);
	return more;
}

/* One that waits and shall not. */
static void give_up(struct queries *q, struct query *query)
{
	waited(q, query);
	leave_queue(q, query);
	tell(q, query);
}

static void on_tick(void *data)
{
	struct queries *q = data;
	struct queue_item *item, *next;
	int64_t now_ns = time_mono_ns();

	pthread_mutex_lock(&q->lock);
	q->ticking = false;
	for (item = query_queue_waiting(&q->queue, NULL); item; item = next) {
		struct query *query = query_of(item);

		next = query_queue_waiting(&q->queue, item);
		/* Those that are parked have a child, and it a timeout. */
		if (query->state != STATE_WAITS || !query->limits->query_timeout_ns ||
		    now_ns - query->begun_ns < query->limits->query_timeout_ns)
			continue;
		query->end.queue_ns += now_ns - query->waits_ns;
		query->waits_ns = now_ns;
		query_end_expired(query, now_ns);
		give_up(q, query);
	}
	settle(q);
}

static void encode(struct task *t)
{
	struct query *query = (struct query *)((char *)t - offsetof(struct query, encoding));
	struct queries *q = query->queries;

	query_encode(query);
	pthread_mutex_lock(&q->lock);
	leave_place(q, query);
	tell(q, query);
	settle(q);
}

/* By another thread, before it is told. */
static void encode_later(struct queries *q, struct query *query)
{
	query->encoding.run = encode;
	if (tasks_add(query->end.fd_n >= LARGE ? q->large : q->small, &query->encoding))
		return;
	query_end_set(query, 503, "the daemon is stopping");
	leave_place(q, query);
	tell(q, query);
}

/* It was killed only to be begun again as a scan, and nothing else has come between. */
static bool begins_again(struct queries *q, struct query *query, const struct child_end *end)
{
	if (!query->again || !end->killed || query->left || q->stopping)
		return false;
	query->again = false;
	query_close_fd(&query->answer_fd);
	query_close_fd(&query->error_fd);
	query->gate_n = 0;
	query->state = STATE_WAITS;
	query->waits_ns = time_mono_ns();
	if (query->item.runs) /* its turn came meanwhile */
		query_queue_move(&q->queue, QUERY_LONG, &query->item);
	count_waiting(q, query);
	return true;
}

static const char *const blocks_how[QUERY_BLOCKS_COUNT] = { "read", "counted", "filtered",
							    "outside" };

static void finish(struct queries *q, struct query *query, const struct child_end *end)
{
	query_end_by_logql(query, end);
	metrics_add(metric_of1(q->o.metrics, METRIC_QUERY_BYTES, query->tenant),
		    (double)query->end.bytes);
	metrics_add(metric_of1(q->o.metrics, METRIC_QUERY_LINES, query->tenant),
		    (double)query->end.lines);
	metrics_add(metric_of1(q->o.metrics, METRIC_QUERY_DECODED, query->tenant),
		    (double)query->end.decoded_bytes);
	for (size_t i = 0; i < QUERY_BLOCKS_COUNT; i++)
		metrics_add(metric_of2(q->o.metrics, METRIC_QUERY_BLOCKS, query->tenant,
				       bytes_str(blocks_how[i])),
			    (double)query->end.blocks[i]);
	query->state = STATE_ENDED;
	if (!query->item.runs) /* else its turn might come yet */
		leave_queue(q, query);
	if (query_is_to_be_encoded(query)) {
		encode_later(q, query);
	} else {
		leave_place(q, query);
		tell(q, query);
	}
}

static void child_ended(const struct child_end *end, void *data)
{
	struct query *query = data;
	struct queries *q = query->queries;

	server_metrics_child(q->o.metrics, "logql", end);
	metrics_add(metric_of1(q->o.metrics, METRIC_QUERY_CPU, query->tenant),
		    (double)end->cpu_ns / (double)NS_PER_S);
	pthread_mutex_lock(&q->lock);
	query->end.cpu_ns += end->cpu_ns;
	if (query->state == STATE_PARKED) {
		q->parked--;
		waited(q, query);
	}
	if (!begins_again(q, query, end))
		finish(q, query, end);
	settle(q);
}

/* --- what others call --- */

void queries_start(struct queries *q, struct query *query)
{
	struct err e;

	pthread_mutex_lock(&q->lock);
	query->queries = q;
	query->end.fd = query->answer_fd = query->error_fd = query->gate = -1;
	query->begun_ns = query->waits_ns = time_mono_ns();
	if (query->left) {
		query_end_set(query, 499, "the client has gone");
		tell(q, query);
	} else if (q->stopping) {
		query_end_set(query, 503, "the daemon is stopping");
		tell(q, query);
	} else if (query_queue_add(&q->queue, query->tenant, query->limits, query->class,
				   query->begun_ns, &query->item, &e) < 0) {
		query_end_set(query, 429, "%s", e.msg);
		metrics_add(metric_of1(q->o.metrics, METRIC_QUEUE_DISCARDED, query->tenant), 1);
		tell(q, query);
	} else {
		query->state = STATE_WAITS;
		count_waiting(q, query);
	}
	settle(q);
}

void queries_leave(struct queries *q, struct query *query)
{
	pthread_mutex_lock(&q->lock);
	query->left = true;
	if (query->state == STATE_WAITS) {
		query_end_set(query, 499, "the client has gone");
		give_up(q, query);
	} else if (query->state == STATE_RUNS || query->state == STATE_PARKED) {
		child_signal(q->o.children, query->child, SIGKILL);
	}
	settle(q);
}

void query_release(struct query *query)
{
	buf_release(&query->end.text);
	query_close_fd(&query->end.fd);
}

void queries_stop(struct queries *q)
{
	struct queue_item *item, *next;

	pthread_mutex_lock(&q->lock);
	q->stopping = true;
	for (item = query_queue_waiting(&q->queue, NULL); item; item = next) {
		struct query *query = query_of(item);

		next = query_queue_waiting(&q->queue, item);
		if (query->state == STATE_PARKED) {
			child_signal(q->o.children, query->child, SIGKILL);
			continue;
		}
		query_end_set(query, 503, "the daemon is stopping");
		give_up(q, query);
	}
	settle(q);
}

/* --- open and close --- */

static void queries_free(struct queries *q)
{
	tasks_close(q->small);
	tasks_close(q->large);
	query_queue_release(&q->queue);
	pthread_mutex_destroy(&q->lock);
	free(q);
}

int queries_open(const struct queries_opts *o, struct queries **ret, struct err *e)
{
	unsigned n = o->max_concurrent ? o->max_concurrent : 1;
	struct queries *q = mem_alloc(sizeof(*q));

	q->o = *o;
	q->queue.places[QUERY_METADATA] = q->queue.places[QUERY_SHORT] = n;
	q->queue.places[QUERY_LONG] = (n + 1) / 2;
	q->parked_max = PARKED_FOR_EACH * q->queue.places[QUERY_LONG];
	for (int i = 0; i < QUERY_CLASSES; i++)
		q->running[i] = metric_of1(o->metrics, METRIC_QUERIES_RUNNING,
					   bytes_str(query_class_words[i]));
	q->queue_seconds = metric_of(o->metrics, METRIC_QUEUE_SECONDS);
	q->failed = metric_of(o->metrics, METRIC_QUERIES_FAILED);
	q->left = metric_of(o->metrics, METRIC_QUERIES_LEFT);
	pthread_mutex_init(&q->lock, NULL);
	if (tasks_open(1, &q->small, e) < 0 || tasks_open(LARGE_ENCODERS, &q->large, e) < 0) {
		queries_free(q);
		return -1;
	}
	*ret = q;
	return 0;
}

void queries_end(struct queries *q)
{
	if (!q)
		return;
	queries_stop(q);
	tasks_stop(q->small);
	tasks_stop(q->large);
}

void queries_close(struct queries *q)
{
	if (!q)
		return;
	queries_end(q);
	queries_free(q);
}
