/* Programs run by the daemon: how they start, end, are limited and killed; nothing is left over. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/io.h"
#include "child_ends.h"
#include "server/child.h"
#include "server/timers.h"
#include "time/time.h"

enum { MANY = 200 };

static struct children *opened(void)
{
	struct children *c;
	struct err e;

	assert_int_equal(children_open("/bin", &c, &e), 0);
	return c;
}

/* Runs a shell's text to its end and returns what it said on fd 1. */
static struct child_end run(struct children *c, const char *text, struct buf *out)
{
	struct ends s = ends_new();
	struct child_opts o = sh(SH(text), &s);
	struct err e;
	char piece[4096];
	int p[2];

	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	o.fd[1] = p[1];
	child_start(c, &o);
	for (int64_t n; (n = io_read(p[0], piece, sizeof(piece), &e)) != 0; buf_add(out, piece, n))
		assert_true(n > 0);
	close(p[0]);
	wait_for(&s, 1);
	return s.last;
}

static void exit_status_and_output(void **state)
{
	struct children *c = opened();
	struct buf out = { 0 };
	struct child_end end = run(c, "echo hello; exit 7", &out);

	(void)state;
	assert_string_equal(buf_str(&out), "hello\n");
	assert_int_equal(end.status, 7);
	assert_int_equal(end.signal, 0);
	assert_false(end.killed || end.timed_out);
	assert_int_equal(end.error.code, ERR_NONE);
	assert_true(end.run_ns > 0);
	buf_release(&out);
	children_close(c);
}

/* Its descriptors are those it was given (3 is what the shell lists them by), its signals unblocked
 * and at their defaults. */
static void starts_clean(void **state)
{
	struct children *c = opened();
	struct buf out = { 0 };
	const char *ignored;
	sigset_t some, old;
	int leak = fcntl(STDERR_FILENO, F_DUPFD, 50); /* without FD_CLOEXEC */

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&some);
	sigaddset(&some, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &some, &old);
	run(c,
	    "cd /proc/$$/fd && echo *; readlink 0 2; exec grep -E '^Sig(Blk|Ign)' "
	    "/proc/self/status",
	    &out);
	ignored = strstr(buf_str(&out), "SigIgn:\t");
	assert_non_null(ignored);
	ignored += strlen("SigIgn:\t");
	/* 32 and 33 are the C library's, which gives nobody a way to set them; make leaves them so.
	 */
	assert_int_equal(strtoull(ignored, NULL, 16) & ~(UINT64_C(3) << 31), 0);
	out.n = (size_t)(ignored - out.p);
	assert_string_equal(buf_str(&out), "0 1 2 3\n/dev/null\n/dev/null\n"
					   "SigBlk:\t0000000000000000\nSigIgn:\t");
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	signal(SIGPIPE, SIG_DFL);
	close(leak);
	buf_release(&out);
	children_close(c);
}

static void descriptors_3_and_low_ones(void **state)
{
	struct children *c = opened();
	struct ends s = ends_new();
	struct child_opts o = sh(SH("echo out; echo err >&2; echo three >&3"), &s);
	int p[3][2], own[3];
	char text[16] = "";

	(void)state;
	/* The child's 1, 2 and 3 are our 2, 3 and 1: each lies where another is to be. */
	for (int i = 0; i < 3; i++) {
		own[i] = fcntl(i + 1, F_DUPFD_CLOEXEC, 100);
		assert_int_equal(pipe2(p[i], O_CLOEXEC), 0);
	}
	dup2(p[0][1], 2);
	dup2(p[1][1], 3);
	dup2(p[2][1], 1);
	o.fd[1] = 2;
	o.fd[2] = 3;
	o.fd[3] = 1;
	child_start(c, &o);
	wait_for(&s, 1);
	for (int i = 0; i < 3; i++) {
		if (own[i] >= 0) {
			dup2(own[i], i + 1);
			close(own[i]);
		}
		close(p[i][1]);
	}
	assert_int_equal(s.last.status, 0);
	assert_int_equal(read(p[0][0], text, sizeof(text)), 4);
	assert_memory_equal(text, "out\n", 4);
	assert_int_equal(read(p[1][0], text, sizeof(text)), 4);
	assert_memory_equal(text, "err\n", 4);
	assert_int_equal(read(p[2][0], text, sizeof(text)), 6);
	assert_memory_equal(text, "three\n", 6);
	for (int i = 0; i < 3; i++)
		close(p[i][0]);
	children_close(c);
}

static void failed_start_is_told(void **state)
{
	struct children *c = opened();
	struct ends s = ends_new();
	struct child_opts o = sh(SH("true"), &s);
	unsigned before = count_fds();

	(void)state;
	o.program = "no-such-program";
	o.fd[1] = open("/dev/null", O_WRONLY | O_CLOEXEC);
	child_start(c, &o);
	wait_for(&s, 1);
	assert_int_equal(s.last.status, -1);
	assert_int_equal(s.last.error.code, ERR_IO);
	assert_string_equal(
		s.last.error.msg,
		"cannot start '/bin/no-such-program': execve: No such file or directory");
	children_close(c);
	assert_int_equal(count_fds() + 3, before); /* the children's own three */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void timeout_kills(void **state)
{
	struct children *c = opened();
	struct ends s = ends_new();
	struct child_opts o = sh(SH("exec sleep 1000"), &s);

	(void)state;
	o.timeout_ns = 50 * NS_PER_MS;
	child_start(c, &o);
	wait_for(&s, 1);
	assert_true(s.last.timed_out && !s.last.killed);
	assert_int_equal(s.last.signal, SIGKILL);
	assert_true(s.last.run_ns >= o.timeout_ns);
	children_close(c);
}

static void memory_is_limited(void **state)
{
	struct children *c = opened();
	struct ends s = ends_new();
	struct child_opts o =
		sh(SH("x=$(head -c 64M /dev/zero | tr '\\0' x); test ${#x} = 67108864"), &s);

	(void)state;
	child_start(c, &o);
	wait_for(&s, 1);
	assert_int_equal(s.last.status, 0);
	o.memory_max = 32 << 20;
	child_start(c, &o);
	wait_for(&s, 2);
	assert_int_not_equal(s.last.status, 0);
	children_close(c);
}

static void signals_reach_it(void **state)
{
	struct children *c = opened();
	struct ends s = ends_new();
	struct child_opts o = sh(SH("exec sleep 1000"), &s);
	uint64_t number = child_start(c, &o), other = child_start(c, &o);

	(void)state;
	assert_int_not_equal(number, other);
	child_signal(c, number, SIGTERM);
	wait_for(&s, 1);
	assert_int_equal(s.last.signal, SIGTERM);
	assert_false(s.last.killed);
	child_signal(c, number, SIGKILL); /* has ended: nothing */
	child_signal(c, other, SIGKILL);
	wait_for(&s, 2);
	assert_true(s.last.killed);
	assert_int_equal(s.last.signal, SIGKILL);
	children_close(c);
}

static void many_at_once(void **state)
{
	unsigned before = count_fds();
	struct children *c = opened();
	struct ends s = ends_new();
	uint64_t number[MANY];

	(void)state;
	for (unsigned i = 0; i < MANY; i++) {
		struct child_opts o = sh(i % 2 ? SH("exit 0") : SH("exec sleep 1000"), &s);

		o.fd[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
		number[i] = child_start(c, &o);
	}
	wait_for(&s, MANY / 2);
	assert_int_equal(s.n_failed, 0);
	for (unsigned i = 0; i < MANY / 2; i += 2)
		child_signal(c, number[i], SIGKILL);
	wait_for(&s, MANY / 2 + MANY / 4);
	children_close(c); /* kills the others */
	assert_int_equal(s.n, MANY);
	assert_int_equal(s.n_failed, MANY / 2);
	assert_true(s.last.killed);
	assert_int_equal(count_fds(), before);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void files_are_limited(void **state)
{
	struct children *c = opened();
	struct ends s = ends_new();
	struct child_opts o = sh(SH("exec head -c 100000 /dev/zero"), &s);
	FILE *f = tmpfile();

	(void)state;
	o.file_max = 50000;
	o.fd[1] = dup(fileno(f));
	child_start(c, &o);
	wait_for(&s, 1);
	assert_int_equal(s.last.signal, SIGXFSZ);
	assert_int_equal(lseek(fileno(f), 0, SEEK_END), 50000);
	fclose(f);
	children_close(c);
}

struct talk {
	struct ends s;
	struct children *c;
	uint64_t number;
	char text[64];
	size_t n;
	int ended_at; /* length of text then */
};

/* Answers each line, also the last, which may come with the end. */
static bool talked(int watch, void *data)
{
	struct talk *t = data;
	ssize_t n = read(watch, t->text + t->n, sizeof(t->text) - t->n);

	if (n > 0) {
		t->n += (size_t)n;
		if (write(watch, "go\n", 3) < 0)
			assert_int_equal(errno, EPIPE);
	}
	return n > 0 || (n < 0 && errno == EAGAIN);
}

static void talk_ended(const struct child_end *end, void *data)
{
	struct talk *t = data;

	t->ended_at = (int)t->n;
	ended(end, &t->s);
}

static void watched_descriptor(void **state)
{
	struct talk t = { .s = ends_new(), .c = opened() };
	struct child_opts o = sh(SH("echo plan >&3; read x <&3; echo $x done >&3"), NULL);
	int p[2];

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, p), 0);
	assert_int_equal(fcntl(p[1], F_SETFL, 0), 0);
	o.fd[3] = p[1];
	o.watch = p[0];
	o.readable = talked;
	o.ended = talk_ended;
	o.data = &t;
	child_start(t.c, &o);
	wait_for(&t.s, 1);
	assert_int_equal(t.s.last.status, 0);
	assert_string_equal(t.text, "plan\ngo done\n");
	assert_int_equal(t.ended_at, t.n);
	signal(SIGPIPE, SIG_DFL);
	children_close(t.c);
}

/* Whatever it says: it is done. */
static bool says_done(int watch, void *data)
{
	struct talk *t = data;

	assert_true(talked(watch, data));
	child_done(t->c, t->number, 1, 42);
	child_done(t->c, t->number, 2, 43);
	return true;
}

static void done_before_gone(void **state)
{
	struct talk t = { .s = ends_new(), .c = opened() };
	struct child_opts o =
		sh(SH("read x <&3; echo done >&3; read x <&3; read x <&3; exit 7"), NULL);
	int p[2], ours;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, p), 0);
	ours = dup(p[0]);
	o.fd[3] = p[1];
	o.watch = p[0];
	o.readable = says_done;
	o.ended = talk_ended;
	o.data = &t;
	t.number = child_start(t.c, &o);
	assert_int_equal(write(ours, "go\n", 3), 3);
	wait_for(&t.s, 1);
	assert_int_equal(t.s.last.status, 1);
	assert_int_equal(t.s.last.cpu_ns, 42);
	assert_true(t.s.last.run_ns > 0);
	assert_string_equal(t.text, "done\n");
	assert_int_equal(write(ours, "go\n", 3), 3); /* it is still there */
	close(ours);
	children_close(t.c);
	assert_int_equal(t.s.n, 1);
}

/* A kill that was asked for before counts. */
static void killed_before_done(void **state)
{
	struct talk t = { .s = ends_new(), .c = opened() };
	struct child_opts o = sh(SH("read x"), &t.s);
	int p[2];

	(void)state;
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	o.fd[0] = p[0];
	t.number = child_start(t.c, &o);
	child_signal(t.c, t.number, SIGKILL);
	child_done(t.c, t.number, 0, 1);
	wait_for(&t.s, 1);
	assert_int_equal(t.s.last.signal, SIGKILL);
	close(p[1]);
	children_close(t.c);
	assert_int_equal(t.s.n, 1);
}

static void niceness(void **state)
{
	struct talk t = { .s = ends_new(), .c = opened() };
	struct child_opts o = sh(SH("read x <&3; cut -d ' ' -f 19 /proc/$$/stat >&3"), NULL);
	uint64_t number;
	int p[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, p), 0);
	o.fd[3] = p[1];
	o.nice = 1;
	o.ended = talk_ended;
	o.data = &t;
	number = child_start(t.c, &o);
	child_nice(t.c, number, 7);
	o.fd[3] = -1;
	o.argv = SH(
		"exit 0"); /* orders are taken in turn: it ends when the first has its niceness */
	child_start(t.c, &o);
	wait_for(&t.s, 1);
	assert_int_equal(write(p[0], "go\n", 3), 3);
	assert_int_equal(read(p[0], t.text, sizeof(t.text)), 2);
	assert_string_equal(t.text, "7\n");
	wait_for(&t.s, 2);
	close(p[0]);
	children_close(t.c);
}

/* Starts itself anew as often as .n says: from the children's own thread. */
struct chain {
	struct children *c;
	struct ends s;
	unsigned n;
};

static void again(const struct child_end *end, void *data)
{
	struct chain *chain = data;
	struct child_opts o = sh(SH("exit 0"), NULL);

	o.ended = again;
	o.data = chain;
	if (end->error.code == ERR_NONE && chain->n > 0) {
		chain->n--;
		child_start(chain->c, &o);
	}
	ended(end, &chain->s);
}

static void started_from_ended(void **state)
{
	struct chain chain = { .c = opened(), .s = ends_new(), .n = 5 };
	struct child_opts o = sh(SH("exit 0"), NULL);

	(void)state;
	o.ended = again;
	o.data = &chain;
	child_start(chain.c, &o);
	wait_for(&chain.s, 6);
	/* Endless, until closing tells that it cannot be started any more. */
	chain.n = UINT32_MAX;
	child_start(chain.c, &o);
	wait_for(&chain.s, 8);
	children_close(chain.c);
}

struct told {
	struct ends s;
	unsigned order[3];
	unsigned n;
	unsigned me;
	struct told *all;
};

static void tell(void *data)
{
	struct told *t = data;
	struct child_end none = { 0 };

	t->all->order[t->all->n++] = t->me;
	ended(&none, &t->all->s);
}

static void later_in_order(void **state)
{
	struct children *c = opened();
	struct told t[3] = { { .s = ends_new() } };
	int64_t begun = time_mono_ns();

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		t[i].me = i;
		t[i].all = t;
		children_later(c, (i == 1 ? 1 : 20 + 20 * i) * NS_PER_MS, tell, &t[i]);
	}
	children_later(c, 3600 * NS_PER_S, tell, NULL); /* is forgotten at the end */
	wait_for(&t->s, 3);
	assert_true(time_mono_ns() - begun >= 60 * NS_PER_MS);
	assert_int_equal(t->order[0], 1);
	assert_int_equal(t->order[1], 0);
	assert_int_equal(t->order[2], 2);
	children_close(c);
}

static bool is_gone(pid_t pid)
{
	return kill(pid, 0) < 0 && errno == ESRCH;
}

/* A daemon that is killed takes its children with it, but for one that survives. */
static void dies_with_the_daemon(void **state)
{
	int p[2], hold[2], told[2];
	char text[32];
	pid_t daemon, mortal, survivor;
	int64_t until = time_mono_ns() + DEADLINE_S * NS_PER_S;
	int n;

	(void)state;
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	assert_int_equal(pipe2(hold, O_CLOEXEC), 0);
	assert_int_equal(pipe2(told, O_CLOEXEC), 0);
	daemon = fork();
	if (daemon == 0) {
		struct children *c = opened();
		struct child_opts o = sh(SH("echo $$; exec sleep 1000"), NULL);

		o.ended = NULL;
		o.fd[1] = dup(p[1]);
		child_start(c, &o);
		while (read(p[0], text, sizeof(text)) < 2)
			;
		n = (int)write(told[1], text, sizeof(text));
		o.argv = SH("echo $$; read x; echo survived");
		o.survives = true;
		o.fd[0] = hold[0];
		o.fd[1] = p[1];
		o.fd[2] = -1;
		child_start(c, &o);
		pause();
		_exit(n);
	}
	assert_true(read(told[0], text, sizeof(text)) > 1);
	mortal = (pid_t)strtol(text, NULL, 10);
	assert_true(read(p[0], text, sizeof(text)) > 1);
	survivor = (pid_t)strtol(text, NULL, 10);
	kill(daemon, SIGKILL);
	waitpid(daemon, NULL, 0);
	waitpid(mortal, NULL, 0);
	assert_true(is_gone(mortal) && !is_gone(survivor));
	close(hold[1]);
	close(p[1]);
	n = (int)read(p[0], text, sizeof(text));
	assert_true(n >= 9);
	assert_memory_equal(text, "survived\n", 9);
	while (!is_gone(survivor) && time_mono_ns() < until)
		waitpid(survivor, NULL, 0);
	close(p[0]);
	close(hold[0]);
	close(told[0]);
	close(told[1]);
	prctl(PR_SET_CHILD_SUBREAPER, 0);
}

static void timers_by_time(void **state)
{
	enum { N = 500 };
	static struct timer t[N];
	struct timers h = { 0 };
	uint32_t random = 1;
	int64_t last = INT64_MIN;
	unsigned left = 0;

	(void)state;
	for (unsigned i = 0; i < N; i++) {
		random = random * 1664525 + 1013904223;
		t[i].at_ns = random >> 22;
		timers_add(&h, &t[i]);
	}
	for (unsigned i = 0; i < N; i += 3)
		timers_remove(&h, &t[i]);
	timers_remove(&h, &t[0]); /* not there */
	for (struct timer *first; (first = timers_first(&h)); left++) {
		assert_true(first->at_ns >= last);
		last = first->at_ns;
		timers_remove(&h, first);
	}
	assert_int_equal(left, N - (N + 2) / 3);
	timers_release(&h);
}

int main(void)
{
	/* The one that forks stands first, while there are no threads. */
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dies_with_the_daemon),
		cmocka_unit_test(exit_status_and_output),
		cmocka_unit_test(starts_clean),
		cmocka_unit_test(descriptors_3_and_low_ones),
		cmocka_unit_test(failed_start_is_told),
		cmocka_unit_test(timeout_kills),
		cmocka_unit_test(memory_is_limited),
		cmocka_unit_test(signals_reach_it),
		cmocka_unit_test(files_are_limited),
		cmocka_unit_test(watched_descriptor),
		cmocka_unit_test(done_before_gone),
		cmocka_unit_test(killed_before_done),
		cmocka_unit_test(niceness),
		cmocka_unit_test(many_at_once),
		cmocka_unit_test(started_from_ended),
		cmocka_unit_test(later_in_order),

		cmocka_unit_test(timers_by_time),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("child", tests, NULL, NULL);
}
