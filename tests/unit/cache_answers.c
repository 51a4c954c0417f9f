/* Answers of a store that the cache keeps for a while, and until somebody changes it. */
#include "unit.h"

#include <dirent.h>

#include "base/io.h"
#include "store/cache.h"
#include "time/time.h"

static int setup(void **state)
{
	*state = new_folder();
	return 0;
}

static int teardown(void **state)
{
	remove_folder(*state);
	return 0;
}

static bool has_answer(struct cache *c, const char *question, int64_t age_ns)
{
	struct buf b = { 0 };
	bool ret = cache_get_answer(c, bytes_str("s3://b"), question, age_ns, &b);

	if (ret)
		assert_bytes(buf_bytes(&b), "answer");
	else
		assert_int_equal(0, b.n);
	buf_release(&b);
	return ret;
}

static void put_answer(struct cache *c, const char *question, uint64_t at)
{
	cache_put_answer(c, bytes_str("s3://b"), question, at, bytes_str("answer"));
}

static void answers_are_good_until_a_change(void **state)
{
	struct cache *c = cache_open(*state, NULL, NULL, NULL),
		     *other = cache_open(*state, NULL, NULL, NULL);
	uint64_t at;
	struct err e;

	assert_false(has_answer(c, "list a", NS_PER_S * 100));
	put_answer(c, "list a", cache_changes(c));
	assert_true(has_answer(c, "list a", NS_PER_S * 100));
	assert_true(has_answer(other, "list a", NS_PER_S * 100));
	assert_false(has_answer(c, "list b", NS_PER_S * 100));
	assert_false(has_answer(c, "list a", 0)); /* too old */

	assert_int_equal(0, cache_forget_answers(other, &e));
	assert_false(has_answer(c, "list a", NS_PER_S * 100));

	at = cache_changes(c); /* asked, */
	assert_int_equal(0, cache_forget_answers(other, &e));
	put_answer(c, "list a", at); /* and overtaken */
	assert_false(has_answer(c, "list a", NS_PER_S * 100));
	put_answer(c, "list a", cache_changes(c));
	assert_true(has_answer(c, "list a", NS_PER_S * 100));
	cache_close(c);
	cache_close(other);
}

static void a_damaged_answer_is_none(void **state)
{
	struct cache *c = cache_open(*state, NULL, NULL, NULL);
	struct buf path = { 0 }, file = { 0 };
	struct buf hex = { 0 };
	struct err e;
	DIR *d;

	put_answer(c, "list a", 0);
	buf_addf(&path, "%s/answers", (char *)*state);
	d = opendir(buf_str(&path));
	for (const struct dirent *de; (de = readdir(d)) != NULL;)
		if (de->d_name[0] != '.')
			buf_add_str(&hex, de->d_name);
	closedir(d);
	buf_addf(&path, "/%s", buf_str(&hex));
	assert_int_equal(0, io_read_file(buf_str(&path), 4096, &file, &e));
	for (size_t i = 0; i <= file.n; i++) {
		struct buf bad = { 0 };

		buf_add(&bad, file.p, i); /* cut short */
		assert_int_equal(0, file_replace_bytes(path.p, buf_bytes(&bad), &e));
		assert_int_equal(i == file.n, has_answer(c, "list a", NS_PER_S * 1000));
		if (i == file.n) {
			buf_release(&bad);
			break;
		}
		buf_reset(&bad);
		buf_add(&bad, file.p, file.n);
		bad.p[i] ^= 1;
		assert_int_equal(0, file_replace_bytes(path.p, buf_bytes(&bad), &e));
		assert_false(has_answer(c, "list a", NS_PER_S * 1000));
		buf_release(&bad);
	}
	buf_release(&path);
	buf_release(&file);
	buf_release(&hex);
	cache_close(c);
}

static size_t n_answers(const char *cache)
{
	struct buf path = { 0 };
	size_t n = 0;
	DIR *d;

	buf_addf(&path, "%s/answers", cache);
	d = opendir(buf_str(&path));
	assert_non_null(d);
	for (const struct dirent *de; (de = readdir(d)) != NULL;)
		n += de->d_name[0] != '.';
	closedir(d);
	buf_release(&path);
	return n;
}

/* Room is made now and then, by the clock. */
static void answers_take_a_sixteenth_at_most(void **state)
{
	const struct cache_limits limits = { .bytes = 16 * 6000 };
	struct cache *c = cache_open(*state, &limits, NULL, NULL);
	size_t n = 0, before = 0;
	char question[32];

	for (unsigned i = 0; i < 1000000 && n >= before; i++) {
		snprintf(question, sizeof(question), "list %u", i);
		put_answer(c, question, cache_changes(c));
		before = n;
		n = i % 64 ? n : n_answers(*state);
	}
	assert_in_range(n, 1, before - 1);
	assert_true(before > 50); /* of more than 100 bytes each */
	cache_close(c);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(answers_are_good_until_a_change),
		T(a_damaged_answer_is_none),
		T(answers_take_a_sixteenth_at_most),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
