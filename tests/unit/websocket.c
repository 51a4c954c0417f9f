/* Websockets: the handshake, frames that are answered, frames that are refused, clients that do not
 * read or leave. */
#include "http_client.h"

#include "http/websocket.h"

#define HOST "Host: a\r\n"
#define ASK                                                                                     \
	"GET /ws HTTP/1.1\r\n" HOST "Upgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n" \
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "                                      \
	"dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

enum what { ECHO_LINES, SEND_MUCH, SAY_GOODBYE };

struct fixture {
	struct owner o;
	enum what what;
	int pipe[2]; /* what is written to [1] goes to the client, by lines */
	size_t n_runs, n_ends, n_closed;
};

static void run(struct websocket *w, void *data)
{
	struct fixture *f = data;
	struct buf b = { 0 };
	struct err e = { 0 };
	enum websocket_event event = WEBSOCKET_TIMEOUT;

	owner_told(&f->o, &f->n_runs);
	if (f->what == SAY_GOODBYE)
		websocket_goodbye(w, 1013, "later");
	if (f->what == SEND_MUCH) {
		memset(buf_reserve(&b, 1 << 20), 'x', 1 << 20);
		b.n = 1 << 20;
		while (websocket_send(w, buf_bytes(&b), 200, &e) == 0)
			;
		assert_int_equal(ERR_AGAIN, e.code);
	}
	while (f->what == ECHO_LINES &&
	       (event = websocket_wait(w, f->pipe[0], -1)) == WEBSOCKET_READABLE) {
		ssize_t n = read(f->pipe[0], buf_reserve(&b, 4096), 4096);

		assert_true(n > 0);
		assert_int_equal(0, websocket_send(w, bytes_of(b.p, (size_t)n), 1000, &e));
	}
	if (event == WEBSOCKET_CLOSED)
		owner_told(&f->o, &f->n_closed);
	buf_release(&b);
	owner_told(&f->o, &f->n_ends);
}

static void on_head(struct http_request *r, void *data)
{
	struct fixture *f = data;

	(void)r;
	owner_told(&f->o, &f->o.n_heads);
}

static void on_whole(struct http_request *r, void *data)
{
	struct fixture *f = data;

	owner_told(&f->o, &f->o.n_whole);
	if (!websocket_asked(r)) {
		http_answer(r, &(struct http_answer){ .status = 400 });
	} else if (bytes_is(http_path(r), "/later")) {
		pthread_mutex_lock(&f->o.lock);
		f->o.kept[f->o.n_kept++] = r;
		pthread_cond_broadcast(&f->o.changed);
		pthread_mutex_unlock(&f->o.lock);
	} else {
		websocket_answer(r, run, f);
	}
}

static void on_left(struct http_request *r, void *data)
{
	struct fixture *f = data;

	(void)r;
	owner_told(&f->o, &f->o.n_left);
}

static void on_done(struct http_request *r, void *data)
{
	struct fixture *f = data;

	(void)r;
	owner_told(&f->o, &f->o.n_done);
}

static int setup_with(void **state, unsigned idle_s)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct http_opts opts = server_opts();
	struct err e;

	opts.idle_s = opts.request_s = idle_s;
	opts.calls = (struct http_calls){ on_head, on_whole, on_left, on_done, f };
	pthread_mutex_init(&f->o.lock, NULL);
	pthread_cond_init(&f->o.changed, NULL);
	assert_int_equal(0, pipe(f->pipe));
	assert_int_equal(0, http_open(&opts, &f->o.s, &e));
	f->o.port = http_port(f->o.s);
	*state = f;
	return 0;
}

static int setup(void **state)
{
	return setup_with(state, 60);
}

static int setup_impatient(void **state)
{
	return setup_with(state, 1);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	http_close(f->o.s);
	assert_int_equal(f->n_runs, f->n_ends);
	assert_int_equal(f->o.n_heads, f->o.n_done);
	close(f->pipe[0]);
	close(f->pipe[1]);
	pthread_mutex_destroy(&f->o.lock);
	pthread_cond_destroy(&f->o.changed);
	free(f);
	return 0;
}

static int open_websocket(struct fixture *f)
{
	struct buf b = { 0 };
	int fd = client_open(f->o.port);

	client_send(fd, ASK);
	assert_int_equal(101, client_answer(fd, &b));
	assert_non_null(strstr(b.p, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
	buf_release(&b);
	return fd;
}

enum mask { UNMASKED, MASKED };

/* head: the first byte; length is written as is fit. */
static void send_frame(int fd, unsigned char head, struct bytes payload, enum mask mask)
{
	static const unsigned char key[4] = { 1, 2, 3, 250 };
	struct buf b = { 0 };
	unsigned bit = mask == MASKED ? 0x80 : 0;

	buf_add_char(&b, (char)head);
	if (payload.n < 126) {
		buf_add_char(&b, (char)(payload.n | bit));
	} else if (payload.n < 65536) {
		buf_add_char(&b, (char)(126 | bit));
		buf_add_char(&b, (char)(payload.n >> 8));
		buf_add_char(&b, (char)payload.n);
	} else {
		buf_add_char(&b, (char)(127 | bit));
		for (int i = 56; i >= 0; i -= 8)
			buf_add_char(&b, (char)((uint64_t)payload.n >> i));
	}
	if (mask == MASKED)
		buf_add(&b, key, 4);
	for (size_t i = 0; i < payload.n; i++)
		buf_add_char(&b, (char)(payload.p[i] ^ (mask == MASKED ? key[i % 4] : 0)));
	client_send_bytes(fd, b.p, b.n);
	buf_release(&b);
}

static void read_all(int fd, void *p, size_t n)
{
	for (size_t off = 0; off < n;) {
		ssize_t got = recv(fd, (char *)p + off, n - off, 0);

		assert_true(got > 0);
		off += (size_t)got;
	}
}

/* A frame of the server's, below 126 bytes: its first byte. */
static unsigned char read_frame(int fd, char text[126])
{
	unsigned char head[2];

	read_all(fd, head, 2);
	assert_true(head[1] < 126);
	read_all(fd, text, head[1]);
	text[head[1]] = '\0';
	return head[0];
}

/* The server says goodbye with this code, and closes. */
static void assert_refused(int fd, unsigned code)
{
	char text[126] = "";

	assert_int_equal(0x88, read_frame(fd, text));
	assert_int_equal(code, (unsigned)(unsigned char)text[0] << 8 | (unsigned char)text[1]);
	assert_int_equal(0, recv(fd, text, 1, 0));
	close(fd);
}

static void handshakes_are_looked_at(void **state)
{
	static const char *const bad[] = {
		"GET /ws HTTP/1.1\r\n" HOST "\r\n",
		"POST /ws HTTP/1.1\r\n" HOST
		"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
		"GET /ws HTTP/1.1\r\n" HOST
		"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 8\r\n"
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
		"GET /ws HTTP/1.1\r\n" HOST
		"Upgrade: websocket\r\nConnection: close\r\nSec-WebSocket-Version: 13\r\n"
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
		"GET /ws HTTP/1.1\r\n" HOST
		"Upgrade: h2c\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
		"GET /ws HTTP/1.1\r\n" HOST
		"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZ===\r\n\r\n",
		"GET /ws HTTP/1.1\r\n" HOST
		"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\r\n",
		"GET /ws HTTP/1.0\r\n" HOST
		"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(400, client_ask(f->o.port, bad[i], NULL));
	assert_int_equal(0, f->n_runs);
}

static void lines_go_out_and_pings_are_answered(void **state)
{
	struct fixture *f = *state;
	char text[126];
	int fd = open_websocket(f);

	assert_int_equal(4, write(f->pipe[1], "abc\n", 4));
	assert_int_equal(0x81, read_frame(fd, text));
	assert_string_equal("abc\n", text);
	send_frame(fd, 0x89, BYTES_LIT("are you there"), MASKED);
	assert_int_equal(0x8a, read_frame(fd, text));
	assert_string_equal("are you there", text);
	send_frame(fd, 0x01, BYTES_LIT("a message of "), MASKED);
	send_frame(fd, 0x89, BYTES_LIT("between"), MASKED);
	send_frame(fd, 0x80, BYTES_LIT("two frames: \xc3\xa9"), MASKED);
	assert_int_equal(0x8a, read_frame(fd, text));
	assert_string_equal("between", text);
	send_frame(fd, 0x8a, BYTES_LIT("unasked"), MASKED);
	assert_int_equal(4, write(f->pipe[1], "def\n", 4));
	assert_int_equal(0x81, read_frame(fd, text));
	assert_string_equal("def\n", text);
	assert_int_equal(1, http_active(f->o.s));
	send_frame(fd, 0x88, BYTES_LIT("\x03\xe8"), MASKED);
	assert_refused(fd, 1000);
	owner_wait(&f->o, &f->n_closed, 1);
	owner_wait(&f->o, &f->o.n_done, 1);
}

/* Frames that come in one piece with the request. */
static void what_comes_with_the_request_is_read(void **state)
{
	static const char both[] = ASK "\x89\x81\0\0\0\0x";
	struct fixture *f = *state;
	struct buf b = { 0 };
	char text[126];
	int fd = client_open(f->o.port);

	client_send_bytes(fd, both, sizeof(both) - 1);
	assert_int_equal(101, client_answer(fd, &b));
	assert_int_equal(0x8a, read_frame(fd, text));
	assert_string_equal("x", text);
	close(fd);
	owner_wait(&f->o, &f->n_closed, 1);
	buf_release(&b);
}

static void frames_against_the_rules_are_refused(void **state)
{
	static const char zeros[126];
	static const struct {
		unsigned char head;
		struct bytes payload;
		enum mask mask;
		unsigned code;
	} bad[] = {
		{ 0x81, { "x", 1 }, UNMASKED, 1002 },
		{ 0x89, { "", 0 }, UNMASKED, 1002 },
		{ 0xc1, { "x", 1 }, MASKED, 1002 },
		{ 0x83, { "x", 1 }, MASKED, 1002 },
		{ 0x8b, { "x", 1 }, MASKED, 1002 },
		{ 0x09, { "x", 1 }, MASKED, 1002 },
		{ 0x89, { zeros, 126 }, MASKED, 1002 },
		{ 0x80, { "x", 1 }, MASKED, 1002 },
		{ 0x81, { "\xff", 1 }, MASKED, 1007 },
		{ 0x88, { "x", 1 }, MASKED, 1002 },
		{ 0x88, { "\x03\xed", 2 }, MASKED, 1002 },
		{ 0x88, { "\x03\xe8\xff", 3 }, MASKED, 1007 },
	};
	struct fixture *f = *state;
	struct buf big = { 0 };
	int fd;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		fd = open_websocket(f);
		send_frame(fd, bad[i].head, bad[i].payload, bad[i].mask);
		assert_refused(fd, bad[i].code);
		owner_wait(&f->o, &f->n_closed, i + 1);
	}
	fd = open_websocket(f);
	send_frame(fd, 0x01, BYTES_LIT("a"), MASKED);
	send_frame(fd, 0x81, BYTES_LIT("b"), MASKED);
	assert_refused(fd, 1002);
	memset(buf_reserve(&big, WEBSOCKET_MESSAGE_MAX + 1), 'x', WEBSOCKET_MESSAGE_MAX + 1);
	fd = open_websocket(f);
	send_frame(fd, 0x81, bytes_of(big.p, WEBSOCKET_MESSAGE_MAX + 1), MASKED);
	assert_refused(fd, 1009);
	fd = open_websocket(f);
	for (int i = 0; i < 5; i++)
		send_frame(fd, i ? 0x00 : 0x02, bytes_of(big.p, WEBSOCKET_MESSAGE_MAX / 4), MASKED);
	assert_refused(fd, 1009);
	buf_release(&big);
}

/* The limits of requests are none of websockets. */
static void an_idle_websocket_stays(void **state)
{
	struct fixture *f = *state;
	char text[126];
	int fd = open_websocket(f);

	assert_int_equal(0, poll(&(struct pollfd){ .fd = fd, .events = POLLIN }, 1, 2500));
	assert_int_equal(4, write(f->pipe[1], "abc\n", 4));
	assert_int_equal(0x81, read_frame(fd, text));
	close(fd);
	owner_wait(&f->o, &f->n_closed, 1);
}

static void who_reads_nothing_is_given_up(void **state)
{
	struct fixture *f = *state;
	int fd;

	f->what = SEND_MUCH;
	fd = open_websocket(f);
	owner_wait(&f->o, &f->n_ends, 1);
	owner_wait(&f->o, &f->o.n_done, 1);
	close(fd);
}

static void goodbye_has_code_and_reason(void **state)
{
	struct fixture *f = *state;
	char text[126];
	int fd;

	f->what = SAY_GOODBYE;
	fd = open_websocket(f);
	assert_int_equal(0x88, read_frame(fd, text));
	assert_string_equal("\x03\xf5later", text);
	assert_int_equal(0, recv(fd, text, 1, 0));
	close(fd);
}

static void who_left_before_the_answer_has_a_closed_websocket(void **state)
{
	struct fixture *f = *state;
	int fd = client_open(f->o.port);
	struct linger reset = { .l_onoff = 1 };

	client_send(fd, "GET /later HTTP/1.1\r\n" HOST
			"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
			"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
	owner_wait(&f->o, &f->o.n_kept, 1);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(fd);
	owner_wait(&f->o, &f->o.n_left, 1);
	websocket_answer(f->o.kept[0], run, f);
	owner_wait(&f->o, &f->n_closed, 1);
	owner_wait(&f->o, &f->n_ends, 1);
	owner_wait(&f->o, &f->o.n_done, 1);
}

/* Those that are open when the server closes are told that the client has gone. */
static void closing_ends_websockets(void **state)
{
	struct fixture *f = *state;
	int fd[20];

	for (int i = 0; i < 20; i++)
		fd[i] = open_websocket(f);
	owner_wait(&f->o, &f->n_runs, 20);
	http_close(f->o.s);
	assert_int_equal(20, f->n_closed);
	for (int i = 0; i < 20; i++)
		close(fd[i]);
	f->o.s = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define ONE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
		ONE(handshakes_are_looked_at),
		ONE(lines_go_out_and_pings_are_answered),
		ONE(what_comes_with_the_request_is_read),
		ONE(frames_against_the_rules_are_refused),
		cmocka_unit_test_setup_teardown(an_idle_websocket_stays, setup_impatient, teardown),
		ONE(who_reads_nothing_is_given_up),
		ONE(goodbye_has_code_and_reason),
		ONE(who_left_before_the_answer_has_a_closed_websocket),
		ONE(closing_ends_websockets),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
