/* cost/twice.h: many records, of few ids and of many. */
#include "unit.h"

#include <sys/resource.h>

#include "base/sanitized.h"
#include "cost/twice.h"

enum { MANY = 400000 };

struct told {
	uint64_t n;
	uint64_t last, first; /* lines, of the one that was told last */
	uint32_t last_file, first_file;
};

static void found(void *data, struct cost_where at, struct cost_where first)
{
	struct told *t = data;

	t->n++;
	t->last = at.line;
	t->last_file = at.file;
	t->first = first.line;
	t->first_file = first.file;
}

static struct hash128 id_of(uint64_t n)
{
	return hash128(bytes_of(&n, sizeof(n)));
}

static void add(struct cost_twice *t, uint64_t id, uint32_t file, uint64_t line)
{
	struct err e;

	if (cost_twice_add(t, id_of(id), (struct cost_where){ file, line }, &e) < 0)
		fail_msg("%s", e.msg);
}

/* All parts have more than they keep in memory; few files can be open. */
static void one_file_holds_what_there_is_more(void **state)
{
	struct cost_twice *t = cost_twice_new();
	struct rlimit was, few;
	struct told told = { 0 };
	struct err e;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	few = was;
	few.rlim_cur = 16;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	for (uint64_t i = 0; i < MANY; i++)
		add(t, i, 0, i + 1);
	add(t, 7, (1 << 24) - 1, UINT64_C(1) << 39);
	assert_int_equal(cost_twice_each(t, found, &told, &e), 1);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
	assert_int_equal(told.n, 1);
	assert_int_equal(told.first_file, 0);
	assert_int_equal(told.first, 8);
	assert_int_equal(told.last_file, (1 << 24) - 1);
	assert_true(told.last == UINT64_C(1) << 39);
	cost_twice_free(t);
}

/* What is kept of one id is bounded, and all are counted. */
static void one_id_that_stands_often_is_counted(void **state)
{
	struct cost_twice *t = cost_twice_new();
	struct told told = { 0 };
	struct err e;

	(void)state;
	for (uint64_t i = 0; i < MANY; i++)
		add(t, i % 1000 ? 0 : i, 3, i + 1);
	assert_int_equal(cost_twice_each(t, found, &told, &e), MANY - MANY / 1000);
	assert_true(told.n >= COST_TWICE_TOLD && told.n < 10000);
	assert_int_equal(told.first, 1);
	cost_twice_free(t);
}

/* Ids that fall into one part, as by chance they never do: memory stays that of a pass. */
static void ids_that_fall_together_are_found(void **state)
{
	struct cost_twice *t = cost_twice_new();
	struct rusage before, after;
	struct told told = { 0 };
	struct err e;

	(void)state;
	getrusage(RUSAGE_SELF, &before);
	for (uint64_t i = 0; i < 3 * MANY; i++) {
		struct hash128 id = id_of(i % (3 * MANY - 1));

		id.b[0] = 0;
		assert_int_equal(cost_twice_add(t, id, (struct cost_where){ 0, i + 1 }, &e), 0);
	}
	assert_int_equal(cost_twice_each(t, found, &told, &e), 1);
	assert_int_equal(told.first, 1);
	assert_int_equal(told.last, 3 * MANY);
	getrusage(RUSAGE_SELF, &after);
#if !SANITIZED
	assert_true(after.ru_maxrss - before.ru_maxrss < 12 * 1024); /* of 28 MB */
#endif
	cost_twice_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_file_holds_what_there_is_more),
		cmocka_unit_test(one_id_that_stands_often_is_counted),
		cmocka_unit_test(ids_that_fall_together_are_found),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
