/* A process that stands by: what it is given it has, and who gives learns whether it was taken. */
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/io.h"
#include "base/standby.h"

static const int NONE[STANDBY_FDS_MAX] = { -1, -1, -1, -1 };

static char **main_argv;

static void begun(void)
{
	setenv("STANDBY_TEST", ", begun", 1);
}

/* In a process of its own, whose descriptor 3 is the socket. */
static _Noreturn void stand_by(int talk)
{
	char name[64] = "";
	int argc = 0, fd;
	char **argv = main_argv;
	struct err e;

	if (dup2(talk, 3) != 3 || close_range(4, ~0U, 0) < 0)
		_exit(100);
	if (standby_wait(3, begun, &argc, &argv, &e) < 0)
		_exit(err_exit_code(e.code));
	for (int i = 0; i < argc; i++)
		printf("[%s]", argv[i]);
	fd = open("/proc/self/cmdline", O_RDONLY);
	printf("%.*s", (int)read(fd, name, 16), name);
	close(fd);
	printf("%s", fcntl(3, F_GETFD) < 0 ? " 3 is closed" : " 3 is open");
	printf("%s\n", getenv("STANDBY_TEST"));
	fflush(stdout);
	_exit(argv[argc] ? 101 : fcntl(4, F_GETFD) < 0 ? 0 : 102);
}

static pid_t begin(int *ret_talk)
{
	int pair[2];
	pid_t pid;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	fflush(stdout);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		stand_by(pair[1]);
	close(pair[1]);
	*ret_talk = pair[0];
	return pid;
}

static int status_of(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Gives it a pipe as its 1; what it says there goes to ret. */
static void give(int talk, const char *const *argv, struct buf *ret)
{
	int fd[STANDBY_FDS_MAX], p[2];
	char piece[256];
	struct err e;

	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	memcpy(fd, NONE, sizeof(fd));
	fd[1] = p[1];
	assert_int_equal(standby_give(talk, argv, fd, &e), 0);
	close(p[1]);
	for (int64_t n; (n = io_read(p[0], piece, sizeof(piece), &e)) != 0; buf_add(ret, piece, n))
		assert_true(n > 0);
	close(p[0]);
}

static void takes_what_it_is_given(void **state)
{
	const char *argv[] = { "program", "two words", "", "end", NULL };
	struct buf out = { 0 };
	int talk;
	pid_t pid = begin(&talk);

	(void)state;
	assert_false(standby_was_taken(talk));
	give(talk, argv, &out);
	assert_int_equal(status_of(pid), 0);
	assert_true(standby_was_taken(talk));
	assert_string_equal(buf_str(&out),
			    "[program][two words][][end]program two word 3 is closed, kept\n");
	close(talk);
	buf_release(&out);
}

static void a_descriptor_in_place_of_the_socket(void **state)
{
	const char *argv[] = { "program", NULL };
	int talk, p[2], fd[STANDBY_FDS_MAX] = { -1, -1, -1, -1 };
	pid_t pid = begin(&talk);
	char text[64];
	struct err e;

	(void)state;
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	fd[1] = p[1];
	fd[3] = p[1];
	assert_int_equal(standby_give(talk, argv, fd, &e), 0);
	assert_int_equal(status_of(pid), 0);
	text[read(p[0], text, sizeof(text) - 1)] = '\0';
	assert_non_null(strstr(text, " 3 is open"));
	close(p[0]);
	close(p[1]);
	close(talk);
}

static void it_ends_with_the_one_who_might_give(void **state)
{
	int talk;
	pid_t pid = begin(&talk);

	(void)state;
	close(talk);
	assert_int_equal(status_of(pid), err_exit_code(ERR_AGAIN));
}

static pid_t heir_of(int talk)
{
	struct pollfd p = { .fd = talk, .events = POLLIN };
	pid_t pid;

	assert_int_equal(poll(&p, 1, 60000), 1);
	pid = standby_heir(talk);
	assert_true(pid > 0);
	return pid;
}

static void a_fork_server(void **state)
{
	enum { HEIRS = 3 };
	const char *argv[] = { "program", NULL };
	int server, talk[HEIRS], pair[2];
	pid_t pid[HEIRS], server_pid = begin(&server);
	struct err e;

	(void)state;
	for (int i = 0; i < HEIRS; i++) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
		assert_int_equal(standby_ask_heir(server, pair[1], &e), 0);
		close(pair[1]);
		talk[i] = pair[0];
	}
	for (int i = 0; i < HEIRS; i++)
		pid[i] = heir_of(server);
	assert_int_equal(standby_heir(server), 0);
	assert_int_equal(getpgid(pid[0]), getpgid(server_pid));
	for (int i = HEIRS; i-- > 1;) { /* none waits for another one */
		struct buf out = { 0 };

		give(talk[i], argv, &out);
		assert_int_equal(status_of(pid[i]), 0);
		assert_true(standby_was_taken(talk[i]));
		assert_string_equal(buf_str(&out), "[program]program 3 is closed, begun\n");
		close(talk[i]);
		buf_release(&out);
	}
	close(server);
	assert_int_equal(status_of(server_pid), err_exit_code(ERR_AGAIN));
	close(talk[0]);
	assert_int_equal(status_of(pid[0]), err_exit_code(ERR_AGAIN));
	assert_int_equal(standby_heir(talk[0]), 0);
}

/* What it begins finds that nobody talks to it, and so does the server. */
static void nobody_waits_for_the_other_one(void **state)
{
	int server, pair[2];
	pid_t pid = begin(&server);
	struct err e;

	(void)state;
	assert_int_equal(kill(pid, SIGSTOP), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(standby_ask_heir(server, pair[1], &e), 0);
	close(pair[0]);
	close(pair[1]);
	close(server);
	assert_int_equal(kill(pid, SIGCONT), 0);
	for (int i = 0; i < 2; i++) {
		int status;

		assert_true(waitpid(-1, &status, 0) > 0);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == err_exit_code(ERR_AGAIN));
	}
}

static void nobody_is_there(void **state)
{
	const char *argv[] = { "program", NULL };
	int pair[2];
	struct err e;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(standby_give(pair[0], argv, NONE, &e), 0);
	close(pair[1]); /* killed before it took it */
	assert_false(standby_was_taken(pair[0]));
	assert_int_equal(standby_give(pair[0], argv, NONE, &e), -1);
	assert_int_equal(e.code, ERR_AGAIN);
	assert_int_equal(standby_ask_heir(pair[0], pair[0], &e), -1);
	assert_int_equal(e.code, ERR_AGAIN);
	close(pair[0]);
}

static void too_long(void **state)
{
	static char word[STANDBY_BYTES_MAX];
	const char *argv[] = { word, NULL };
	int pair[2];
	struct err e;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	memset(word, 'x', sizeof(word) - 1);
	assert_int_equal(standby_give(pair[0], argv, NONE, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	word[sizeof(word) - 2] = '\0';
	assert_int_equal(standby_give(pair[0], argv, NONE, &e), 0);
	close(pair[0]);
	close(pair[1]);
}

static void not_a_socket(void **state)
{
	int argc = 0, fd = open("/dev/null", O_RDONLY);
	char **argv = main_argv;
	struct err e;

	(void)state;
	assert_int_equal(standby_wait(fd, NULL, &argc, &argv, &e), -1);
	assert_int_equal(e.code, ERR_USAGE);
	close(fd);
}

/* Of a message that is cut, that has no words, or whose descriptors did not come. */
static void a_bad_message(void **state)
{
	const struct bytes bad[] = { BYTES_LIT("\0word"), BYTES_LIT("\0"), BYTES_LIT("\2word\0"),
				     BYTES_LIT("\200") };
	char **argv = main_argv;
	int argc = 0, pair[2];
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
		assert_int_equal(send(pair[0], bad[i].p, bad[i].n, 0), bad[i].n);
		assert_int_equal(standby_wait(pair[1], NULL, &argc, &argv, &e), -1);
		assert_int_equal(e.code, ERR_IO);
		close(pair[0]);
		close(pair[1]);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_what_it_is_given),
		cmocka_unit_test(a_descriptor_in_place_of_the_socket),
		cmocka_unit_test(it_ends_with_the_one_who_might_give),
		cmocka_unit_test(a_fork_server),
		cmocka_unit_test(nobody_waits_for_the_other_one),
		cmocka_unit_test(nobody_is_there),
		cmocka_unit_test(too_long),
		cmocka_unit_test(not_a_socket),
		cmocka_unit_test(a_bad_message),
	};

	(void)argc;
	main_argv = argv;
	setenv("STANDBY_TEST", ", kept", 1);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("standby", tests, NULL, NULL);
}
