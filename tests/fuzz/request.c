/*
 * Any bytes as a request, through all that reads one before a child has work: the guard of heads,
 * routes, who asks, tenants, forms, parameters, media types, encodings; and how it is answered. In
 * memory: mhd.h stands in the place of libmicrohttpd, this file in that of queries.c and of
 * intake_turns.c (each must define all that theirs do). The target `http` has the sockets.
 *
 * Byte 0: which daemon is asked, whether the client shows a certificate, whether it leaves before
 * the answer, and how a query ends.
 */
#include "fuzz.h"

#include "mhd.h"

#include <sys/mman.h>

#include "base/io.h"
#include "base/num.h"
#include "http/conn.h"
#include "json/json.h"
#include "labels/labels.h"
#include "server/auth.h"
#include "server/config_read.h"
#include "server/intake_detail.h"
#include "server/queries.h"
#include "server/query_end.h"
#include "server/route.h"
#include "server/server.h"
#include "server/server_metrics.h"
#include "server/tails.h"
#include "server/tasks.h"

enum {
	DAEMONS = 3,
	BODY_MAX = 4096,
	UNPACKED_MAX = 20000,
	PARTS = 3, /* that a body comes in */
};

/* The first asks nobody who he is; the second for a tenant; the third for secrets too. */
static const char *const settings[DAEMONS] = {
	"auth_enabled: false\n",
	"auth_enabled: true\n"
	"server: {http_path_prefix: /p}\n"
	"querier: {multi_tenant_queries_enabled: true}\n"
	"distributor: {decode_metadata_escapes: true}\n"
	"overrides: {a: {max_entries_limit_per_query: 3, volume_enabled: false}}\n",
	"auth_enabled: true\n"
	"querier: {multi_tenant_queries_enabled: true}\n"
	"auth:\n"
	"  roles:\n"
	"    reader: {read: 'a*', matchers: '{team=\"a\"}'}\n"
	"    writer: {write: ['b?', 'a']}\n"
	"    all: {read: '*', write: '*', delete: '*', admin: '*'}\n"
	"  users:\n" /* alice:secret */
	"    alice: {password: '$5$rounds=1000$salt$CCvcOM6b7TEJDPb37Aec/9UpOg4QhPNAxPpL9ZzjTB7',\n"
	"            roles: [reader], tenant: a}\n"
	"  tokens:\n" /* token-1 */
	"    agent: {token: 'sha256:3f08aace122ee2368432c1ca23a049bc640bafbf00fdf33a52429f38ba12db"
	"f9',\n"
	"            roles: [writer], tenant: a}\n"
	"  certificates:\n"
	"    'op-*': {roles: [all]}\n",
};

static struct daemon {
	struct config config;
	struct server server;
	struct http_server http;
	struct http_calls calls; /* the server's own */
} daemons[DAEMONS];

/* The exchange under way; one at a time. */
static struct {
	pthread_t thread;
	struct daemon *daemon;
	struct bytes head;
	unsigned ending;
	bool leaves, certificate;
	struct query *waiting; /* until the client leaves */
} g;

/* --- in the place of queries.c --- */

const char *const query_class_words[QUERY_CLASSES] = { "metadata", "short", "long" };

int queries_open(const struct queries_opts *o, struct queries **ret, struct err *e)
{
	(void)o, (void)ret, (void)e;
	abort();
}

void queries_stop(struct queries *q)
{
	(void)q;
}

void queries_end(struct queries *q)
{
	(void)q;
}

void queries_close(struct queries *q)
{
	(void)q;
}

/* Whether it is an option of logql's that the daemon sets; *ret_n: with its value. */
static bool is_option(const char *arg, size_t *ret_n)
{
	static const char *const options[] = {
		"-t",
		"--from",
		"--to",
		"--at",
		"--format",
		"--gate",
		"--queued",
		"--gate-bytes",
		"--store",
		"--wal",
		"--jobs",
		"--max-entries",
		"--max-bytes",
		"--max-series",
		"--max-matchers",
		"--match",
		"--max-query-length",
		"--max-query-range",
		"--limit",
		"--line-limit",
		"--max-query-lookback",
		"--direction",
		"--encoding-flags",
		"--step",
		"--timeout",
		"--delay-for",
		"--interval",
		"--strict",
		"--target-labels",
		"--aggregate-by",
	};

	*ret_n = strcmp(arg, "--strict") ? 2 : 1;
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		if (!strcmp(arg, options[i]))
			return true;
	return false;
}

/* Whose data it is about stands in it, checked; what somebody may see of it, who may not see all;
 * and nothing that the client sent is taken for an option. */
static void check_command(const struct query *query)
{
	bool has_match = false, has_users = g.daemon->config.auth->n_users > 0;
	struct bytes rest = { 0 }, tenant;
	size_t n = 0, n_arg;
	struct err e;

	must(!strcmp(query->argv[0], "logql"));
	for (size_t i = 1; query->argv[i] && strcmp(query->argv[i], "--") != 0; i += n_arg) {
		n_arg = 1;
		must(query->argv[i][0] != '-' || is_option(query->argv[i], &n_arg));
		has_match |= !strcmp(query->argv[i], "--match");
		if (!strcmp(query->argv[i], "-t"))
			rest = bytes_str(query->argv[i + 1]);
	}
	if (!strcmp(query->argv[1], "fmt"))
		return;
	must(!strcmp(query->argv[query->gate_at], "--gate"));
	must(has_match == (has_users && !g.certificate));
	for (; bytes_split(&rest, '|', &tenant); n++)
		must(labels_check_tenant(tenant, &e) == 0 && (!has_match || *tenant.p == 'a'));
	must(n > 0);
}

static void end_query(struct query *query)
{
	static const int statuses[] = { 200, 400, 429, 500, 503, 504 };
	int status = statuses[g.ending % 6];
	const char *last = "";

	query->end.fd = -1;
	query->end.status = status;
	if (status == 200) {
		query->end.fd = memfd_create("answer", MFD_CLOEXEC);
		must(query->end.fd >= 0);
		query->end.fd_n = query->class == QUERY_SHORT ? 10 : 0;
		query->end.gzipped = query->gzip;
	} else {
		for (size_t i = 0; query->argv[i]; i++)
			last = query->argv[i];
		buf_addf(&query->end.text, "parse error: %.100s", last);
		query->end.retry_after_s = status == 429 || status == 503;
	}
	query->ended(query);
}

/* What stands before the client has gone is not answered earlier. */
void queries_start(struct queries *q, struct query *query)
{
	(void)q;
	check_command(query);
	if (g.leaves && pthread_equal(pthread_self(), g.thread))
		g.waiting = query;
	else
		end_query(query);
}

void queries_leave(struct queries *q, struct query *query)
{
	(void)q;
	if (g.waiting != query)
		return;
	g.waiting = NULL;
	query_end_set(query, 499, "the client has gone");
	query->end.fd = -1;
	query->ended(query);
}

void query_release(struct query *query)
{
	buf_release(&query->end.text);
	query_close_fd(&query->end.fd);
}

/* --- in the place of intake_turns.c --- */

void turns_init(struct intake *in)
{
	(void)in;
}

int turns_open(struct intake *in, struct err *e)
{
	(void)in, (void)e;
	abort();
}

void turns_close(struct intake *in)
{
	(void)in;
}

void turns_release(struct intake *in)
{
	(void)in;
}

static int take_stream(void *data, const struct push_labels *l, struct err *e)
{
	(void)data, (void)l, (void)e;
	return 0;
}

static int take_entry(void *data, int64_t ts_ns, struct bytes line, const struct label *meta,
		      size_t n_meta, struct err *e)
{
	(void)ts_ns, (void)line, (void)meta, (void)n_meta, (void)e;
	++*(size_t *)data;
	return 0;
}

/* Every other entry is refused, when some are. */
void intake_push(struct intake *in, const struct intake_push *p)
{
	static const int statuses[] = { 204, 204, 400, 429, 422, 503 };
	int status = statuses[g.ending % 6];
	bool has_users = g.daemon->config.auth->n_users > 0;
	struct intake_answer a = { .status = status };
	struct arena arena = { 0 };
	struct err e;
	size_t n = 0;
	struct push_sink sink = { take_stream, take_entry, &n };

	(void)in;
	must(labels_check_tenant(p->tenant, &e) == 0);
	must(!has_users || g.certificate || bytes_is(p->tenant, "a") ||
	     (p->tenant.n == 2 && *p->tenant.p == 'b'));
	if (status != 503 && p->decode(&sink, &arena, p->data, &e) < 0) {
		a.status = e.code == ERR_LIMIT ? 413 : 400;
		a.text = bytes_str(e.msg);
	} else if (status != 204) {
		a.text = BYTES_LIT("why \"not\"");
		a.retry_after_s = status == 429 || status == 503;
		for (size_t i = 0; p->refused && i < n && status != 503; i += 2)
			p->refused(i, status, a.text, p->data);
	}
	p->answered(&a, p->data);
	arena_release(&arena);
}

/* --- the head, read as strictly as one can --- */

static bool is_text(struct bytes b)
{
	for (size_t i = 0; i < b.n; i++)
		if (((unsigned char)b.p[i] < ' ' && b.p[i] != '\t') || b.p[i] == 0x7f)
			return false;
	return true;
}

static bool is_token(struct bytes b)
{
	for (size_t i = 0; i < b.n; i++)
		if (b.p[i] <= ' ' || b.p[i] == 0x7f || strchr("\"(),/:;<=>?@[\\]{}", b.p[i]))
			return false;
	return b.n > 0;
}

static bool is_named(struct bytes b, const char *name)
{
	return b.n == strlen(name) && strncasecmp(b.p, name, b.n) == 0;
}

/* The line at the begin of *rest, which is moved behind it, without its CRLF. */
static struct bytes take_line(struct bytes *rest)
{
	struct bytes line;

	must(bytes_split(rest, '\n', &line) && line.n && line.p[line.n - 1] == '\r');
	return bytes_sub(line, 0, line.n - 1);
}

static void check_lines(const struct http_request *r, struct bytes head)
{
	size_t n_lengths = 0, n_encodings = 0, n_hosts = 0;
	struct bytes line = take_line(&head), name, value;

	must(is_text(line) && !memchr(line.p, '\t', line.n));
	must(bytes_split(&line, ' ', &name) && is_token(name) && bytes_is(name, r->method_name));
	must(bytes_split(&line, ' ', &name) && bytes_is(name, r->uri));
	must(line.n == 8 && !memcmp(line.p, "HTTP/1.", 7));
	while ((value = line = take_line(&head)).n) {
		must(bytes_split(&value, ':', &name) && name.n < line.n);
		must(is_token(name) && is_text(value));
		n_lengths += is_named(name, "Content-Length");
		n_encodings += is_named(name, "Transfer-Encoding");
		n_hosts += is_named(name, "Host");
		if (is_named(name, "Content-Length"))
			must(num_u64(bytes_trim(value), &(uint64_t){ 0 }) &&
			     strtoull(value.p, NULL, 10) == r->length);
	}
	must(head.n == 0 && n_hosts <= 1 && n_lengths + n_encodings <= 1);
	must(n_lengths || !r->length);
}

/*
 * A head that got through has lines that end in CRLF, and one length: any other reader that goes by
 * RFC 9112 sees the same request. But libmicrohttpd makes a 0 of what ends a line, so of a 0 before
 * an LF, or in the last four bytes, nothing shows that it came as one (guard.c).
 */
static void check_head(const struct http_request *r, struct bytes head)
{
	struct buf b = { 0 };
	char *end;

	must(head.n > 4);
	buf_add_bytes(&b, head);
	end = b.p + b.n - 4;
	if (memchr(end, '\0', 4) && end[3] == '\n')
		memcpy(end, "\r\n\r\n", 4);
	for (size_t i = 0; i + 1 < b.n; i++)
		if (b.p[i] == '\0' && b.p[i + 1] == '\n')
			b.p[i] = '\r';
	check_lines(r, buf_bytes(&b));
	buf_release(&b);
}

/* --- the requests of a daemon --- */

static void on_head(struct http_request *r, void *data)
{
	struct daemon *d = data;

	check_head(r, g.head);
	d->calls.head(r, d->calls.data);
}

/* Which of the routes work on what there is not: the daemon's children, files, the end. */
static bool is_left_out(const struct call *c)
{
	static const char *const paths[] = {
		"/services",	     "/flush",		"/ring",
		"/distributor/ring", "/compactor/ring", "/ingester/prepare_shutdown",
		"/ingester/shutdown"
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		if (!strcmp(c->route->path, paths[i]))
			return true;
	return c->route->needs == ROUTE_OPEN;
}

static void on_whole(struct http_request *r, void *data)
{
	struct daemon *d = data;
	struct call *c = http_user(r);

	must(http_body(r).n <= BODY_MAX && c->route);
	must(c->who || c->route->needs == ROUTE_OPEN || !d->config.auth->n_users);
	if (is_left_out(c))
		call_answer(c, 204, NULL, (struct bytes){ 0 });
	else
		d->calls.whole(r, d->calls.data);
}

static void on_left(struct http_request *r, void *data)
{
	struct daemon *d = data;

	d->calls.left(r, d->calls.data);
}

static void on_done(struct http_request *r, void *data)
{
	struct daemon *d = data;

	d->calls.done(r, d->calls.data);
}

static void on_log(enum http_log about, const char *line, void *data)
{
	(void)line, (void)data;
	must(about == HTTP_LOG_CLIENT);
}

static void hear(void *data, enum report_kind kind, const char *text)
{
	(void)data, (void)text;
	must(kind != REPORT_ERROR);
}

static void read_settings(struct config *c, const char *text)
{
	struct report r = { .say = hear };
	char path[64];
	struct err e;
	int fd = memfd_create("settings", MFD_CLOEXEC);

	must(fd >= 0 && io_write(fd, text, strlen(text), &e) == 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	config_init(c);
	must(config_read(path, CONFIG_AS_IT_IS, c, &r, &e) == 0);
	close(fd);
	c->data = "/nowhere";
	c->push.decompressed_max = UNPACKED_MAX;
	c->push.bodies_max = 4 * UNPACKED_MAX;
}

static void open_daemon(struct daemon *d, const char *text)
{
	struct server *s = &d->server;
	struct err e;

	read_settings(&d->config, text);
	s->config = &d->config;
	s->limits = limits_set_hold(d->config.limits);
	s->log = (struct log){ .fd = -1, .level = LOG_ERROR };
	s->metrics = metrics_new();
	server_metrics_register(s->metrics);
	s->tails = tails_new(s->metrics, 0); /* there is room for none */
	must(auth_open(d->config.auth, &s->auth, &e) == 0 &&
	     tasks_open(1, &s->disk_tasks, &e) == 0 && tasks_open(1, &s->store_tasks, &e) == 0);
	pthread_mutex_init(&s->lock, NULL);
	d->calls = call_handlers(s);
	d->http.o = (struct http_opts){ .connections_max = 10,
					.idle_s = 5,
					.request_s = 5,
					.body_max = BODY_MAX,
					.bodies_max = BODY_MAX + BODY_MAX / 2,
					.calls = { on_head, on_whole, on_left, on_done, d },
					.log = on_log };
	pthread_mutex_init(&d->http.lock, NULL);
	pthread_cond_init(&d->http.idle, NULL);
}

/* --- an exchange --- */

static bool is_json(struct bytes text)
{
	struct json_at at = json_start(text);
	struct bytes value;

	if (!json_value(&at, &value))
		return false;
	json_skip_space(&at);
	return at.p == at.end;
}

static void check_answer(const struct MHD_Connection *m)
{
	const struct MHD_Response *a = m->queued;
	struct bytes body = buf_bytes(&a->body), type = buf_bytes(&a->type);

	if (bytes_starts(type, BYTES_LIT("application/json")) && !a->fd_n && body.n)
		must(is_json(body));
	if (bytes_starts(type, BYTES_LIT("text/plain")))
		must(body.n && body.p[body.n - 1] == '\n');
	must(!a->fd_n || m->status == 200);
}

/* While it is suspended the client may leave. */
static void wait(struct MHD_Connection *m, struct conn *c)
{
	if (g.leaves)
		conn_hang_up(c);
	mhd_wait(m);
}

/* Until it has an answer, or the connection ends before. */
static void go_through(struct MHD_Connection *m, struct conn *c, struct bytes rest, void **request)
{
	struct http_request *r = *request;
	struct http_server *s = c->server;
	size_t n, none = 0;

	for (bool again = true; again; again = r->head_again) {
		if (r->head_again)
			wait(m, c);
		if (!request_go_on(s, m, m->uri, m->method, m->version, NULL, &none, request) ||
		    m->queued)
			return;
	}
	if (!r->closes && r->length > rest.n)
		return; /* cut short */
	if (!r->closes)
		rest.n = r->length;
	for (size_t part = rest.n / PARTS + 1; rest.n; rest = bytes_sub(rest, n, rest.n)) {
		size_t left = n = part < rest.n ? part : rest.n;

		if (!request_go_on(s, m, m->uri, m->method, m->version, rest.p, &left, request))
			return;
		must(left == 0);
	}
	must(request_go_on(s, m, m->uri, m->method, m->version, NULL, &none, request));
	if (m->queued)
		return;
	wait(m, c);
	must(request_go_on(s, m, m->uri, m->method, m->version, NULL, &none, request));
	must(m->queued);
}

static void exchange(struct daemon *d, struct bytes in)
{
	struct conn c = { .server = &d->http, .fd = -1, .websocket_fd = -1, .peer = "local" };
	struct MHD_Connection m;
	struct bytes rest;
	void *request;

	mhd_init(&m, &c);
	pthread_mutex_init(&c.lock, NULL);
	pthread_cond_init(&c.told, NULL);
	if (g.certificate)
		c.cert_name_n = (size_t)snprintf(c.cert_name, sizeof(c.cert_name), "op-1");
	if (mhd_read(&m, in, &g.head, &rest)) {
		request = request_begin(&d->http, m.uri, &m);
		go_through(&m, &c, rest, &request);
		if (m.queued)
			check_answer(&m);
		request_end(&d->http, &m, &request, MHD_REQUEST_TERMINATED_COMPLETED_OK);
		must(!request && !g.waiting && d->http.n_active == 0);
		must(atomic_load(&d->http.bodies_used) == 0 &&
		     atomic_load(&d->server.unpacked) == 0);
	}
	mhd_release(&m);
	pthread_mutex_destroy(&c.lock);
	pthread_cond_destroy(&c.told);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0) /* before a replay's process has begun: no threads yet */
		return 0;
	if (!daemons[0].server.config)
		for (size_t i = 0; i < DAEMONS; i++)
			open_daemon(&daemons[i], settings[i]);
	g.thread = pthread_self();
	g.daemon = &daemons[data[0] % DAEMONS];
	g.certificate = data[0] / DAEMONS & 1;
	g.leaves = data[0] / DAEMONS & 2;
	g.ending = data[0] / DAEMONS / 4u;
	exchange(g.daemon, bytes_of(data + 1, size - 1));
	return 0;
}
