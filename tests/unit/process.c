/* What /proc says of this process and of those below it. */
#include "unit.h"

#include <math.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "server/process.h"

static void burn(double cpu_s)
{
	struct timespec t;

	do
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	while ((double)t.tv_sec + (double)t.tv_nsec / 1e9 < cpu_s);
}

static void self(void **state)
{
	struct process_self p;
	struct err e;
	int fd;
	uint64_t n_fds;

	(void)state;
	burn(0.1);
	assert_int_equal(process_self(&p, &e), 0);
	assert_true(p.cpu_s > 0.05 && p.cpu_s < 100);
	assert_true(p.start_s <= (double)time(NULL) + 1);
	assert_true(p.start_s > (double)time(NULL) - 3600);
	assert_true(p.resident_bytes > 100000 && p.resident_bytes <= p.virtual_bytes);
	assert_true(p.max_fds > (double)p.open_fds);
	assert_true(p.virtual_max_bytes > 1e6);
	n_fds = p.open_fds;
	fd = dup(0);
	assert_int_equal(process_self(&p, &e), 0);
	assert_int_equal(p.open_fds, n_fds + 1);
	close(fd);
}

static void memory_is_bounded_by_the_machine(void **state)
{
	struct process_self p;
	uint64_t limit;
	struct err e;

	(void)state;
	assert_int_equal(process_memory_limit(&limit, &e), 0);
	assert_int_equal(process_self(&p, &e), 0);
	assert_true(limit > p.resident_bytes);
	assert_true(limit <= (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE));
}

/* A process called `name` that has touched n bytes and waits until it is killed. */
static pid_t child_of(const char *name, size_t n, int ready)
{
	pid_t pid = fork();
	char *p;

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, name);
	p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		_exit(1);
	memset(p, 1, n);
	burn(0.1);
	if (write(ready, "r", 1) != 1)
		_exit(1);
	while (true)
		pause();
}

static void the_tree_is_this_process_and_those_below(void **state)
{
	enum { MIB = 1 << 20 };
	struct process_tree before, with, after;
	struct err e;
	int ready[2];
	char got[2];
	pid_t a, b;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	assert_int_equal(process_tree(&before, &e), 0);
	for (size_t i = 0; i < PROCESS_PROGRAMS; i++)
		assert_int_equal(before.n[i], 0);
	a = child_of("logql", 50 * MIB, ready[1]);
	b = child_of("a) S (b", MIB, ready[1]);
	for (int i = 0; i < 2; i++)
		assert_int_equal(read(ready[0], got, 1), 1);
	assert_int_equal(process_tree(&with, &e), 0);
	assert_true(with.resident_bytes > before.resident_bytes + 50 * MIB);
	assert_true(with.cpu_s > before.cpu_s + 0.15);
	for (size_t i = 0; i < PROCESS_PROGRAMS; i++)
		assert_int_equal(with.n[i], strcmp(process_programs[i], "logql") == 0 ||
						    strcmp(process_programs[i], "other") == 0);
	kill(a, SIGKILL);
	kill(b, SIGKILL);
	assert_int_equal(waitpid(a, NULL, 0), a);
	assert_int_equal(waitpid(b, NULL, 0), b);
	assert_int_equal(process_tree(&after, &e), 0);
	assert_true(after.resident_bytes < with.resident_bytes - 40 * MIB);
	/* What has ended still counts. */
	assert_true(after.cpu_s >= with.cpu_s - 0.02);
	close(ready[0]);
	close(ready[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(self),
		cmocka_unit_test(memory_is_bounded_by_the_machine),
		cmocka_unit_test(the_tree_is_this_process_and_those_below),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
