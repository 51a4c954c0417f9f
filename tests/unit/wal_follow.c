/* A folder that is followed: what was there at first, what appears, and how much may wait. */
#include "own_folder.h"

#include "wal/follow.h"

/* An empty segment of that number, open. */
static int begin(uint32_t number)
{
	struct wal_header h = { .created_ns = 1000 + number, .node = "n" };
	struct err e;
	char *path;
	int fd;

	memcpy(h.id.b, &number, sizeof(number));
	fd = wal_segment_create(dir, &h, &path, &e);
	assert_true(fd >= 0);
	free(path);
	return fd;
}

static void make_closed(uint32_t number)
{
	close(begin(number));
}

/* The number of the next segment. */
static uint32_t take(struct wal_follow *f)
{
	struct wal_segment s;
	struct err e;
	uint32_t number;
	int r;

	while ((r = wal_follow_take(f, &s, &e)) == 0)
		assert_true(wal_follow_wait(f, -1));
	assert_int_equal(r, 1);
	memcpy(&number, s.header.id.b, sizeof(number));
	wal_segment_release(&s);
	return number;
}

static void what_was_closed_is_past_and_what_appears_comes(void **state)
{
	int open1, open2;
	struct wal_follow *f;
	struct err e;

	(void)state;
	make_closed(1);
	open1 = begin(2);
	make_closed(3);
	open2 = begin(4);
	assert_int_equal(wal_follow_new(dir, -1, &f, &e), 0);
	make_closed(5);
	assert_int_equal(wal_follow_first(f), 2);
	assert_int_equal(take(f), 2);
	assert_int_equal(take(f), 4);
	assert_int_equal(take(f), 5);
	assert_int_equal(wal_follow_first(f), 2);
	wal_follow_free(f);
	close(open1);
	close(open2);
}

static void many_that_are_past_do_not_wait(void **state)
{
	struct wal_follow *f;
	struct err e;

	(void)state;
	for (uint32_t i = 0; i <= WAL_FOLLOW_HELD_MAX; i++)
		make_closed(i);
	assert_int_equal(wal_follow_new(dir, -1, &f, &e), 0);
	assert_int_equal(wal_follow_first(f), 0);
	make_closed(9999);
	assert_int_equal(take(f), 9999);
	wal_follow_free(f);
}

static void too_many_that_wait_are_told(void **state)
{
	int fd[WAL_FOLLOW_HELD_MAX + 1];
	struct wal_follow *f;
	struct wal_segment s;
	struct err e;

	(void)state;
	for (uint32_t i = 0; i <= WAL_FOLLOW_HELD_MAX; i++)
		fd[i] = begin(i);
	assert_int_equal(wal_follow_new(dir, -1, &f, &e), 0);
	assert_int_equal(wal_follow_first(f), WAL_FOLLOW_HELD_MAX);
	for (uint32_t i = 0; i < WAL_FOLLOW_HELD_MAX; i++)
		assert_int_equal(take(f), i);
	assert_int_equal(wal_follow_take(f, &s, &e), -1);
	assert_int_equal(e.code, ERR_AGAIN);
	assert_string_equal(e.msg, "cannot catch up: too many segments wait to be read");
	wal_follow_free(f);
	for (uint32_t i = 0; i <= WAL_FOLLOW_HELD_MAX; i++)
		close(fd[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_closed_is_past_and_what_appears_comes,
						make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(many_that_are_past_do_not_wait, make_dir,
						remove_dir),
		cmocka_unit_test_setup_teardown(too_many_that_wait_are_told, make_dir, remove_dir),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
