/*
 * Tails: each is a `logql tail` that is started before the websocket is, so that what is wrong with
 * the query is an ordinary refusal. Its gate tells that it has begun; from then on a thread of the
 * websocket takes frames, a line each, from its stdout to the client. A client that is slow stops
 * the thread, that the pipe, and that logql, which finds its place in the log again: nothing is
 * dropped. Without a reader of its stdout logql ends.
 *
 * Three hold a tail: the call, logql and the websocket, each until its end.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "http/websocket.h"
#include "server/auth.h"
#include "server/config.h"
#include "server/queries.h"
#include "server/query_call.h"
#include "server/route.h"
#include "server/server.h"
#include "server/server_metrics.h"
#include "server/tails.h"
#include "server/tenant.h"
#include "time/time.h"

enum {
	LOOK_MS = 500,	     /* how soon it is seen that the daemon stops, or users change */
	SLOW_MS = 30 * 1000, /* a client that takes nothing for so long is given up */
	READ = 64 << 10,
	REASON_MAX = 120, /* of a goodbye's 123 bytes */
	ERROR_MAX = 4 << 10,
	CLOSE_FORBIDDEN = 1008,
	CLOSE_ERROR = 1011,
	CLOSE_RESTART = 1012,
	CLOSE_LATER = 1013,
};

/* Behind what logql holds in memory itself, it may have as much as a query of this tenant. */
static const uint64_t LOGQL_OWN = 64 << 20;

struct tail {
	struct server *server;
	struct metrics_series *sent;
	atomic_ullong sent_bytes, sent_entries; /* by the websocket */
	int frames;				/* of logql's stdout; the websocket's */
	int error_fd;				/* logql's stderr */
	struct config_auth *auth;		/* held; the next is of it. Both the websocket's */
	const struct config_user *who;
	pthread_mutex_t lock; /* guards all below */
	unsigned holders;
	struct call *call; /* until it is answered */
	int gate;	   /* -1: logql has ended */
	size_t n_tenant;
	char tenant[];
};

static void hold(struct tail *t)
{
	pthread_mutex_lock(&t->lock);
	t->holders++;
	pthread_mutex_unlock(&t->lock);
}

static void let_go(struct tail *t)
{
	bool last;

	pthread_mutex_lock(&t->lock);
	last = --t->holders == 0;
	pthread_mutex_unlock(&t->lock);
	if (!last)
		return;
	tails_end(t->server->tails, bytes_of(t->tenant, t->n_tenant));
	if (t->frames >= 0)
		close(t->frames);
	if (t->error_fd >= 0)
		close(t->error_fd);
	config_auth_drop(t->auth);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

/* What logql said, from "error: " on. */
static void read_reason(const struct tail *t, struct buf *out)
{
	char *text = buf_reserve(out, ERROR_MAX);
	ssize_t n = pread(t->error_fd, text, ERROR_MAX, 0);
	struct bytes said = query_error_text(bytes_of(text, n > 0 ? (size_t)n : 0));

	memmove(text, said.p, said.n);
	out->n = said.n;
}

/* --- the websocket's thread --- */

/* At most n bytes, of whole characters. */
static size_t cut(struct bytes text, size_t n)
{
	while (n && ((unsigned char)text.p[n] & 0xc0) == 0x80)
		n--;
	return n;
}

static void end_with_reason(struct tail *t, struct websocket *w)
{
	struct buf why = { 0 };

	read_reason(t, &why);
	if (why.n == 0)
		buf_add_str(&why, "the tail has ended");
	if (why.n > REASON_MAX)
		why.n = cut(buf_bytes(&why), REASON_MAX);
	websocket_goodbye(w, CLOSE_ERROR, buf_str(&why));
	buf_release(&why);
}

/* Each begins with ["TIME", which stands nowhere else: in a text its quote has a backslash, and
 * behind the one that ends a text stands neither a digit nor a sign. */
static unsigned count_entries(struct bytes frame)
{
	const char *end = frame.p + frame.n, *at = frame.p;
	unsigned n = 0;

	while ((at = memmem(at, (size_t)(end - at), "[\"", 2))) {
		at += 2;
		n += at < end && ((*at >= '0' && *at <= '9') || *at == '-');
	}
	return n;
}

/* Sends the whole lines of b and keeps the rest. False: the client has been said goodbye. */
static bool send_lines(struct tail *t, struct websocket *w, struct buf *b)
{
	size_t at = 0;
	char *end;
	struct err e;

	while (at < b->n && (end = memchr(b->p + at, '\n', b->n - at))) {
		struct bytes line = bytes_of(b->p + at, (size_t)(end - b->p) - at);

		if (websocket_send(w, line, SLOW_MS, &e) < 0) {
			if (e.code == ERR_AGAIN)
				websocket_goodbye(
					w, CLOSE_LATER,
					"the client is too slow: it took nothing for 30s");
			return false;
		}
		metrics_add(t->sent, (double)line.n);
		atomic_fetch_add(&t->sent_bytes, line.n);
		atomic_fetch_add(&t->sent_entries, count_entries(line));
		at += line.n + 1;
	}
	buf_drop(b, at);
	return true;
}

static void move_frames(struct tail *t, struct websocket *w)
{
	struct buf b = { 0 };
	ssize_t n;

	for (;;) {
		enum websocket_event ev = websocket_wait(w, t->frames, LOOK_MS);

		if (ev == WEBSOCKET_CLOSED)
			break;
		if (atomic_load(&t->server->stopping)) {
			websocket_goodbye(w, CLOSE_RESTART, "the daemon is stopping");
			break;
		}
		if (!auth_stays(t->server->auth, &t->auth, &t->who)) {
			websocket_goodbye(w, CLOSE_FORBIDDEN,
					  "who asked is no user any more, or another one");
			break;
		}
		if (ev == WEBSOCKET_TIMEOUT)
			continue;
		n = read(t->frames, buf_reserve(&b, READ), READ);
		if (n <= 0) {
			end_with_reason(t, w);
			break;
		}
		b.n += (size_t)n;
		if (!send_lines(t, w, &b))
			break;
	}
	buf_release(&b);
}

static void run(struct websocket *w, void *data)
{
	struct tail *t = data;

	move_frames(t, w);
	close(t->frames);
	t->frames = -1;
	let_go(t);
}

/* --- logql, on the children's thread --- */

/* The call, to be answered by who gets it. */
static struct call *take_call(struct tail *t)
{
	struct call *c;

	pthread_mutex_lock(&t->lock);
	c = t->call;
	t->call = NULL;
	pthread_mutex_unlock(&t->lock);
	return c;
}

/* Its first word is what it plans to read: the query is one that can be followed. Else it is that
 * it is done, and its end tells the rest. */
static bool gate_readable(int fd, void *data)
{
	static const char plan[] = "plan ";
	struct tail *t = data;
	struct call *c = NULL;
	char text[256];
	ssize_t n = recv(fd, text, sizeof(text), MSG_DONTWAIT);

	if (n <= 0)
		return false;
	if ((size_t)n >= sizeof(plan) - 1 && memcmp(text, plan, sizeof(plan) - 1) == 0)
		c = take_call(t);
	if (c) {
		hold(t); /* the websocket does */
		c->status = 101;
		c->websocket = true;
		websocket_answer(c->http, run, t);
	}
	return true;
}

static void refuse_text(struct call *c, int status, const struct tail *t)
{
	struct buf why = { 0 };

	read_reason(t, &why);
	if (why.n == 0)
		buf_add_str(&why, "the tail could not begin");
	server_metrics_refused(t->server->metrics, bytes_of(t->tenant, t->n_tenant),
			       buf_bytes(&why));
	buf_add_char(&why, '\n');
	call_answer(c, status, "text/plain; charset=utf-8", buf_bytes(&why));
	buf_release(&why);
}

/* As for other queries: 504 is a store that does not answer. */
static int status_of(const struct child_end *end)
{
	switch (end->status) {
	case 2:
	case 3:
		return 400;
	case 5:
		return 504;
	default:
		return 500;
	}
}

static void logql_ended(const struct child_end *end, void *data)
{
	struct tail *t = data;
	struct call *c = take_call(t);

	server_metrics_child(t->server->metrics, "logql", end);
	pthread_mutex_lock(&t->lock);
	t->gate = -1;
	pthread_mutex_unlock(&t->lock);
	if (c && end->error.code != ERR_NONE)
		call_refuse_later(c, 503, 1, &end->error);
	else if (c)
		refuse_text(c, status_of(end), t);
	let_go(t);
}

/* --- the request --- */

/* Answers nobody: see http_calls.left. */
static void on_client_left(struct call *c)
{
	struct tail *t = c->route_data;

	pthread_mutex_lock(&t->lock);
	if (t->call && t->gate >= 0)
		shutdown(t->gate, SHUT_RDWR); /* logql ends, and with it the call */
	pthread_mutex_unlock(&t->lock);
}

/* For the audit log: what was sent, and until when. */
static void on_call_ended(struct call *c)
{
	struct tail *t = c->route_data;

	if (c->websocket) {
		c->n_bytes = atomic_load(&t->sent_bytes);
		c->n_rows = atomic_load(&t->sent_entries);
		c->to_ns = time_now_ns();
		c->has_range = true;
	}
	let_go(t);
}

static int open_fds(struct child_opts *o, struct tail *t, struct err *e)
{
	int out[2] = { -1, -1 }, gate[2] = { -1, -1 };

	t->error_fd = memfd_create("error", MFD_CLOEXEC);
	o->fd[2] = t->error_fd < 0 ? -1 : fcntl(t->error_fd, F_DUPFD_CLOEXEC, 0);
	if (o->fd[2] < 0 || pipe2(out, O_CLOEXEC) < 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, gate) < 0) {
		err_sys(e, "cannot start a tail");
		for (int i = 0; i < 2; i++)
			if (out[i] >= 0)
				close(out[i]);
		if (o->fd[2] >= 0)
			close(o->fd[2]);
		return -1;
	}
	t->frames = out[0];
	o->fd[1] = out[1];
	t->gate = o->watch = gate[0];
	o->fd[3] = gate[1];
	return 0;
}

static struct tail *tail_new(struct call *c)
{
	struct bytes tenant = tenant_first(c->tenant);
	struct tail *t = mem_alloc(sizeof(*t) + tenant.n);

	t->server = c->server;
	t->sent = metric_of(c->server->metrics, METRIC_TAIL_BYTES);
	t->auth = config_auth_hold(c->auth);
	t->who = c->who;
	t->call = c;
	t->frames = t->error_fd = t->gate = -1;
	t->holders = 1; /* the call */
	t->n_tenant = tenant.n;
	memcpy(t->tenant, tenant.p, tenant.n);
	pthread_mutex_init(&t->lock, NULL);
	return t;
}

static void start(struct call *c, struct query_command *command)
{
	struct tail *t = tail_new(c);
	uint64_t memory = c->limits->max_query_memory_bytes;
	struct child_opts o = {
		.program = "logql",
		.argv = command->argv,
		.fd = { -1, -1, -1, -1 },
		.memory_max = memory ? child_memory_max(memory + LOGQL_OWN) : 0,
		.readable = gate_readable,
		.ended = logql_ended,
		.data = t,
	};
	struct err e;

	command->argv[command->gate_at + QUERY_GATE_BYTES] = QUERY_GATE_FREE;
	c->route_data = t;
	c->ended = on_call_ended;
	if (open_fds(&o, t, &e) < 0) {
		call_refuse_later(c, 503, 1, &e);
		return;
	}
	c->left = on_client_left;
	hold(t); /* logql does */
	child_start(c->server->children, &o);
}

void route_tail(struct call *c)
{
	const struct config *config = c->server->config;
	struct query_request request = query_request_of(c);
	struct query_command command;
	struct err e;

	request.tail_max_duration_ns = config->query.tail_max_duration_ns;
	if (query_params(&request, ENDPOINT_TAIL, &c->arena, &command, &e) < 0) {
		call_refuse(c, 400, &e);
		return;
	}
	c->query = command.query;
	c->from_ns = command.from_ns;
	if (!websocket_asked(c->http)) {
		err_set(&e, ERR_USAGE,
			"a tail is a websocket, which this request does not ask for");
		call_refuse(c, 400, &e);
		return;
	}
	if (tails_begin(c->server->tails, tenant_first(c->tenant),
			c->limits->max_concurrent_tail_requests, &e) < 0) {
		call_refuse_later(c, 429, 1, &e);
		return;
	}
	start(c, &command);
}
