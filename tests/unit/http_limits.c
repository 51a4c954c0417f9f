/* How many connections there may be and how long they may take; the end of a server in steps. */
#include "http_client.h"

#include <dlfcn.h>
#include <sys/resource.h>

#include <microhttpd.h>

static struct {
	struct owner o;
	atomic_int to_lose; /* connections that libmicrohttpd takes and then has no memory for */
} g;

/* In place of the library's. */
enum MHD_Result MHD_add_connection(struct MHD_Daemon *daemon, MHD_socket fd,
				   const struct sockaddr *address, socklen_t n)
{
	typedef enum MHD_Result add_fn(struct MHD_Daemon *, MHD_socket, const struct sockaddr *,
				       socklen_t);
	add_fn *add = (add_fn *)(uintptr_t)dlsym(RTLD_NEXT, "MHD_add_connection");

	assert_non_null(add);
	if (atomic_load(&g.to_lose) > 0) {
		atomic_fetch_sub(&g.to_lose, 1);
		close(fd);
		return MHD_YES;
	}
	return add(daemon, fd, address, n);
}

static void ignore(struct http_request *r, void *data)
{
	(void)r;
	(void)data;
}

static void on_whole(struct http_request *r, void *data)
{
	(void)data;
	if (bytes_is(http_path(r), "/keep")) {
		g.o.kept[0] = r;
		owner_told(&g.o, &g.o.n_kept);
	} else {
		http_answer(r, &(struct http_answer){ .status = 200 });
	}
}

static void on_done(struct http_request *r, void *data)
{
	(void)r;
	(void)data;
	owner_told(&g.o, &g.o.n_done);
}

static void on_log(enum http_log about, const char *line, void *data)
{
	(void)data;
	if (about == HTTP_LOG_SERVER && strstr(line, "cannot accept"))
		owner_told(&g.o, &g.o.n_whole);
}

static struct http_opts defaults(void)
{
	struct http_opts o = server_opts();

	o.calls = (struct http_calls){ ignore, on_whole, ignore, on_done, NULL };
	o.log = on_log;
	return o;
}

static void start(const struct http_opts *opts)
{
	struct err e;

	pthread_mutex_init(&g.o.lock, NULL);
	pthread_cond_init(&g.o.changed, NULL);
	g.o.n_kept = g.o.n_done = g.o.n_whole = 0;
	assert_int_equal(0, http_open(opts, &g.o.s, &e));
	g.o.port = http_port(g.o.s);
}

static void stop(void)
{
	http_close(g.o.s);
	pthread_mutex_destroy(&g.o.lock);
	pthread_cond_destroy(&g.o.changed);
}

#define GET "GET /x HTTP/1.1\r\nHost: a\r\n\r\n"

static int ask_on(int fd)
{
	struct buf b = { 0 };
	int status;

	client_send(fd, GET);
	status = client_answer(fd, &b);
	buf_release(&b);
	return status;
}

static bool are_connections(void *n)
{
	return http_connections(g.o.s) == *(size_t *)n;
}

static void wait_connections(size_t n)
{
	wait_until(are_connections, &n);
}

static void of_one_address(void **state)
{
	struct http_opts opts = defaults();
	int a, b, c;

	(void)state;
	opts.connections_of_ip_max = 2;
	start(&opts);
	a = client_open(g.o.port);
	b = client_open(g.o.port);
	assert_int_equal(200, ask_on(a));
	assert_int_equal(200, ask_on(b));
	c = client_open(g.o.port);
	assert_int_equal(0, ask_on(c));
	close(c);
	assert_int_equal(200, ask_on(a));
	close(b);
	wait_connections(1);
	c = client_open(g.o.port);
	assert_int_equal(200, ask_on(c));
	close(a);
	close(c);
	stop();
}

/* One too many waits with the system, until another has gone: here, since it was idle. */
static void in_all(void **state)
{
	struct http_opts opts = defaults();
	int fd[3];

	(void)state;
	opts.connections_max = 2;
	start(&opts);
	for (int i = 0; i < 2; i++)
		fd[i] = client_open(g.o.port);
	wait_connections(2);
	fd[2] = client_open(g.o.port);
	assert_int_equal(200, ask_on(fd[2]));
	assert_true(http_connections(g.o.s) <= 2);
	for (int i = 0; i < 3; i++)
		close(fd[i]);
	stop();
}

static void while_many_are_taken_they_are_not_kept(void **state)
{
	struct http_opts opts = defaults();
	struct buf b = { 0 };
	int fd[3];

	(void)state;
	opts.connections_max = 4;
	start(&opts);
	fd[0] = client_open(g.o.port);
	client_send(fd[0], GET);
	assert_int_equal(200, client_answer(fd[0], &b));
	assert_null(strstr(b.p, "Connection: close"));
	for (int i = 1; i < 3; i++)
		fd[i] = client_open(g.o.port);
	wait_connections(3);
	client_send(fd[0], GET);
	assert_int_equal(200, client_answer(fd[0], &b));
	assert_non_null(strstr(b.p, "Connection: close"));
	wait_connections(2);
	for (int i = 0; i < 3; i++)
		close(fd[i]);
	buf_release(&b);
	stop();
}

/* Sends text, then a byte every now and then until the server closes: after how long, in ms. */
static int64_t drip(const char *text, const char *bytes)
{
	int fd = client_open(g.o.port);
	int64_t begun_ns = time_mono_ns();
	struct pollfd p = { .fd = fd, .events = POLLIN };

	client_send(fd, text);
	while (poll(&p, 1, 100) == 0) {
		client_send_bytes(fd, bytes, 1);
		if (bytes[1])
			bytes++;
		assert_true(time_mono_ns() - begun_ns < PATIENCE_MS * NS_PER_MS);
	}
	assert_true(recv(fd, (char[1]){ 0 }, 1, 0) <= 0);
	close(fd);
	return (time_mono_ns() - begun_ns) / NS_PER_MS;
}

static void who_is_slow_is_closed(void **state)
{
	struct http_opts opts = defaults();
	int64_t ms;

	(void)state;
	opts.request_s = 1;
	opts.idle_s = 2;
	start(&opts);
	ms = drip("GET /x HTTP/1.1\r\nHost: a\r\nX: ", "y");
	assert_in_range(ms, 900, 2500);
	ms = drip("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n", "y");
	assert_in_range(ms, 900, 2500);
	ms = drip("POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n",
		  "y\r\n1");
	assert_in_range(ms, 900, 2500);
	ms = drip("GET /", "y");
	assert_in_range(ms, 2900, 5000);
	stop();
}

static void who_does_nothing_is_closed(void **state)
{
	struct http_opts opts = defaults();
	struct buf answer = { 0 };
	int used, unused;
	char c;

	(void)state;
	opts.idle_s = 1;
	start(&opts);
	used = client_open(g.o.port);
	unused = client_open(g.o.port);
	assert_int_equal(200, ask_on(used));
	assert_int_equal(0, recv(used, &c, 1, 0));
	assert_int_equal(0, recv(unused, &c, 1, 0));
	/* Who waits for an answer is not idle. */
	client_send(used, "");
	close(used);
	used = client_open(g.o.port);
	client_send(used, "GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
	owner_wait(&g.o, &g.o.n_kept, 1);
	assert_int_equal(0, poll(&(struct pollfd){ .fd = used, .events = POLLIN }, 1, 2500));
	http_answer(g.o.kept[0], &(struct http_answer){ .status = 200 });
	assert_int_equal(200, client_answer(used, &answer));
	close(used);
	close(unused);
	stop();
	buf_release(&answer);
}

static int64_t cpu_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* They would be counted for ever, and in the end nobody let in. */
static void connections_that_are_lost_do_not_count(void **state)
{
	struct http_opts opts = defaults();
	int fd[3];

	(void)state;
	opts.connections_max = 2;
	start(&opts);
	atomic_store(&g.to_lose, 2);
	for (int i = 0; i < 3; i++)
		fd[i] = client_open(g.o.port);
	assert_int_equal(200, ask_on(fd[2]));
	assert_int_equal(0, atomic_load(&g.to_lose));
	wait_connections(1);
	for (int i = 0; i < 3; i++)
		close(fd[i]);
	wait_connections(0);
	stop();
}

/* Without a free descriptor a connection waits, and nobody runs in circles meanwhile, or fills the
 * log. One that is idle makes room. */
static void out_of_files(void **state)
{
	struct http_opts opts = defaults();
	struct rlimit old, none;
	int64_t before_ms;
	int idle, fd;

	(void)state;
	start(&opts);
	idle = client_open(g.o.port);
	assert_int_equal(200, ask_on(idle));
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	getrlimit(RLIMIT_NOFILE, &old);
	none = old;
	none.rlim_cur = (rlim_t)fd + 1;
	setrlimit(RLIMIT_NOFILE, &none);
	assert_int_equal(0, connect(fd,
				    (struct sockaddr *)&(struct sockaddr_in){
					    .sin_family = AF_INET,
					    .sin_port = htons(g.o.port),
					    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) },
				    sizeof(struct sockaddr_in)));
	before_ms = cpu_ms();
	owner_wait(&g.o, &g.o.n_whole, 1);
	assert_int_equal(200, ask_on(fd));
	assert_true(cpu_ms() - before_ms < 300);
	assert_int_equal(1, g.o.n_whole);
	setrlimit(RLIMIT_NOFILE, &old);
	close(idle);
	close(fd);
	stop();
}

static void quiet_servers_answer_what_was_asked(void **state)
{
	struct http_opts opts = defaults();
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct buf b = { 0 };
	int idle, waiting, late;
	char c;

	(void)state;
	start(&opts);
	idle = client_open(g.o.port);
	assert_int_equal(200, ask_on(idle));
	waiting = client_open(g.o.port);
	client_send(waiting, "GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
	owner_wait(&g.o, &g.o.n_kept, 1);
	http_quiesce(g.o.s);
	assert_int_equal(0, recv(idle, &c, 1, 0));
	late = socket(AF_INET, SOCK_STREAM, 0);
	to.sin_port = htons(g.o.port);
	assert_int_equal(-1, connect(late, (struct sockaddr *)&to, sizeof(to)));
	assert_int_equal(1, http_active(g.o.s));
	http_answer(g.o.kept[0], &(struct http_answer){ .status = 200 });
	assert_int_equal(200, client_answer(waiting, &b));
	assert_non_null(strstr(b.p, "Connection: close"));
	assert_int_equal(0, recv(waiting, &c, 1, 0));
	wait_connections(0);
	assert_int_equal(0, http_active(g.o.s));
	close(idle);
	close(waiting);
	close(late);
	buf_release(&b);
	stop();
}

static void it_listens_where_it_is_told(void **state)
{
	struct http_opts opts = defaults();
	struct http_server *s;
	struct err e;
	uint16_t port;

	(void)state;
	opts.address = "";
	start(&opts);
	assert_int_equal(200, client_ask(g.o.port, GET, NULL));
	opts.address = "127.0.0.1";
	opts.port = g.o.port;
	assert_int_equal(-1, http_open(&opts, &s, &e));
	assert_int_equal(ERR_IO, e.code);
	opts.address = "no.such.host.invalid";
	assert_int_equal(-1, http_open(&opts, &s, &e));
	assert_int_equal(ERR_USAGE, e.code);
	port = g.o.port;
	stop();
	assert_true(port > 0);

	/* A descriptor from outside. */
	opts = defaults();
	opts.listen_fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(0, listen(opts.listen_fd, 10));
	start(&opts);
	assert_int_equal(200, client_ask(g.o.port, GET, NULL));
	stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_one_address),
		cmocka_unit_test(in_all),
		cmocka_unit_test(while_many_are_taken_they_are_not_kept),
		cmocka_unit_test(who_is_slow_is_closed),
		cmocka_unit_test(who_does_nothing_is_closed),
		cmocka_unit_test(connections_that_are_lost_do_not_count),
		cmocka_unit_test(out_of_files),
		cmocka_unit_test(quiet_servers_answer_what_was_asked),
		cmocka_unit_test(it_listens_where_it_is_told),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
