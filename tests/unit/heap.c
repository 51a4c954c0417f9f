/* The heap of a process with one task: memory that was used once is not asked of the kernel again.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/heap.h"
#include "base/sanitized.h"

enum { TASK = 1 << 20, TIMES = 8, LATER = 16 << 20 };

static long page_faults(void)
{
	struct rusage used;

	getrusage(RUSAGE_SELF, &used);
	return used.ru_minflt;
}

/* Uses n bytes, in pieces that grow, as buffers do. */
static void use(size_t n)
{
	size_t step = n / 6; /* of three pieces, that have one, two and three of it */
	void *piece[3];

	for (size_t i = 0; i < 3; i++) {
		piece[i] = malloc((i + 1) * step);
		assert_non_null(piece[i]);
		memset(piece[i], 1, (i + 1) * step);
	}
	for (size_t i = 0; i < 3; i++)
		free(piece[i]);
}

static void *use_in_thread(void *data)
{
	use(*(const size_t *)data);
	return NULL;
}

static void in_thread(size_t n)
{
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, use_in_thread, &n), 0);
	pthread_join(thread, NULL);
}

static void mapped_once(void **state)
{
	long before, page = sysconf(_SC_PAGESIZE);

	(void)state;
#if SANITIZED
	print_message("# skipped: a sanitizer has its own malloc\n");
	return;
#endif
	heap_for_one_task(true);
	before = page_faults();
	use(TASK);
	assert_true(page_faults() - before < TASK / page / 4); /* it is ready */
	in_thread(TASK);
	use(LATER);
	before = page_faults();
	for (int i = 0; i < TIMES; i++) {
		use(LATER);
		in_thread(LATER);
	}
	assert_true(page_faults() - before < LATER / page / 4);
	heap_for_one_task(true);
	assert_true(page_faults() - before < LATER / page / 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(mapped_once) };

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
