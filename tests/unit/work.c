/* The parallel loop: every item once, results in order, errors and early ends. */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "base/work.h"

enum { ITEMS = 1000, WINDOW = 7 };

struct job {
	size_t slot[WINDOW], next_done, stop_at, fail_at;
	unsigned jobs;
};

static int run(void *data, unsigned worker, size_t item, size_t slot, struct err *e)
{
	struct job *j = data;

	if (worker >= j->jobs || slot >= WINDOW)
		return err_set(e, ERR_BUG, "worker %u, slot %zu", worker, slot);
	if (item == j->fail_at || item == j->fail_at + 1)
		return err_set(e, ERR_CORRUPT, "item %zu", item);
	j->slot[slot] = item * 3;
	return 0;
}

static int done(void *data, size_t item, size_t slot, struct err *e)
{
	struct job *j = data;

	if (item != j->next_done || j->slot[slot] != item * 3)
		return err_set(e, ERR_BUG, "item %zu after %zu", item, j->next_done);
	j->next_done++;
	return item == j->stop_at;
}

static int loop(struct job *j, unsigned jobs, size_t n, struct err *e)
{
	struct work w = { n, jobs, WINDOW, run, done, j };

	j->jobs = jobs;
	return work_run(&w, e);
}

static void in_order(void **state)
{
	(void)state;
	for (unsigned jobs = 1; jobs < 12; jobs++) {
		struct job j = { .stop_at = SIZE_MAX, .fail_at = SIZE_MAX - 1 };
		struct err e;

		assert_int_equal(loop(&j, jobs, ITEMS, &e), 0);
		assert_int_equal(j.next_done, ITEMS);
		j.next_done = 0;
		assert_int_equal(loop(&j, jobs, 0, &e), 0);
	}
}

static void first_error(void **state)
{
	(void)state;
	for (unsigned jobs = 1; jobs < 12; jobs++) {
		struct job j = { .stop_at = SIZE_MAX, .fail_at = 500 };
		struct err e;

		assert_int_equal(loop(&j, jobs, ITEMS, &e), -1);
		assert_int_equal(e.code, ERR_CORRUPT);
		assert_string_equal(e.msg, "item 500");
		assert_int_equal(j.next_done, 500);
	}
}

static void early_end(void **state)
{
	(void)state;
	for (unsigned jobs = 1; jobs < 12; jobs++) {
		struct job j = { .stop_at = 42, .fail_at = SIZE_MAX - 1 };

		assert_int_equal(loop(&j, jobs, ITEMS, NULL), 1);
		assert_int_equal(j.next_done, 43);
	}
}

/* --- of a large window, several at once --- */

enum { ROOM = 400, MANY = 20000 };

struct wide {
	unsigned char slot_is_used[ROOM];
	atomic_size_t begun;
	size_t next_done, fail_at;
};

static int run_wide(void *data, unsigned worker, size_t item, size_t slot, struct err *e)
{
	struct wide *w = data;

	(void)worker;
	atomic_fetch_add(&w->begun, 1);
	if (slot != item % ROOM || w->slot_is_used[slot])
		return err_set(e, ERR_BUG, "slot %zu of item %zu is not free", slot, item);
	if (item >= w->fail_at && item % 3 == 0)
		return err_set(e, ERR_CORRUPT, "item %zu", item);
	w->slot_is_used[slot] = 1;
	return 0;
}

static int done_wide(void *data, size_t item, size_t slot, struct err *e)
{
	struct wide *w = data;

	if (item != w->next_done || !w->slot_is_used[slot] || atomic_load(&w->begun) > item + ROOM)
		return err_set(e, ERR_BUG, "item %zu, expected %zu, of %zu", item, w->next_done,
			       atomic_load(&w->begun));
	w->slot_is_used[slot] = 0;
	w->next_done++;
	return 0;
}

static void several_at_once_in_order(void **state)
{
	(void)state;
	for (unsigned jobs = 2; jobs < 12; jobs++) {
		struct wide d = { .fail_at = SIZE_MAX };
		struct work w = { MANY + jobs, jobs, ROOM, run_wide, done_wide, &d };
		struct err e = { 0 };

		if (work_run(&w, &e) != 0)
			fail_msg("%s", e.msg);
		assert_int_equal(d.next_done, MANY + jobs);
		assert_int_equal(d.begun, MANY + jobs);
		d = (struct wide){ .fail_at = MANY / 2 };
		assert_int_equal(work_run(&w, &e), -1);
		assert_string_equal(e.msg, "item 10002");
		assert_int_equal(d.next_done, 10002);
	}
}

/* --- items that wait for those before them --- */

enum { TURNS = 24, ROUNDS = 400 };

struct turns {
	atomic_size_t turn;
	size_t stop_at;
	atomic_bool skipped; /* an item waited in vain for the one before it */
};

static int run_in_turn(void *data, unsigned worker, size_t item, size_t slot, struct err *e)
{
	struct turns *t = data;
	time_t end = time(NULL) + 20;

	(void)worker, (void)slot;
	while (atomic_load(&t->turn) != item) {
		if (time(NULL) > end) {
			atomic_store(&t->skipped, true);
			return err_set(e, ERR_BUG, "item %zu was not run", atomic_load(&t->turn));
		}
		sched_yield();
	}
	atomic_store(&t->turn, item + 1);
	return 0;
}

static int done_in_turn(void *data, size_t item, size_t slot, struct err *e)
{
	(void)slot, (void)e;
	return item == ((struct turns *)data)->stop_at;
}

static void what_was_taken_is_run_when_the_loop_ends(void **state)
{
	(void)state;
	for (unsigned jobs = 2; jobs < 5; jobs++)
		for (size_t round = 0; round < ROUNDS; round++) {
			struct turns t = { .stop_at = round % TURNS };
			struct work w = {
				TURNS, jobs, 8 * jobs - 1, run_in_turn, done_in_turn, &t
			};

			assert_int_equal(work_run(&w, NULL), 1);
			assert_false(t.skipped);
		}
}

/* --- whose threads --- */

struct threads {
	pthread_mutex_t lock;
	pthread_t caller, seen[WORK_JOBS_MAX];
	atomic_uint n_seen;
	unsigned jobs;
	size_t others_done; /* items that were taken up by another thread than the caller's */
};

static int run_seen(void *data, unsigned worker, size_t item, size_t slot, struct err *e)
{
	struct threads *t = data;
	unsigned i = 0;

	(void)worker, (void)item, (void)slot, (void)e;
	pthread_mutex_lock(&t->lock);
	while (i < t->n_seen && !pthread_equal(t->seen[i], pthread_self()))
		i++;
	if (i == t->n_seen)
		t->seen[t->n_seen++] = pthread_self();
	pthread_mutex_unlock(&t->lock);
	while (item < t->jobs && atomic_load(&t->n_seen) < t->jobs)
		sched_yield(); /* so each thread has its turn */
	return 0;
}

static int done_seen(void *data, size_t item, size_t slot, struct err *e)
{
	struct threads *t = data;

	(void)item, (void)slot, (void)e;
	t->others_done += !pthread_equal(t->caller, pthread_self());
	return 0;
}

static void the_caller_is_one_of_the_threads(void **state)
{
	(void)state;
	for (unsigned jobs = 1; jobs < 12; jobs++) {
		struct threads t = { .caller = pthread_self(), .jobs = jobs };
		struct work w = { ITEMS, jobs, 4 * jobs, run_seen, done_seen, &t };
		bool found = false;

		pthread_mutex_init(&t.lock, NULL);
		assert_int_equal(work_run(&w, NULL), 0);
		for (unsigned i = 0; i < t.n_seen; i++)
			found |= pthread_equal(t.seen[i], t.caller);
		assert_true(found);
		assert_int_equal(t.n_seen, jobs);
		assert_int_equal(t.others_done, 0);
		pthread_mutex_destroy(&t.lock);
	}
}

/* --- without done() --- */

struct crowd {
	unsigned jobs;
	atomic_int runs[ITEMS];
	atomic_bool slot_is_used[WINDOW];
	atomic_size_t n_runs;
	size_t waits_for, fail_at;
};

static int run_one(void *data, unsigned worker, size_t item, size_t slot, struct err *e)
{
	struct crowd *c = data;
	time_t end = time(NULL) + 20;

	if (worker >= c->jobs || slot >= WINDOW || atomic_exchange(&c->slot_is_used[slot], true))
		return err_set(e, ERR_BUG, "worker %u, slot %zu", worker, slot);
	atomic_fetch_add(&c->runs[item], 1);
	atomic_fetch_add(&c->n_runs, 1);
	while (item == 0 && atomic_load(&c->n_runs) < c->waits_for)
		if (time(NULL) > end)
			return err_set(e, ERR_BUG, "%zu items ran beside the first",
				       atomic_load(&c->n_runs));
	if (item == c->fail_at || item == c->fail_at + 1)
		return err_set(e, ERR_CORRUPT, "item %zu", item);
	atomic_store(&c->slot_is_used[slot], false);
	return 0;
}

static void nobody_waits_when_nothing_is_taken_up(void **state)
{
	(void)state;
	for (unsigned jobs = 1; jobs < 12; jobs++) {
		struct crowd c = { .jobs = jobs,
				   .waits_for = jobs > 1 ? ITEMS : 0,
				   .fail_at = SIZE_MAX - 1 };
		struct work w = { ITEMS, jobs, WINDOW, run_one, NULL, &c };
		struct err e = { 0 };

		if (work_run(&w, &e) != 0)
			fail_msg("%s", e.msg);
		for (size_t i = 0; i < ITEMS; i++)
			assert_int_equal(c.runs[i], 1);
	}
}

static void first_error_when_nothing_is_taken_up(void **state)
{
	(void)state;
	for (unsigned jobs = 1; jobs < 12; jobs++) {
		struct crowd c = { .jobs = jobs, .fail_at = 500 };
		struct work w = { ITEMS, jobs, WINDOW, run_one, NULL, &c };
		struct err e;

		assert_int_equal(work_run(&w, &e), -1);
		assert_string_equal(e.msg, "item 500");
		for (size_t i = 0; i <= 500; i++)
			assert_int_equal(c.runs[i], 1);
	}
}

static void processors(void **state)
{
	(void)state;
	assert_in_range(work_cpus(), 1, WORK_JOBS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_order),
		cmocka_unit_test(first_error),
		cmocka_unit_test(early_end),
		cmocka_unit_test(several_at_once_in_order),
		cmocka_unit_test(what_was_taken_is_run_when_the_loop_ends),
		cmocka_unit_test(the_caller_is_one_of_the_threads),
		cmocka_unit_test(nobody_waits_when_nothing_is_taken_up),
		cmocka_unit_test(first_error_when_nothing_is_taken_up),
		cmocka_unit_test(processors),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
