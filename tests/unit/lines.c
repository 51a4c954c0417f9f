/* server/lines: what a full disk does to lines. */
#include "server/lines.h"
#include "own_folder.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/io.h"
#include "time/time.h"

static const int64_t END_NS = 60 * NS_PER_S;

/* A file may have so many bytes and no more, as on a disk that is full then. */
static void set_room(rlim_t bytes)
{
	struct rlimit l;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &l), 0);
	l.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &l), 0);
}

static void count_failure(const struct err *e, void *data)
{
	assert_true(e->code != ERR_NONE);
	atomic_fetch_add((atomic_int *)data, 1);
}

static void wait_failures(const atomic_int *n, int want)
{
	int64_t until = time_mono_ns() + END_NS;

	while (atomic_load(n) < want && time_mono_ns() < until)
		usleep(1000);
	assert_int_equal(atomic_load(n), want);
}

static int open_file(const char *name)
{
	char path[300];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	return fd;
}

static void file_is(const char *name, const char *want)
{
	char path[300];
	struct buf got = { 0 };
	struct err e;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(io_read_file(path, 1 << 20, &got, &e), 0);
	assert_string_equal(buf_str(&got), want);
	buf_release(&got);
}

static void half_a_line_is_completed(void **state)
{
	atomic_int failures = 0;
	struct lines *l;
	struct err e;

	(void)state;
	set_room(8);
	assert_int_equal(lines_open(open_file("a"), 1 << 20, count_failure, &failures, &l, &e), 0);
	lines_add(l, BYTES_LIT("the first line\n"));
	wait_failures(&failures, 1);
	assert_int_equal(lines_lost(l), 0); /* it is not given up */
	lines_add(l, BYTES_LIT("lost\n"));
	wait_failures(&failures, 2);
	assert_int_equal(lines_lost(l), 1);
	set_room(12); /* for some of the rest */
	lines_add(l, BYTES_LIT("lost\n"));
	wait_failures(&failures, 3);
	assert_int_equal(lines_lost(l), 2);
	set_room(RLIM_INFINITY);
	lines_add(l, BYTES_LIT("the next\n"));
	lines_close(l, END_NS);
	file_is("a", "the first line\nthe next\n");
}

static void another_file_begins_with_a_line(void **state)
{
	atomic_int failures = 0;
	struct lines *l;
	struct err e;

	(void)state;
	set_room(8);
	assert_int_equal(lines_open(open_file("b"), 1 << 20, count_failure, &failures, &l, &e), 0);
	lines_add(l, BYTES_LIT("the first line\n"));
	wait_failures(&failures, 1);
	lines_turn(l, open_file("b")); /* the same */
	lines_turn(l, open_file("c"));
	set_room(RLIM_INFINITY);
	lines_add(l, BYTES_LIT("the next\n"));
	lines_close(l, END_NS);
	file_is("b", "the firs");
	file_is("c", "the next\n");
}

static void the_same_file_opened_again_goes_on(void **state)
{
	atomic_int failures = 0;
	struct lines *l;
	struct err e;

	(void)state;
	set_room(8);
	assert_int_equal(lines_open(open_file("d"), 1 << 20, count_failure, &failures, &l, &e), 0);
	lines_add(l, BYTES_LIT("the first line\n"));
	wait_failures(&failures, 1);
	lines_turn(l, open_file("d"));
	set_room(RLIM_INFINITY);
	lines_add(l, BYTES_LIT("the next\n"));
	lines_close(l, END_NS);
	file_is("d", "the first line\nthe next\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(half_a_line_is_completed),
		cmocka_unit_test(another_file_begins_with_a_line),
		cmocka_unit_test(the_same_file_opened_again_goes_on),
	};

	signal(SIGXFSZ, SIG_IGN);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
