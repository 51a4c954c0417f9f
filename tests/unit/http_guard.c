/* Heads and bodies that could be understood in two ways are refused, and the connection ends with
 * them: what follows is never taken for a request. */
#include "http_client.h"

static struct {
	pthread_mutex_t lock;
	size_t n_smuggled;
	struct http_server *s;
} g = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void on_head(struct http_request *r, void *data)
{
	(void)data;
	pthread_mutex_lock(&g.lock);
	g.n_smuggled += bytes_starts(http_path(r), BYTES_LIT("/smuggled"));
	pthread_mutex_unlock(&g.lock);
}

static size_t n_smuggled(void)
{
	size_t n;

	pthread_mutex_lock(&g.lock);
	n = g.n_smuggled;
	pthread_mutex_unlock(&g.lock);
	return n;
}

static void on_whole(struct http_request *r, void *data)
{
	(void)data;
	http_answer(r, &(struct http_answer){ .status = 200, .body = http_body(r) });
}

static void ignore(struct http_request *r, void *data)
{
	(void)r;
	(void)data;
}

static void ignore_log(enum http_log about, const char *line, void *data)
{
	(void)about;
	(void)line;
	(void)data;
}

static int setup(void **state)
{
	struct http_opts opts = server_opts();
	struct err e;

	(void)state;
	opts.calls = (struct http_calls){ on_head, on_whole, ignore, ignore, NULL };
	opts.log = ignore_log;
	return http_open(&opts, &g.s, &e);
}

static int teardown(void **state)
{
	(void)state;
	http_close(g.s);
	return 0;
}

#define SMUGGLED "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
#define POST	 "POST /x HTTP/1.1\r\nHost: a\r\n"
#define GET	 "GET /x HTTP/1.1\r\nHost: a\r\n"
#define TE	 "Transfer-Encoding: chunked\r\n"

/* Sends n bytes and SMUGGLED behind them: the server answers with an error, or not at all, closes,
 * and has not seen another request. */
static void assert_ends(const char *p, size_t n)
{
	int fd = client_open(http_port(g.s));
	size_t before = n_smuggled();
	struct buf b = { 0 };

	client_send_bytes(fd, p, n);
	client_send(fd, SMUGGLED);
	shutdown(fd, SHUT_WR);
	client_read_until(fd, &b, NULL);
	if (b.n && memcmp(b.p, "HTTP/1.1 4", 10) != 0 && memcmp(b.p, "HTTP/1.1 5", 10) != 0)
		fail_msg("taken: %.*s: %s", (int)(n > 200 ? 200 : n), p, buf_str(&b));
	assert_int_equal(n_smuggled(), before);
	close(fd);
	buf_release(&b);
}

#define BAD(s)                   \
	{                        \
		s, sizeof(s) - 1 \
	}

static void lengths_that_contradict(void **state)
{
	static const struct bytes bad[] = {
		BAD(POST "Content-Length: 3\r\n" TE "\r\n0\r\n\r\n"),
		BAD(POST TE "Content-Length: 3\r\n\r\n0\r\n\r\n"),
		BAD(POST "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"),
		BAD(POST "Content-Length: 3\r\ncontent-LENGTH: 3\r\n\r\nabc"),
		BAD(POST "Content-Length: 3, 3\r\n\r\nabc"),
		BAD(POST "Content-Length: +3\r\n\r\nabc"),
		BAD(POST "Content-Length: -3\r\n\r\nabc"),
		BAD(POST "Content-Length: 0x3\r\n\r\nabc"),
		BAD(POST "Content-Length: 3 \r\n\r\nabc"),
		BAD(POST "Content-Length: 3;\r\n\r\nabc"),
		BAD(POST "Content-Length:\r\n\r\n"),
		BAD(POST "Content-Length: 99999999999999999999\r\n\r\nabc"),
		BAD(POST "Transfer-Encoding: gzip\r\n\r\nabc"),
		BAD(POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
		BAD(POST "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"),
		BAD(POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
		BAD(POST "Transfer-Encoding: chunked \r\n\r\n0\r\n\r\n"),
		BAD(POST "Transfer-Encoding: \x0b"
			 "chunked\r\n\r\n0\r\n\r\n"),
		BAD(POST "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n"),
		BAD(POST TE TE "\r\n0\r\n\r\n"),
		BAD(POST TE "Transfer-Encoding: identity\r\n\r\n0\r\n\r\n"),
		BAD("POST /x HTTP/1.0\r\nHost: a\r\n" TE "\r\n0\r\n\r\n"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_ends(bad[i].p, bad[i].n);
}

static void lines_that_do_not_end_or_begin_as_they_must(void **state)
{
	static const struct bytes bad[] = {
		BAD("GET /x HTTP/1.1\nHost: a\n\n"),
		BAD("GET /x HTTP/1.1\nHost: a\r\n\r\n"),
		BAD("GET /x HTTP/1.1\r\nHost: a\nX: y\r\n\r\n"),
		BAD(GET "X: y\n\r\n"),
		BAD(GET "\n"),
		BAD("GET /x HTTP/1.1\r\nHost: a\rX: y\r\n\r\n"),
		BAD(GET "X: y\rz\r\n\r\n"),
		BAD("GET /x HTTP/1.1\r\nHost: a\r\r\nX: y\r\n\r\n"),
		BAD(GET "X: y\r\n z\r\n\r\n"),
		BAD(GET "X: y\r\n\tz\r\nY: z\r\n\r\n"),
		BAD(GET "X:\r\n y\r\n\r\n"),
		BAD("GET /x HTTP/1.1\r\n Host: a\r\n\r\n"),
		BAD(POST "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n"),
		BAD(POST "X: y\r\n Content-Length: 3\r\n\r\nabc"),
		BAD(GET "X : y\r\n\r\n"),
		BAD(GET "X\t: y\r\n\r\n"),
		BAD(POST "Content-Length : 3\r\n\r\nabc"),
		BAD(GET "Xy\r\n\r\n"),
		BAD(GET ": y\r\n\r\n"),
		BAD(GET "X\0Y: y\r\n\r\n"),
		BAD(GET "X: y\0z\r\nY: z\r\n\r\n"),
		BAD(GET "X: y\x01z\r\n\r\n"),
		BAD(GET "X\xe9: y\r\n\r\n"),
		BAD(GET "X(): y\r\n\r\n"),
		BAD("GET /x\0y HTTP/1.1\r\nHost: a\r\n\r\n"),
		BAD("GET /x\ty HTTP/1.1\r\nHost: a\r\n\r\n"), /* a blank to some */
		BAD("GE\0T /x HTTP/1.1\r\nHost: a\r\n\r\n"),
		BAD("GE(T /x HTTP/1.1\r\nHost: a\r\n\r\n"),
		BAD("GET /x\x01 HTTP/1.1\r\nHost: a\r\n\r\n"),
		BAD("GET /x y HTTP/1.1\r\nHost: a\r\n\r\n"),
		BAD("GET  /x  HTTP/1.1\r\nHost: a\r\n\r\n"),
		BAD("GET\t/x\tHTTP/1.1\r\nHost: a\r\n\r\n"),
		BAD("GET /x HTTP/1.1\r\n\r\n"),
		BAD("GET /x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
		BAD("GET /x\r\n\r\n"),
		BAD("GET /x HTTP/2.0\r\nHost: a\r\n\r\n"),
		BAD("GET /x HTTP/1.1x\r\nHost: a\r\n\r\n"),
		BAD("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_ends(bad[i].p, bad[i].n);
}

static void chunks_that_are_none(void **state)
{
	static const struct bytes bad[] = {
		BAD(POST TE "\r\nzz\r\nabc\r\n0\r\n\r\n"),
		BAD(POST TE "\r\n-3\r\nabc\r\n0\r\n\r\n"),
		BAD(POST TE "\r\n0x3\r\nabc\r\n0\r\n\r\n"),
		BAD(POST TE "\r\n+3\r\nabc\r\n0\r\n\r\n"),
		BAD(POST TE "\r\n 3\r\nabc\r\n0\r\n\r\n"),
		BAD(POST TE "\r\n3 \r\nabc\r\n0\r\n\r\n"),
		BAD(POST TE "\r\n3\r\nabcX0\r\n\r\n"),
		BAD(POST TE "\r\n3\r\nabcd\r\n0\r\n\r\n"),
		BAD(POST TE "\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
		BAD(POST TE "\r\n10000000000000003\r\nabc\r\n0\r\n\r\n"),
		BAD(POST TE "\r\nffffffffffffffff\r\nabc\r\n0\r\n\r\n"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_ends(bad[i].p, bad[i].n);
}

/* What libmicrohttpd is lax about in chunks cannot be seen from outside; so nothing behind such a
 * body is taken for a request. */
static void behind_chunks_the_connection_ends(void **state)
{
	static const char *const lax[] = {
		POST TE "\r\n3\r\nabc\r\n0\r\n\r\n",
		POST TE "\r\n3\nabc\n0\n\n",
		POST TE "\r\n3;a\nxx\r\nabc\r\n0\r\n\r\n",
		POST TE "\r\n3\r\nabc\r\n0\r\nContent-Length: 4\r\n\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lax) / sizeof(*lax); i++) {
		struct buf b = { 0 };
		size_t before = n_smuggled();
		int fd = client_open(http_port(g.s));

		client_send(fd, lax[i]);
		client_send(fd, SMUGGLED);
		shutdown(fd, SHUT_WR);
		client_read_until(fd, &b, NULL);
		assert_int_equal(n_smuggled(), before);
		close(fd);
		buf_release(&b);
	}
}

static void heads_have_a_limit(void **state)
{
	struct buf b = { 0 };

	(void)state;
	buf_add_str(&b, GET "X: ");
	memset(buf_reserve(&b, 100000), 'y', 100000);
	b.n += 100000;
	assert_ends(b.p, b.n);
	buf_reset(&b);
	buf_add_str(&b, GET);
	for (int i = 0; i < 10000; i++)
		buf_add_str(&b, "X: y\r\n");
	assert_ends(b.p, b.n);
	buf_reset(&b);
	buf_add_str(&b, "GET /");
	memset(buf_reserve(&b, 100000), 'y', 100000);
	b.n += 100000;
	assert_ends(b.p, b.n);
	buf_reset(&b);
	buf_add_str(&b, POST TE "\r\n0\r\n");
	for (int i = 0; i < 10000; i++)
		buf_add_str(&b, "X: y\r\n");
	assert_ends(b.p, b.n);
	buf_release(&b);
}

/* All that is allowed, whole and byte by byte: being strict must not mean refusing these. */
static void unusual_heads_are_taken(void **state)
{
	static const char *const good[] = {
		GET "\r\n",
		GET "X:\r\nY: \r\nZ:\t z\r\n\r\n",
		GET "X:   a b   \r\nY:z\r\n\r\n",
		GET "X: \xc3\xa9 \xe9\r\n\r\n",
		GET "Cookie: a=b; c=\"d e\"; f\r\nAccept: */*\r\nCookie: g=h\r\n\r\n",
		GET "!#$%&'*+-.^_`|~09az: y\r\n\r\n",
		"GET /x%00y%zz?a=%00b&c;d==&&%zz#f HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /x\xe9\"<>\\^`{|} HTTP/1.1\r\nHost: a\r\n\r\n",
		"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET http://a:1/x HTTP/1.1\r\nhost: a:1\r\n\r\n",
		"\r\n\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n",
		POST "Content-Length: 0\r\n\r\n",
		POST "Content-Length: 00003\r\n\r\nabc",
		POST "transfer-encoding: "
		     "Chunked\r\n\r\n003;a=\"b\"\r\nabc\r\nA\r\n0123456789\r\n0\r\nX: y\r\n\r\n",
		GET "Content-Length: 3\r\n\r\nabc",
		"GET /x HTTP/1.0\r\n\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		struct buf b = { 0 };
		int fd = client_open(http_port(g.s)), status;

		status = client_ask(http_port(g.s), good[i], NULL);
		if (status != 200)
			fail_msg("status %d: %s", status, good[i]);
		for (const char *p = good[i]; *p; p++) {
			client_send_bytes(fd, p, 1);
			sched_yield();
		}
		assert_int_equal(200, client_answer(fd, &b));
		close(fd);
		buf_release(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lengths_that_contradict),
		cmocka_unit_test(lines_that_do_not_end_or_begin_as_they_must),
		cmocka_unit_test(chunks_that_are_none),
		cmocka_unit_test(behind_chunks_the_connection_ends),
		cmocka_unit_test(heads_have_a_limit),
		cmocka_unit_test(unusual_heads_are_taken),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
