/* Answers that clients read slowly: what they keep together, and for how long. */
#include "http_client.h"

#include <sys/mman.h>

enum { LARGE = 32 << 20, LESS = 1 << 16, MEASURED_MS = 100 };

static struct {
	struct owner o;
} g;

static void answer_held(struct http_request *r, uint64_t held, uint64_t n)
{
	struct err e;
	int fd;

	if (http_hold(r, held, &e) < 0) {
		assert_int_equal(ERR_AGAIN, e.code);
		http_answer(r, &(struct http_answer){ .status = 503, .body = bytes_str(e.msg) });
		return;
	}
	fd = memfd_create("large", MFD_CLOEXEC);
	assert_int_equal(0, ftruncate(fd, n));
	http_answer(r, &(struct http_answer){ .status = 200, .fd = fd, .fd_n = n });
}

static void ignore(struct http_request *r, void *data)
{
	(void)r;
	(void)data;
}

static void on_whole(struct http_request *r, void *data)
{
	(void)data;
	if (bytes_is(http_path(r), "/less")) /* held than goes over the wire */
		answer_held(r, LESS, LARGE);
	else
		answer_held(r, LARGE, LARGE);
}

static void on_done(struct http_request *r, void *data)
{
	(void)r;
	(void)data;
	owner_told(&g.o, &g.o.n_done);
}

static void start(uint64_t held_max, unsigned idle_s, unsigned rate_least)
{
	struct http_opts o = server_opts();
	struct err e;

	o.held_max = held_max;
	o.idle_s = idle_s;
	o.rate_least = rate_least;
	o.measured_ms = MEASURED_MS;
	o.calls = (struct http_calls){ ignore, on_whole, ignore, on_done, NULL };
	pthread_mutex_init(&g.o.lock, NULL);
	pthread_cond_init(&g.o.changed, NULL);
	g.o.n_done = 0;
	assert_int_equal(0, http_open(&o, &g.o.s, &e));
	g.o.port = http_port(g.o.s);
}

static bool holds_nothing(void *data)
{
	(void)data;
	return http_held(g.o.s).n_bytes == 0;
}

static void stop(void)
{
	wait_until(holds_nothing, NULL);
	http_close(g.o.s);
	pthread_mutex_destroy(&g.o.lock);
	pthread_cond_destroy(&g.o.changed);
}

static bool holds(void *n)
{
	return http_held(g.o.s).n_bytes == *(uint64_t *)n;
}

/* Has asked, and read nothing; so many bytes are held then. */
static int asks(uint64_t held)
{
	int fd = client_open(g.o.port), room = 64 << 10;

	/* Else the system may read all of it in the client's place. */
	assert_int_equal(0, setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room)));
	client_send(fd, "GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
	wait_until(holds, &held);
	return fd;
}

static size_t reads(int fd, size_t most)
{
	static char drop[1 << 20];
	size_t n = 0;

	while (n < most) {
		size_t room = most - n < sizeof(drop) ? most - n : sizeof(drop);
		ssize_t got = recv(fd, drop, room, 0);

		assert_false(got < 0 && errno == EAGAIN);
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	return n;
}

static bool is_answered(void *data)
{
	int *status = data;

	*status = client_ask(g.o.port, "GET /large HTTP/1.1\r\nHost: a\r\n\r\n", NULL);
	assert_true(*status == 200 || *status == 503);
	return *status == 200;
}

static void who_reads_nothing_makes_room(void **state)
{
	int fd, status;

	(void)state;
	start(LARGE + LARGE / 2, 60, 1);
	fd = asks(LARGE);
	wait_until(is_answered, &status);
	assert_int_equal(1, http_held(g.o.s).n_cut);
	assert_in_range(reads(fd, 2 * LARGE), 0, LARGE - 1);
	close(fd);
	stop();
}

static bool is_past(void *ns)
{
	return time_mono_ns() > *(int64_t *)ns;
}

static void waits_until_known(void)
{
	int64_t known_ns = time_mono_ns() + MEASURED_MS * NS_PER_MS;

	wait_until(is_past, &known_ns);
}

static void who_reads_faster_is_kept(void **state)
{
	int slow, fast, status;
	size_t n;

	(void)state;
	start(2 * LARGE + LARGE / 2, 60, 1);
	fast = asks(LARGE);
	slow = asks(2 * LARGE);
	n = reads(fast, LARGE / 2); /* of the rest sockets have a part */
	/* How fast both of them read. */
	waits_until_known();
	assert_true(is_answered(&status));
	assert_int_equal(1, http_held(g.o.s).n_cut);
	assert_in_range(reads(slow, 2 * LARGE), 0, LARGE - 1);
	assert_in_range(n + reads(fast, LARGE / 2), LARGE, LARGE);
	close(slow);
	close(fast);
	stop();
}

/* A head and TLS take bytes too: who has taken as many as are held may still hold them. */
static void who_stops_near_the_end_makes_room(void **state)
{
	uint64_t held = LESS;
	int fd, status;

	(void)state;
	start(LARGE, 60, 1);
	fd = client_open(g.o.port);
	client_send(fd, "GET /less HTTP/1.1\r\nHost: a\r\n\r\n");
	wait_until(holds, &held);
	assert_int_equal(2 * LESS, reads(fd, 2 * LESS));
	waits_until_known();
	assert_true(is_answered(&status));
	assert_int_equal(1, http_held(g.o.s).n_cut);
	close(fd);
	stop();
}

/* What a client takes of an answer that was given is nothing of the next one. */
static void what_is_left_of_an_answer_before_is_not_of_this_one(void **state)
{
	uint64_t none = 0, held = LESS;
	int kept, fd, status;
	size_t n;

	(void)state;
	start(2 * LARGE, 60, 1);
	fd = asks(LARGE);
	reads(fd, LARGE - 8 * LESS);
	wait_until(holds, &none); /* the rest is in sockets */
	client_send(fd, "GET /less HTTP/1.1\r\nHost: a\r\n\r\n");
	wait_until(holds, &held);
	kept = asks(LARGE + LESS);
	n = reads(kept, LARGE / 2); /* more of it is left than sockets have room for */
	reads(fd, 2 * LESS);
	waits_until_known();
	assert_true(is_answered(&status));
	assert_int_equal(1, http_held(g.o.s).n_cut);
	assert_in_range(n + reads(kept, LARGE / 2), LARGE, LARGE);
	close(kept);
	close(fd);
	stop();
}

/* How fast a client reads is not known at once. */
static void who_just_began_is_not_closed(void **state)
{
	int64_t begun_ns = time_mono_ns();
	int fd, status;

	(void)state;
	start(LARGE, 60, 1);
	fd = asks(LARGE);
	wait_until(is_answered, &status);
	assert_true(time_mono_ns() - begun_ns >= MEASURED_MS * NS_PER_MS);
	close(fd);
	stop();
}

static void one_alone_may_be_larger(void **state)
{
	int status = 0;

	(void)state;
	start(1 << 20, 60, 1);
	assert_true(is_answered(&status));
	assert_int_equal(0, http_held(g.o.s).n_cut);
	stop();
}

static void without_a_limit_all_are_held(void **state)
{
	int fd[4];

	(void)state;
	start(0, 60, 1);
	for (int i = 0; i < 4; i++)
		fd[i] = asks((uint64_t)(i + 1) * LARGE);
	for (int i = 0; i < 4; i++)
		close(fd[i]);
	stop();
}

/* Who takes a little now and then is not idle: so much at once that the server writes again and
 * again. */
static void who_reads_too_slowly_is_closed(void **state)
{
	int64_t begun_ns = time_mono_ns();
	size_t n = 0, got = 1;
	int fd;

	(void)state;
	start(0, 1, LARGE);
	fd = asks(LARGE);
	while (got) {
		assert_int_equal(0, poll(NULL, 0, 100));
		got = reads(fd, 400000);
		n += got;
		assert_true(time_mono_ns() - begun_ns < PATIENCE_MS * NS_PER_MS);
	}
	assert_in_range(n, 0, LARGE - 1);
	close(fd);
	stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_reads_nothing_makes_room),
		cmocka_unit_test(who_reads_faster_is_kept),
		cmocka_unit_test(who_stops_near_the_end_makes_room),
		cmocka_unit_test(what_is_left_of_an_answer_before_is_not_of_this_one),
		cmocka_unit_test(who_just_began_is_not_closed),
		cmocka_unit_test(one_alone_may_be_larger),
		cmocka_unit_test(without_a_limit_all_are_held),
		cmocka_unit_test(who_reads_too_slowly_is_closed),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
