/* Processes that stand by for children: they do what they are given as one that is started would,
 * and nobody depends on them. This program is one, and then becomes sh. */
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/standby.h"
#include "child_ends.h"
#include "server/child.h"
#include "time/time.h"

enum { WAITING = 2, WAITING_MAX = 100 };

static int stand_by(int argc, char **argv)
{
	struct err e;

	if (standby_wait(3, NULL, &argc, &argv, &e) < 0)
		return err_exit_code(e.code);
	execv("/bin/sh", argv);
	return 100;
}

static const char *own_name(char path[4096])
{
	ssize_t n = readlink("/proc/self/exe", path, 4095);
	char *end;

	assert_true(n > 0);
	path[n] = '\0';
	end = strrchr(path, '/');
	*end = '\0';
	return end + 1;
}

/* They are looked for among our children by what they are called. */
static unsigned find_called(const char *what, pid_t *ret)
{
	char path[64], piece[8192] = "", name[32];
	unsigned n = 0;
	char *at = piece;
	DIR *d = opendir("/proc/self/task");
	struct dirent *task;

	assert_non_null(d);
	while ((task = readdir(d))) {
		struct buf b = { 0 };
		struct err e;

		snprintf(path, sizeof(path), "/proc/self/task/%.20s/children", task->d_name);
		if (task->d_name[0] != '.' && io_read_file(path, sizeof(piece), &b, &e) == 0) {
			memcpy(at, b.p, b.n);
			at += b.n;
		}
		buf_release(&b);
	}
	closedir(d);
	for (char *next, *end = at, *p = piece; p < end; p = next) {
		pid_t pid = (pid_t)strtol(p, &next, 10);
		FILE *f;

		if (next == p)
			break;
		snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
		f = fopen(path, "r");
		if (f && fgets(name, sizeof(name), f) && strcmp(name, what) == 0)
			ret[n++] = pid;
		if (f)
			fclose(f);
	}
	return n;
}

static unsigned find_waiting(pid_t *ret)
{
	return find_called("standby\n", ret);
}

static pid_t fork_server(void)
{
	pid_t pid[WAITING_MAX];

	return find_called("forkserver\n", pid) == 1 ? pid[0] : 0;
}

/* The list of our children may lack one while another one ends. */
static pid_t find_fork_server(void)
{
	int64_t until = time_mono_ns() + DEADLINE_S * NS_PER_S;
	pid_t pid;

	while ((pid = fork_server()) == 0)
		assert_true(time_mono_ns() < until);
	return pid;
}

/* Who has begun them, and is called like them until then, is not one; and they are not before they
 * are known, and made groups of their own. */
static bool are_waiting(pid_t *ret, unsigned n)
{
	if ((n && !fork_server()) || find_waiting(ret) != n)
		return false;
	for (unsigned i = 0; i < n; i++)
		if (getpgid(ret[i]) != ret[i])
			return false;
	return true;
}

static void wait_waiting(pid_t *ret, unsigned n)
{
	int64_t until = time_mono_ns() + DEADLINE_S * NS_PER_S;

	while (!are_waiting(ret, n))
		assert_true(time_mono_ns() < until);
}

static void wait_dead(pid_t pid)
{
	int64_t until = time_mono_ns() + DEADLINE_S * NS_PER_S;

	while (kill(pid, 0) == 0)
		assert_true(time_mono_ns() < until);
}

/* Whoever has begun them, and whether or not they are known. */
static void wait_found(pid_t *ret, unsigned n)
{
	int64_t until = time_mono_ns() + DEADLINE_S * NS_PER_S;

	while (find_waiting(ret) != n)
		assert_true(time_mono_ns() < until);
}

static bool is_one_of(pid_t pid, const pid_t *v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (v[i] == pid)
			return true;
	return false;
}

struct waiting {
	char folder[4096];
	struct children *c;
	struct ends ends;
	struct child_opts o;
	pid_t pid[WAITING_MAX]; /* they wait */
	FILE *out;
};

static void count_useless(void *n)
{
	atomic_fetch_add((atomic_int *)n, 1);
}

/* Of a program, in w->folder, so many are to wait, as nice; useless is counted. */
static void open_program(struct waiting *w, const char *program, unsigned n, int nice,
			 atomic_int *useless)
{
	struct err e;

	w->ends = ends_new();
	w->out = tmpfile();
	w->o = sh(SH("true"), &w->ends);
	w->o.program = program;
	w->o.standby = true;
	w->o.nice = nice;
	assert_int_equal(children_open(w->folder, &w->c, &e), 0);
	children_stand_by(w->c, program, nice, n, useless ? count_useless : NULL, useless);
	assert_int_equal(find_waiting(w->pid), 0);
	child_start(w->c, &w->o);
	wait_for(&w->ends, 1);
}

/* One child has been there, and so many wait now. */
static void open_nice(struct waiting *w, int nice)
{
	*w = (struct waiting){ .out = NULL };
	open_program(w, own_name(w->folder), WAITING, nice, NULL);
	wait_waiting(w->pid, WAITING);
}

static void open_waiting(struct waiting *w)
{
	open_nice(w, 0);
}

static void close_waiting(struct waiting *w)
{
	children_close(w->c);
	fclose(w->out);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

/* What the shell says, as a number. */
static pid_t ask(struct waiting *w, const char *const *argv)
{
	unsigned n = w->ends.n;
	char text[64];
	ssize_t len;

	rewind(w->out);
	assert_int_equal(ftruncate(fileno(w->out), 0), 0);
	w->o.argv = argv;
	w->o.fd[1] = dup(fileno(w->out));
	child_start(w->c, &w->o);
	wait_for(&w->ends, n + 1);
	len = pread(fileno(w->out), text, sizeof(text) - 1, 0);
	text[len < 0 ? 0 : len] = '\0';
	return (pid_t)strtol(text, NULL, 10);
}

static void one_that_waits_does_it(void **state)
{
	unsigned fds = count_fds();
	struct waiting w;

	(void)state;
	open_waiting(&w);
	for (int i = 0; i < 5; i++) {
		pid_t pid = ask(&w, SH("echo $$"));

		assert_true(is_one_of(pid, w.pid, WAITING));
		assert_int_equal(w.ends.last.status, 0);
		wait_waiting(w.pid, WAITING);
		assert_false(is_one_of(pid, w.pid, WAITING));
	}
	close_waiting(&w);
	assert_int_equal(count_fds(), fds);
}

static void with_the_limits_of_what_it_is_given(void **state)
{
	struct waiting w;

	(void)state;
	open_waiting(&w);
	w.o.file_max = 50000;
	w.o.nice = 3;
	assert_int_equal(ask(&w, SH("nice")), getpriority(PRIO_PROCESS, 0) + 3);
	wait_waiting(w.pid, WAITING);
	ask(&w, SH("exec head -c 100000 /dev/zero"));
	assert_int_equal(w.ends.last.signal, SIGXFSZ);
	wait_waiting(w.pid, WAITING);
	w.o.memory_max = 32 << 20;
	ask(&w, SH("x=$(head -c 64M /dev/zero | tr '\\0' x); test ${#x} = 67108864"));
	assert_int_not_equal(w.ends.last.status, 0);
	w.o.memory_max = 0;
	wait_waiting(w.pid, WAITING);
	w.o.timeout_ns = 50 * NS_PER_MS;
	ask(&w, SH("exec sleep 1000"));
	assert_true(w.ends.last.timed_out);
	assert_int_equal(w.ends.last.signal, SIGKILL);
	close_waiting(&w);
}

static void as_nice_as_what_they_wait_for(void **state)
{
	int ours = getpriority(PRIO_PROCESS, 0);
	struct waiting w;

	(void)state;
	open_nice(&w, 2);
	for (int i = 0; i < WAITING; i++)
		assert_int_equal(getpriority(PRIO_PROCESS, (id_t)w.pid[i]), ours + 2);
	w.o.nice = 1;
	assert_false(is_one_of(ask(&w, SH("echo $$")), w.pid, WAITING));
	assert_int_equal(ask(&w, SH("nice")), ours + 1);
	w.o.nice = 3;
	wait_waiting(w.pid, WAITING);
	assert_true(is_one_of(ask(&w, SH("echo $$")), w.pid, WAITING));
	close_waiting(&w);
}

static void those_that_wait_are_killed(void **state)
{
	struct waiting w;
	unsigned n;

	(void)state;
	open_waiting(&w);
	n = w.ends.n;
	for (int i = 0; i < WAITING; i++)
		kill(w.pid[i], SIGKILL);
	wait_waiting(w.pid, 0);
	ask(&w, SH("true"));
	assert_int_equal(w.ends.n, n + 1); /* nobody was told of those */
	assert_int_equal(w.ends.last.error.code, ERR_NONE);
	wait_waiting(w.pid, WAITING);
	assert_true(is_one_of(ask(&w, SH("echo $$")), w.pid, WAITING));
	close_waiting(&w);
}

/* Those that it has begun wait on, and another one begins the next. */
static void the_fork_server_is_killed(void **state)
{
	struct waiting w;
	pid_t server;

	(void)state;
	open_waiting(&w);
	server = find_fork_server();
	kill(server, SIGKILL);
	wait_dead(server);
	wait_found(w.pid, WAITING);
	for (int i = 0; i < 3; i++) {
		assert_true(is_one_of(ask(&w, SH("echo $$")), w.pid, WAITING));
		wait_waiting(w.pid, WAITING);
	}
	assert_int_not_equal(find_fork_server(), server);
	close_waiting(&w);
}

/* What was asked of it comes when it goes on; till then others are started. */
static void the_fork_server_is_stopped(void **state)
{
	pid_t server, pid;
	struct waiting w;

	(void)state;
	open_waiting(&w);
	server = find_fork_server();
	kill(server, SIGSTOP);
	for (int i = 0; i < WAITING; i++)
		assert_true(is_one_of(ask(&w, SH("echo $$")), w.pid, WAITING));
	pid = ask(&w, SH("echo $$"));
	assert_true(pid > 0 && !is_one_of(pid, w.pid, WAITING));
	assert_int_equal(find_waiting(w.pid), 0);
	kill(server, SIGCONT);
	wait_waiting(w.pid, WAITING);
	assert_int_equal(find_fork_server(), server);
	assert_true(is_one_of(ask(&w, SH("echo $$")), w.pid, WAITING));
	wait_waiting(w.pid, WAITING);
	kill(server, SIGSTOP);
	ask(&w, SH("true"));
	kill(server, SIGKILL); /* and never hears what it was asked for */
	wait_dead(server);
	ask(&w, SH("true"));
	wait_waiting(w.pid, WAITING);
	kill(find_fork_server(), SIGSTOP);
	ask(&w, SH("true"));
	close_waiting(&w);
}

/* More than are asked for at once. */
static void many_wait(void **state)
{
	enum { MANY = 50 };
	struct waiting w = { .out = NULL };

	(void)state;
	open_program(&w, own_name(w.folder), MANY, 0, NULL);
	wait_waiting(w.pid, MANY);
	assert_true(is_one_of(ask(&w, SH("echo $$")), w.pid, MANY));
	wait_waiting(w.pid, MANY);
	close_waiting(&w);
}

/* They are those of the new one from the next on. */
static void the_program_is_replaced(void **state)
{
	char link[64], exe[4096];
	struct waiting w = { .folder = "." };

	(void)state;
	snprintf(exe, sizeof(exe), "cp /proc/%d/exe spare.copy && cp spare.copy spare.new",
		 (int)getpid());
	assert_int_equal(system(exe), 0);
	open_program(&w, "spare.copy", WAITING, 0, NULL);
	wait_waiting(w.pid, WAITING);
	assert_int_equal(rename("spare.new", "spare.copy"), 0);
	ask(&w, SH("true")); /* by an old one */
	wait_waiting(w.pid, WAITING);
	for (int i = 0; i < WAITING; i++) {
		ssize_t n;

		snprintf(link, sizeof(link), "/proc/%d/exe", (int)w.pid[i]);
		n = readlink(link, exe, sizeof(exe) - 1);
		exe[n < 0 ? 0 : n] = '\0';
		assert_null(strstr(exe, "deleted"));
	}
	close_waiting(&w);
	assert_int_equal(unlink("spare.copy"), 0);
}

/* A program that does not wait, or cannot fork: it is not tried for ever, and that is told once. */
static void none_can_wait(void **state)
{
	struct waiting w = { .folder = "/bin" };
	atomic_int useless = 0;

	(void)state;
	open_program(&w, "true", WAITING, 0, &useless);
	for (int i = 0; i < 20; i++)
		ask(&w, (const char *const[]){ "true", NULL });
	assert_int_equal(w.ends.last.status, 0);
	close_waiting(&w);
	assert_int_equal(useless, 1);
}

/* It has been given something, and is killed before it looks. */
static void killed_before_it_takes_it(void **state)
{
	pid_t old[WAITING_MAX];
	struct child_opts behind;
	struct waiting w;
	unsigned n;

	(void)state;
	open_waiting(&w);
	memcpy(old, w.pid, sizeof(old));
	n = w.ends.n;
	for (int i = 0; i < WAITING; i++)
		kill(old[i], SIGSTOP);
	w.o.argv = SH("exit 7");
	behind = w.o;
	behind.standby = false;
	child_start(w.c, &w.o);
	child_start(w.c, &behind); /* they are taken in turn: then it has been given */
	wait_for(&w.ends, n + 1);
	assert_int_equal(find_waiting(w.pid), WAITING); /* no other begins before it does */
	for (int i = 0; i < WAITING; i++)
		kill(old[i], SIGKILL);
	wait_for(&w.ends, n + 2);
	assert_int_equal(w.ends.last.signal, 0);
	assert_int_equal(w.ends.last.error.code, ERR_NONE);
	close_waiting(&w);
}

static void one_is_killed_by_its_number(void **state)
{
	struct waiting w;
	uint64_t number;

	(void)state;
	open_waiting(&w);
	w.o.argv = SH("exec sleep 1000");
	number = child_start(w.c, &w.o);
	child_signal(w.c, number, SIGKILL);
	wait_for(&w.ends, 2);
	assert_true(w.ends.last.killed);
	wait_waiting(w.pid, WAITING);
	close_waiting(&w);
}

static void more_words_than_can_be_given(void **state)
{
	static char word[STANDBY_BYTES_MAX];
	struct waiting w;

	(void)state;
	open_waiting(&w);
	memset(word, 'x', sizeof(word) - 1);
	ask(&w, (const char *const[]){ "sh", "-c", "true", word, NULL });
	assert_int_equal(w.ends.last.error.code, ERR_NONE);
	close_waiting(&w);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_that_waits_does_it),
		cmocka_unit_test(with_the_limits_of_what_it_is_given),
		cmocka_unit_test(as_nice_as_what_they_wait_for),
		cmocka_unit_test(those_that_wait_are_killed),
		cmocka_unit_test(the_fork_server_is_killed),
		cmocka_unit_test(the_fork_server_is_stopped),
		cmocka_unit_test(many_wait),
		cmocka_unit_test(the_program_is_replaced),
		cmocka_unit_test(none_can_wait),
		cmocka_unit_test(killed_before_it_takes_it),
		cmocka_unit_test(one_is_killed_by_its_number),
		cmocka_unit_test(more_words_than_can_be_given),
	};

	if (argc > 1 && strcmp(argv[1], "--standby") == 0)
		return stand_by(argc, argv);
	if (argc > 1) /* started, though another one might have waited */
		return execv("/bin/sh", argv);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("spare", tests, NULL, NULL);
}
