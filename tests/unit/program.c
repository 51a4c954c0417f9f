/* server/program: where what a program prints is kept. */
#include "server/program.h"

#include <sys/resource.h>
#include <unistd.h>

#include "unit.h"

static void output_is_read_by_us_and_written_by_a_program(void **state)
{
	int ours, child;
	struct err e;
	char got[4];

	(void)state;
	assert_int_equal(program_output(&ours, &child, &e), 0);
	assert_int_equal(write(child, "one", 3), 3);
	assert_int_equal(pread(ours, got, sizeof(got), 0), 3);
	close(ours);
	close(child);
}

/* The n-th descriptor is one too many: neither, or the second of the two. */
static void without_a_descriptor_there_is_none(void **state)
{
	struct rlimit was, few;
	int next = dup(0), ours = 0, child = 0;
	struct err e;

	(void)state;
	close(next);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	for (int n = 0; n < 2; n++) {
		few = was;
		few.rlim_cur = (rlim_t)(next + n);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
		assert_int_equal(program_output(&ours, &child, &e), -1);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
		assert_int_equal(e.code, ERR_IO);
		assert_non_null(strstr(e.msg, "no file in memory"));
		assert_int_equal(ours, -1);
		assert_int_equal(child, -1);
	}
	assert_int_equal(dup(0), next); /* nothing was left open */
	close(next);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(output_is_read_by_us_and_written_by_a_program),
		cmocka_unit_test(without_a_descriptor_there_is_none),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
