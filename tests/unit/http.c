/* The server: requests, bodies under caps, answers from any thread, clients that leave. */
#include "http_client.h"

#include <errno.h>
#include <sys/mman.h>

static void answer_with(struct http_request *r, int status, struct bytes body)
{
	http_answer(r,
		    &(struct http_answer){ .status = status, .type = "text/plain", .body = body });
}

static void keep(struct owner *o, struct http_request *r)
{
	pthread_mutex_lock(&o->lock);
	o->kept[o->n_kept++] = r;
	pthread_cond_broadcast(&o->changed);
	pthread_mutex_unlock(&o->lock);
}

static void on_head(struct http_request *r, void *data)
{
	struct owner *o = data;

	owner_told(o, &o->n_heads);
	if (bytes_starts(http_path(r), BYTES_LIT("/wait"))) {
		http_wait(r);
		keep(o, r);
	}
	if (bytes_is(http_path(r), "/small"))
		http_body_max(r, 10);
	if (bytes_is(http_path(r), "/denied"))
		answer_with(r, 401, BYTES_LIT("no"));
}

static void answer_file(struct http_request *r)
{
	int fd = memfd_create("answer", MFD_CLOEXEC);
	struct buf b = { 0 };

	for (int i = 0; i < 100000; i++)
		buf_addf(&b, "%09d\n", i);
	assert_int_equal((ssize_t)b.n, write(fd, b.p, b.n));
	http_answer(r, &(struct http_answer){ .status = 200, .fd = fd, .fd_n = b.n });
	buf_release(&b);
}

static void answer_seen(struct http_request *r)
{
	struct http_field field = { "X-Extra", "yes" };
	struct bytes probe = http_header(r, "x-PROBE"), body = http_body(r);
	struct buf b = { 0 };

	buf_addf(&b, "%s|%.*s|%.*s|%.*s|%zu|%zu|%.*s", http_method_name(r), BYTES_ARG(http_path(r)),
		 BYTES_ARG(http_query(r)), BYTES_ARG(probe), http_header_count(r, "X-Probe"),
		 body.n, BYTES_ARG(bytes_sub(body, 0, 100)));
	http_answer(r, &(struct http_answer){ .status = 200,
					      .type = "text/plain",
					      .body = buf_bytes(&b),
					      .field = &field,
					      .n_field = 1 });
	buf_release(&b);
}

static void on_whole(struct http_request *r, void *data)
{
	struct owner *o = data;

	owner_told(o, &o->n_whole);
	if (bytes_is(http_path(r), "/keep"))
		keep(o, r);
	else if (bytes_is(http_path(r), "/file"))
		answer_file(r);
	else if (bytes_is(http_path(r), "/nothing"))
		answer_with(r, 204, (struct bytes){ 0 });
	else
		answer_seen(r);
}

static void on_left(struct http_request *r, void *data)
{
	struct owner *o = data;

	(void)r;
	owner_told(o, &o->n_left);
}

static void on_done(struct http_request *r, void *data)
{
	struct owner *o = data;

	pthread_mutex_lock(&o->lock);
	o->last_status = http_status(r);
	pthread_mutex_unlock(&o->lock);
	owner_told(o, &o->n_done);
}

static void on_log(enum http_log about, const char *line, void *data)
{
	struct owner *o = data;

	if (about == HTTP_LOG_CLIENT)
		return;
	pthread_mutex_lock(&o->lock);
	snprintf(o->last_log, sizeof(o->last_log), "%s", line);
	pthread_mutex_unlock(&o->lock);
}

static struct http_opts defaults(struct owner *o)
{
	struct http_opts opts = server_opts();

	opts.calls = (struct http_calls){ on_head, on_whole, on_left, on_done, o };
	opts.log = on_log;
	opts.log_data = o;
	return opts;
}

static struct owner *owner_open(const struct http_opts *opts)
{
	struct owner *o = calloc(1, sizeof(*o));
	struct http_opts use = opts ? *opts : defaults(o);
	struct err e;

	use.calls.data = use.log_data = o;
	pthread_mutex_init(&o->lock, NULL);
	pthread_cond_init(&o->changed, NULL);
	assert_int_equal(0, http_open(&use, &o->s, &e));
	o->port = http_port(o->s);
	assert_true(o->port > 0);
	return o;
}

static void owner_close(struct owner *o)
{
	http_close(o->s);
	assert_int_equal(o->n_heads, o->n_done);
	pthread_mutex_destroy(&o->lock);
	pthread_cond_destroy(&o->changed);
	free(o);
}

static int setup(void **state)
{
	*state = owner_open(NULL);
	return 0;
}

static int teardown(void **state)
{
	owner_close(*state);
	return 0;
}

static struct http_request *take_kept(struct owner *o)
{
	struct http_request *r;

	owner_wait(o, &o->n_kept, 1);
	pthread_mutex_lock(&o->lock);
	r = o->kept[--o->n_kept];
	pthread_mutex_unlock(&o->lock);
	return r;
}

static int last_status(struct owner *o)
{
	int status;

	pthread_mutex_lock(&o->lock);
	status = o->last_status;
	pthread_mutex_unlock(&o->lock);
	return status;
}

#define HOST "Host: a\r\n"

static void a_request_is_seen_as_sent(void **state)
{
	struct owner *o = *state;
	struct buf b = { 0 };

	assert_int_equal(200, client_ask(o->port,
					 "GET /a%2Fb+c?x=%zz;&y HTTP/1.1\r\n" HOST
					 "X-Probe: one \t\r\nX-Probe: two\r\n\r\n",
					 &b));
	assert_non_null(strstr(buf_str(&b), "\r\n\r\nGET|/a%2Fb+c|x=%zz;&y|one|2|0|"));
	assert_non_null(strstr(b.p, "X-Extra: yes\r\n"));
	assert_non_null(strstr(b.p, "Content-Type: text/plain\r\n"));
	buf_reset(&b);
	assert_int_equal(
		200, client_ask(o->port, "PATCH http://a.b:1/path HTTP/1.1\r\n" HOST "\r\n", &b));
	assert_non_null(strstr(buf_str(&b), "PATCH|/path|||0|0|"));
	buf_release(&b);
	owner_wait(o, &o->n_done, 2);
	assert_int_equal(200, last_status(o));
}

static void a_head_is_answered_without_body(void **state)
{
	struct owner *o = *state;
	struct buf b = { 0 };
	int fd = client_open(o->port);

	client_send(fd, "HEAD /x HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n");
	client_read_until(fd, &b, NULL);
	assert_non_null(strstr(buf_str(&b), "Content-Length: 14\r\n"));
	assert_true(b.n > 4 && !memcmp(b.p + b.n - 4, "\r\n\r\n", 4));
	close(fd);
	buf_release(&b);
}

static void connections_are_kept_and_requests_may_be_pipelined(void **state)
{
	struct owner *o = *state;
	struct buf b = { 0 };
	int fd = client_open(o->port);

	for (int i = 0; i < 100; i++)
		client_send(fd, "POST /n HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc"
				"GET /nothing HTTP/1.1\r\n" HOST "\r\n");
	for (int i = 0; i < 100; i++) {
		assert_int_equal(200, client_answer(fd, &b));
		assert_int_equal(204, client_answer(fd, &b));
	}
	assert_int_equal(1, http_connections(o->s));
	close(fd);
	buf_release(&b);
}

static void a_body_may_come_in_chunks(void **state)
{
	struct owner *o = *state;
	struct buf b = { 0 };

	assert_int_equal(200,
			 client_ask(o->port,
				    "POST /c HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
				    "3\r\nabc\r\n5;x=y\r\ndefgh\r\n0\r\n\r\n",
				    &b));
	assert_non_null(strstr(buf_str(&b), "POST|/c|||0|8|abcdefgh"));
	buf_release(&b);
}

static void a_body_is_asked_for(void **state)
{
	struct owner *o = *state;
	struct buf b = { 0 };
	int fd = client_open(o->port);

	client_send(fd, "POST /c HTTP/1.1\r\n" HOST
			"Content-Length: 3\r\nExpect: 100-continue\r\n\r\n");
	assert_int_equal(100, client_answer(fd, &b));
	client_send(fd, "abc");
	assert_int_equal(200, client_answer(fd, &b));
	close(fd);
	fd = client_open(o->port);
	client_send(fd, "POST /small HTTP/1.1\r\n" HOST
			"Content-Length: 11\r\nExpect: 100-continue\r\n\r\n");
	assert_int_equal(413, client_answer(fd, &b));
	close(fd);
	buf_release(&b);
}

/* What is not read may be short: then the connection goes on. */
static void an_answer_before_the_body(void **state)
{
	struct owner *o = *state;
	struct buf b = { 0 };
	int fd = client_open(o->port);

	for (int i = 0; i < 3; i++) {
		client_send(fd, "POST /denied HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nabcde");
		assert_int_equal(401, client_answer(fd, &b));
		client_send(fd, "POST /small HTTP/1.1\r\n" HOST
				"Content-Length: 11\r\n\r\nabcdefghijk");
		assert_int_equal(413, client_answer(fd, &b));
	}
	assert_non_null(strstr(b.p, "at most 10 are taken\n"));
	assert_int_equal(0, o->n_whole);
	owner_wait(o, &o->n_done, 6);
	assert_int_equal(413, last_status(o));
	close(fd);
	buf_release(&b);
}

/* The body is longer than sockets hold, and the server does not take it: the client is to see the
 * answer nevertheless. */
static void long_bodies_do_not_hide_their_refusal(void **state)
{
	static const char *const heads[] = {
		"POST /x HTTP/1.1\r\n" HOST "Content-Length: 3000000\r\n\r\n",
		"POST /denied HTTP/1.1\r\n" HOST "Content-Length: 900000\r\n\r\n",
		"POST /denied HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n2dc6c0\r\n",
		"POST /x HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n2dc6c0\r\n",
	};
	static const int expected[] = { 413, 401, 401, 413 };
	struct owner *o = *state;
	struct buf b = { 0 }, body = { 0 };

	memset(buf_reserve(&body, 3000000), 'x', 3000000);
	for (size_t i = 0; i < 4; i++) {
		int fd = client_open(o->port);

		client_send(fd, heads[i]);
		client_send_bytes(fd, body.p, i == 1 ? 900000 : 3000000);
		assert_int_equal(expected[i], client_answer(fd, &b));
		close(fd);
		owner_wait(o, &o->n_done, i + 1);
		assert_int_equal(expected[i], last_status(o));
	}
	assert_int_equal(0, o->n_whole);
	buf_release(&b);
	buf_release(&body);
}

/* Whatever comes with the head, nothing is read of the body until it may be. */
static void a_head_waits_with_its_body(void **state)
{
	static const struct {
		const char *head, *body;
		const char *seen;
	} cases[] = {
		{ "GET /wait HTTP/1.1\r\n" HOST "\r\n", "", "GET|/wait|||0|0|" },
		{ "POST /wait HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\n", "abc",
		  "POST|/wait|||0|3|abc" },
		{ "POST /wait HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n",
		  "3\r\nabc\r\n0\r\n\r\n", "POST|/wait|||0|3|abc" },
	};
	struct owner *o = *state;
	struct buf b = { 0 };

	for (size_t i = 0; i < 6; i++) {
		bool together = i % 2;
		int fd = client_open(o->port);

		buf_reset(&b);
		buf_add_str(&b, cases[i / 2].head);
		if (together)
			buf_add_str(&b, cases[i / 2].body);
		client_send(fd, buf_str(&b));
		owner_wait(o, &o->n_kept, 1);
		assert_int_equal(i, o->n_whole);
		http_go_on(take_kept(o));
		if (!together)
			client_send(fd, cases[i / 2].body);
		buf_reset(&b);
		assert_int_equal(200, client_answer(fd, &b));
		assert_non_null(strstr(b.p, cases[i / 2].seen));
		close(fd);
	}
	buf_release(&b);
}

static void who_is_refused_while_the_head_waits_sends_no_body(void **state)
{
	static const struct {
		const char *head;
		size_t n; /* bytes of the body */
	} cases[] = {
		{ "POST /wait HTTP/1.1\r\n" HOST "Content-Length: 900000\r\n\r\n", 900000 },
		{ "POST /wait HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n2dc6c0\r\n",
		  3000000 },
		{ "POST /wait HTTP/1.1\r\n" HOST
		  "Content-Length: 3\r\nExpect: 100-continue\r\n\r\n",
		  0 },
		{ "POST /wait HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\n", 3 },
		{ "GET /wait HTTP/1.1\r\n" HOST "\r\n", 0 },
	};
	struct owner *o = *state;
	struct buf b = { 0 }, body = { 0 };

	memset(buf_reserve(&body, 3000000), 'x', 3000000);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int fd = client_open(o->port);

		buf_reset(&b);
		client_send(fd, cases[i].head);
		answer_with(take_kept(o), 401, BYTES_LIT("nobody"));
		client_send_bytes(fd, body.p, cases[i].n);
		assert_int_equal(401, client_answer(fd, &b));
		assert_non_null(strstr(b.p, "\r\n\r\nnobody"));
		close(fd);
		owner_wait(o, &o->n_done, i + 1);
		assert_int_equal(401, last_status(o));
	}
	assert_int_equal(0, o->n_whole);
	buf_release(&b);
	buf_release(&body);
}

/* It is told when the request is whole, which some never are. */
static void who_leaves_while_the_head_waits(void **state)
{
	struct owner *o = *state;
	int fd = client_open(o->port);

	client_send(fd, "GET /wait HTTP/1.1\r\n" HOST "\r\n");
	owner_wait(o, &o->n_kept, 1);
	close(fd);
	http_go_on(take_kept(o));
	owner_wait(o, &o->n_done, 1);
	fd = client_open(o->port);
	client_send(fd, "POST /wait HTTP/1.1\r\n" HOST "Content-Length: 10\r\n\r\nabc");
	owner_wait(o, &o->n_kept, 1);
	close(fd);
	http_go_on(take_kept(o));
	owner_wait(o, &o->n_done, 2);
	assert_int_equal(0, o->n_left);
	assert_true(o->n_whole <= 1);
}

static void bodies_of_all_have_a_limit(void **state)
{
	struct owner *o = *state;
	struct buf b = { 0 }, body = { 0 };
	int fd[5];

	memset(buf_reserve(&body, 1 << 20), 'x', 1 << 20);
	body.n = 1 << 20;
	for (int i = 0; i < 4; i++) {
		fd[i] = client_open(o->port);
		client_send(fd[i],
			    "POST /keep HTTP/1.1\r\n" HOST "Content-Length: 1048576\r\n\r\n");
		client_send_bytes(fd[i], body.p, body.n);
	}
	owner_wait(o, &o->n_kept, 4);
	assert_int_equal(
		503, client_ask(o->port,
				"POST /x HTTP/1.1\r\n" HOST "Content-Length: 4\r\n\r\nabcd", &b));
	assert_non_null(strstr(buf_str(&b), "Retry-After: 1\r\n"));
	buf_reset(&b);
	assert_int_equal(503, client_ask(o->port,
					 "POST /x HTTP/1.1\r\n" HOST
					 "Transfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n",
					 &b));
	assert_non_null(strstr(buf_str(&b), "Retry-After: 1\r\n"));
	for (int i = 0; i < 4; i++)
		answer_with(take_kept(o), 200, BYTES_LIT("ok"));
	for (int i = 0; i < 4; i++) {
		assert_int_equal(200, client_answer(fd[i], &b));
		close(fd[i]);
	}
	owner_wait(o, &o->n_done, 6);
	assert_int_equal(
		200, client_ask(o->port,
				"POST /x HTTP/1.1\r\n" HOST "Content-Length: 4\r\n\r\nabcd", &b));
	buf_release(&b);
	buf_release(&body);
}

static void an_answer_comes_from_a_file(void **state)
{
	struct owner *o = *state;
	struct buf b = { 0 };

	assert_int_equal(200, client_ask(o->port, "GET /file HTTP/1.1\r\n" HOST "\r\n", &b));
	assert_true(b.n > 1000000);
	assert_memory_equal(b.p + b.n - 10, "000099999\n", 10);
	buf_release(&b);
}

static void *answer_kept(void *data)
{
	struct owner *o = data;

	answer_with(take_kept(o), 200, BYTES_LIT("later"));
	return NULL;
}

static void an_answer_comes_later_from_another_thread(void **state)
{
	struct owner *o = *state;
	struct buf b = { 0 };
	int fd = client_open(o->port);

	for (int i = 0; i < 200; i++) {
		pthread_t t;

		pthread_create(&t, NULL, answer_kept, o);
		client_send(fd, "GET /keep HTTP/1.1\r\n" HOST "\r\n");
		assert_int_equal(200, client_answer(fd, &b));
		pthread_join(t, NULL);
	}
	assert_int_equal(0, o->n_left);
	close(fd);
	buf_release(&b);
}

static void who_leaves_is_noticed_while_waiting(void **state)
{
	struct owner *o = *state;
	int fd = client_open(o->port);

	client_send(fd, "GET /keep HTTP/1.1\r\n" HOST "\r\n");
	owner_wait(o, &o->n_kept, 1);
	close(fd);
	owner_wait(o, &o->n_left, 1);
	assert_int_equal(0, o->n_done);
	answer_with(take_kept(o), 499, BYTES_LIT("gone"));
	owner_wait(o, &o->n_done, 1);
	assert_int_equal(1, o->n_left);
}

/* Whether somebody still reads cannot be told from whether he has closed: he counts as gone, as
 * with Go's server, but gets what is answered. */
static void who_only_stopped_sending_gets_the_answer(void **state)
{
	struct owner *o = *state;
	struct buf b = { 0 };
	int fd = client_open(o->port);

	client_send(fd, "GET /keep HTTP/1.1\r\n" HOST "\r\n");
	shutdown(fd, SHUT_WR);
	owner_wait(o, &o->n_left, 1);
	answer_with(take_kept(o), 200, BYTES_LIT("still"));
	assert_int_equal(200, client_answer(fd, &b));
	close(fd);
	buf_release(&b);
}

static void who_leaves_before_all_is_sent_is_done(void **state)
{
	struct owner *o = *state;
	int fd = client_open(o->port);

	client_send(fd, "POST /x HTTP/1.1\r\n" HOST "Content-Length: 10\r\n\r\nabc");
	owner_wait(o, &o->n_heads, 1);
	close(fd);
	owner_wait(o, &o->n_done, 1);
	assert_int_equal(0, o->n_whole);
	assert_int_equal(0, last_status(o));
}

static void *close_server(void *data)
{
	struct owner *o = data;

	http_close(o->s);
	return NULL;
}

static void closing_waits_for_answers(void **state)
{
	struct owner *o = owner_open(NULL);
	int fd = client_open(o->port);
	pthread_t t;

	(void)state;
	client_send(fd, "GET /keep HTTP/1.1\r\n" HOST "\r\n");
	owner_wait(o, &o->n_kept, 1);
	pthread_create(&t, NULL, close_server, o);
	owner_wait(o, &o->n_left, 1);
	answer_with(take_kept(o), 200, BYTES_LIT("last"));
	pthread_join(t, NULL);
	assert_int_equal(1, o->n_done);
	close(fd);
	free(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define ONE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
		ONE(a_request_is_seen_as_sent),
		ONE(a_head_is_answered_without_body),
		ONE(connections_are_kept_and_requests_may_be_pipelined),
		ONE(a_body_may_come_in_chunks),
		ONE(a_body_is_asked_for),
		ONE(an_answer_before_the_body),
		ONE(long_bodies_do_not_hide_their_refusal),
		ONE(a_head_waits_with_its_body),
		ONE(who_is_refused_while_the_head_waits_sends_no_body),
		ONE(who_leaves_while_the_head_waits),
		ONE(bodies_of_all_have_a_limit),
		ONE(an_answer_comes_from_a_file),
		ONE(an_answer_comes_later_from_another_thread),
		ONE(who_leaves_is_noticed_while_waiting),
		ONE(who_only_stopped_sending_gets_the_answer),
		ONE(who_leaves_before_all_is_sent_is_done),
		cmocka_unit_test(closing_waits_for_answers),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
