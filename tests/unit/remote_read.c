/* Reading from a remote store: few requests, and none for what the cache has. */
#include "remote.h"

#include "base/io.h"
#include "store/cache.h"

enum { PACK = 0, OTHER = 1, SIZE = 3 << 20 };

struct fixture {
	char *dir, *cache_dir;
	struct remote *r;
	struct store *s;
	struct cache *c;
	struct buf content;
	char name[2][80];
	struct store_file file[2];
};

static int setup(void **state)
{
	struct fixture *f = mem_alloc(sizeof(*f));
	uint64_t seed = 1;
	struct err e;

	f->dir = new_folder();
	f->cache_dir = new_folder();
	f->r = remote_open(f->dir);
	f->s = &f->r->base;
	for (unsigned i = 0; i < SIZE; i++)
		buf_add_char(&f->content, (char)rnd(&seed));
	for (int i = 0; i < 2; i++) {
		struct hash128 h;
		struct buf name = { 0 };

		assert_int_equal(
			0, store_put_bytes(
				   f->r->dir, i ? "t/index/2026-01-02/" : "t/chunks/2026-01-02/",
				   i ? ".idx" : ".pack", buf_bytes(&f->content), &h, &name, &e));
		snprintf(f->name[i], sizeof(f->name[i]), "%s", buf_str(&name));
		assert_int_equal(0, store_file_open_sized(f->s, f->name[i], SIZE, &f->file[i], &e));
		buf_release(&name);
	}
	*state = f;
	return 0;
}

static int setup_cached(void **state)
{
	struct fixture *f;

	setup(state);
	f = *state;
	f->c = cache_open(f->cache_dir, NULL, NULL, NULL);
	store_set_cache(f->s, f->c, STORE_CACHED_ALL);
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	store_file_close(&f->file[0]);
	store_file_close(&f->file[1]);
	store_close(f->s);
	cache_close(f->c);
	buf_release(&f->content);
	remove_folder(f->dir);
	remove_folder(f->cache_dir);
	free(f);
	return 0;
}

/* Reads the n ranges at once and compares them. */
static void read_ranges(struct fixture *f, const uint64_t (*at)[3], size_t n)
{
	struct store_read *v = mem_alloc(n * sizeof(*v));
	struct err e;

	for (size_t i = 0; i < n; i++)
		v[i] = (struct store_read){
			&f->file[at[i][0]], at[i][1], mem_alloc(at[i][2] + 1), at[i][2], { 0 }
		};
	assert_int_equal(0, store_read_all(v, n, &e));
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(ERR_NONE, v[i].err.code);
		assert_memory_equal(f->content.p + at[i][1], v[i].p, at[i][2]);
		free(v[i].p);
	}
	free(v);
}

#define READ(f, ...)                                             \
	do {                                                     \
		const uint64_t at_[][3] = { __VA_ARGS__ };       \
		read_ranges(f, at_, sizeof(at_) / sizeof(*at_)); \
	} while (0)

static void near_ranges_come_in_one_request(void **state)
{
	struct fixture *f = *state;

	READ(f, { PACK, 5000, 100 }, { PACK, 0, 1000 }, { PACK, 200000, 7 }, { PACK, 5050, 100 });
	assert_int_equal(1, f->s->gets);
	assert_int_equal(200007, f->s->bytes_read);
}

static void far_ranges_come_in_requests_at_once(void **state)
{
	struct fixture *f = *state;

	READ(f, { PACK, 2000000, 100 }, { OTHER, 0, 1000 }, { PACK, 0, 7 });
	assert_int_equal(3, f->s->gets);
	assert_int_equal(1107, f->s->bytes_read);
	assert_int_equal(1, f->r->rounds);
}

static uint64_t rounds_of(const struct fixture *f)
{
	struct store_stats st;

	store_stats(f->s, &st);
	return st.rounds;
}

static void random_ranges(struct fixture *f)
{
	uint64_t seed = env_number("SEED", 7);

	f->r->delay_ns = 0;
	for (unsigned round = 0; round < 60; round++) {
		uint64_t at[20][3];
		size_t n = 1 + rnd_below(&seed, 20);

		for (size_t i = 0; i < n; i++) {
			at[i][0] = rnd_below(&seed, 2);
			at[i][1] = rnd_below(&seed, SIZE);
			at[i][2] = rnd_below(&seed, round % 2 ? 3000 : 500000);
			if (at[i][2] > SIZE - at[i][1])
				at[i][2] = SIZE - at[i][1];
		}
		read_ranges(f, (const uint64_t(*)[3])at, n);
	}
}

static void random_ranges_are_right(void **state)
{
	random_ranges(*state);
}

static void a_file_that_is_gone_is_told_of_its_ranges_alone(void **state)
{
	struct fixture *f = *state;
	struct store_read v[3];
	char p[3][10];
	struct err e;

	assert_int_equal(0, store_delete(f->r->dir, f->name[OTHER], &e));
	for (unsigned i = 0; i < 3; i++)
		v[i] = (struct store_read){ &f->file[i % 2], i * 100, p[i], 10, { 0 } };
	assert_int_equal(-1, store_read_all(v, 3, &e));
	assert_int_equal(ERR_NO, e.code);
	assert_int_equal(ERR_NONE, v[0].err.code);
	assert_int_equal(ERR_NO, v[1].err.code);
	assert_int_equal(ERR_NONE, v[2].err.code);
	assert_memory_equal(p[2], f->content.p + 200, 10);
}

static void whole_files_come_at_once(void **state)
{
	struct fixture *f = *state;
	struct store_file *v[2] = { &f->file[0], &f->file[1] };
	struct err e, errs[2];

	store_map_all(v, 2, errs);
	assert_int_equal(1, f->r->rounds);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ERR_NONE, errs[i].code);
		assert_int_equal(SIZE, v[i]->map.n);
		assert_memory_equal(f->content.p, v[i]->map.p, SIZE);
	}
	assert_int_equal(0, store_file_map(v[0], &e)); /* is there already */
	assert_int_equal(1, f->r->rounds);
	assert_int_equal(1, rounds_of(f));
	READ(f, { PACK, 5, 10 });
	assert_int_equal(1, f->r->rounds);
	store_file_close(v[0]);
	assert_int_equal(0, v[0]->map.n);
}

static void what_was_read_is_not_asked_for_again(void **state)
{
	struct fixture *f = *state;
	struct cache_counts n;
	uint64_t gets;

	READ(f, { PACK, 70000, 100000 }, { OTHER, 0, 10 });
	gets = f->s->gets;
	assert_int_equal(2, gets);
	READ(f, { PACK, 65536, 131072 }, { PACK, 100000, 1 }, { OTHER, 60000, 100 });
	assert_int_equal(gets, f->s->gets);
	READ(f, { OTHER, 65530, 10 }); /* into the next page */
	assert_int_equal(gets + 1, f->s->gets);
	cache_count(f->c, &n);
	assert_int_equal(4, n.puts);
	assert_int_equal(4, n.misses);
}

static void cached_random_ranges_are_right(void **state)
{
	struct fixture *f = *state;

	random_ranges(f);
	assert_in_range(f->s->bytes_read, SIZE, 4 * SIZE); /* each page once, and gaps */
}

static void whole_files_come_from_the_cache(void **state)
{
	struct fixture *f = *state;
	struct store_file *file = &f->file[1];
	struct err e, why;
	uint64_t gets;

	store_map_all(&file, 1, &why);
	assert_int_equal(ERR_NONE, why.code);
	gets = f->s->gets;
	store_file_close(&f->file[1]);
	assert_int_equal(0, store_file_open_sized(f->s, f->name[1], SIZE, &f->file[1], &e));
	store_map_all(&file, 1, &why);
	assert_int_equal(ERR_NONE, why.code);
	assert_memory_equal(f->content.p, f->file[1].map.p, SIZE);
	assert_int_equal(gets, f->s->gets);
}

static void a_failed_read_is_not_kept(void **state)
{
	struct fixture *f = *state;
	struct err e;
	char p[10];

	f->r->n_failing = 1;
	assert_int_equal(-1, store_file_read(&f->file[0], 0, p, 10, &e));
	assert_int_equal(ERR_AGAIN, e.code);
	READ(f, { PACK, 0, 10 });
	assert_int_equal(2, f->s->gets);
}

static void what_is_doubted_is_asked_for_again(void **state)
{
	struct fixture *f = *state;
	struct err e;
	char p[100];

	f->r->n_damaged = 1;
	assert_int_equal(0, store_file_read(&f->file[0], 32768 - 50, p, 100, &e));
	assert_memory_not_equal(f->content.p + 32768 - 50, p, 100);
	store_file_doubt(&f->file[0], 32768 - 50, 100);
	READ(f, { PACK, 32768 - 50, 100 });
	assert_int_equal(2, f->s->gets);
}

/* Of an object under a chosen name the next content may be another one. */
static void what_may_change_is_not_kept(void **state)
{
	struct fixture *f = *state;
	struct store_file file;
	struct err e;
	char p[5];

	assert_int_equal(0, store_put_named(f->r->dir, "t/deletes/1.json", bytes_str("one.."),
					    STORE_PUT_ANY, &e));
	assert_int_equal(0, store_file_open_sized(f->s, "t/deletes/1.json", 5, &file, &e));
	assert_int_equal(0, store_file_read(&file, 0, p, 5, &e));
	assert_int_equal(0, store_put_named(f->r->dir, "t/deletes/1.json", bytes_str("two.."),
					    STORE_PUT_ANY, &e));
	assert_int_equal(0, store_file_read(&file, 0, p, 5, &e));
	assert_memory_equal(p, "two..", 5);
	store_file_close(&file);
}

static int ignore_object(const struct store_object *o, void *data, struct err *e)
{
	(void)e;
	assert_true(o->size > 0 && o->date_ns > 0);
	++*(unsigned *)data;
	return 0;
}

static void answers_are_asked_for_once_in_a_while(void **state)
{
	struct fixture *f = *state;
	struct buf b = { 0 };
	unsigned n = 0;
	struct err e;

	store_set_answer_age(f->s, INT64_MAX);
	assert_int_equal(
		0, store_put_named(f->r->dir, "t/limits", bytes_str("text"), STORE_PUT_ANY, &e));
	for (unsigned i = 1; i <= 3; i++) {
		assert_int_equal(0, store_list_objects(f->s, "t/", ignore_object, &n, &e));
		assert_int_equal(3 * i, n);
		buf_reset(&b);
		assert_int_equal(0, store_get(f->s, "t/limits", 100, &b, &e));
		assert_bytes(buf_bytes(&b), "text");
		assert_int_equal(-1, store_get(f->s, "t/none", 100, &b, &e));
		assert_int_equal(ERR_NO, e.code);
		assert_int_equal(-1, store_get(f->s, "t/limits", 3, &b, &e));
		assert_int_equal(ERR_LIMIT, e.code);
	}
	assert_int_equal(1, f->s->lists);
	assert_int_equal(2, f->s->gets);
	assert_int_equal(0, cache_forget_answers(f->c, &e));
	assert_int_equal(0, store_list_objects(f->s, "t/", ignore_object, &n, &e));
	assert_int_equal(2, f->s->lists);
	buf_release(&b);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define C(name) cmocka_unit_test_setup_teardown(name, setup_cached, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(near_ranges_come_in_one_request),
		T(far_ranges_come_in_requests_at_once),
		T(random_ranges_are_right),
		T(a_file_that_is_gone_is_told_of_its_ranges_alone),
		T(whole_files_come_at_once),
		C(what_was_read_is_not_asked_for_again),
		C(cached_random_ranges_are_right),
		C(a_file_that_is_gone_is_told_of_its_ranges_alone),
		C(whole_files_come_from_the_cache),
		C(a_failed_read_is_not_kept),
		C(what_is_doubted_is_asked_for_again),
		C(what_may_change_is_not_kept),
		C(answers_are_asked_for_once_in_a_while),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
