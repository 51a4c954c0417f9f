/*
 * Reading a remote store for a query: the same entries as from the folder, in few rounds of few
 * requests, ahead of who decodes them; damage and absence told.
 */
#include "index_store.h"
#include "remote.h"

#include "base/work.h"
#include "query/fetch.h"
#include "query/source.h"
#include "store/cache.h"

/* What a scan came to. */
struct sum {
	pthread_mutex_t lock;
	uint64_t n, hash;
	uint64_t enough;
	unsigned n_damage;
	struct err last;
};

static int take(void *data, unsigned worker, size_t slot, const struct unit *unit, struct block *b,
		struct err *e)
{
	struct sum *s = data;

	(void)worker;
	(void)slot;
	(void)unit;
	if (block_need(b, WANT_TS | WANT_LENS | WANT_LINES, e) < 0)
		return -1;
	pthread_mutex_lock(&s->lock);
	for (size_t k = 0; k < b->n_sel; k++) {
		uint32_t i = block_entry(b, k);

		s->n++;
		s->hash += hash64(block_line(b, i)) * (uint64_t)b->run.ts_ns[i];
	}
	pthread_mutex_unlock(&s->lock);
	return 0;
}

static int done(void *data, size_t unit, size_t slot, struct err *e)
{
	struct sum *s = data;
	int rc;

	(void)unit;
	(void)slot;
	(void)e;
	pthread_mutex_lock(&s->lock);
	rc = s->enough && s->n >= s->enough;
	pthread_mutex_unlock(&s->lock);
	return rc;
}

static void damage(void *data, const struct err *e)
{
	struct sum *s = data;

	s->n_damage++;
	s->last = *e;
}

/* Scans days from..to of the store. */
static int scan_days(struct store *st, int32_t from, int32_t to, unsigned jobs, struct sum *sum,
		     struct err *e)
{
	struct source_opts o = { .tenant = BYTES_LIT("fake"),
				 .damage = damage,
				 .damage_data = sum };
	struct plan plan = { .from = time_day_start(from), .to = time_day_start(to + 1) };
	struct pipeline pipeline = { 0 };
	struct scan scan = { .plan = &plan,
			     .pipeline = &pipeline,
			     .jobs = jobs,
			     .damage = damage,
			     .damage_data = sum };
	struct covered covered = { 0 };
	int rc;

	pthread_mutex_init(&sum->lock, NULL);
	names_init(&pipeline.names);
	plan.views = views_make(&plan.mem, o.tenant, NULL, 0, NULL, 0);
	scan.sink = (struct sink){ .want = WANT_TS | WANT_LENS | WANT_LINES,
				   .enough = sum->enough,
				   .take = take,
				   .done = done,
				   .data = sum };
	rc = source_store(&plan, st, &covered, MISSING_LOST, &o, e);
	if (rc == 0) {
		plan_units(&plan, BACKWARD);
		scan_init(&scan);
		rc = scan_run(&scan, e);
		scan_release(&scan);
	}
	plan_release(&plan);
	names_release(&pipeline.names);
	free(covered.v);
	pthread_mutex_destroy(&sum->lock);
	return rc;
}

static void pack_day(struct fixture *f, int32_t day, const char *app, unsigned n_streams,
		     unsigned n_entries)
{
	struct hash128 segment = test_id((unsigned)day * 10 + (unsigned)app[0]);
	struct pack_spec spec = { .tenant = "fake",
				  .app = app,
				  .day = day,
				  .n_streams = n_streams,
				  .n_entries = n_entries,
				  .chunk_entries = 300,
				  .segments = &segment,
				  .n_segments = 1 };
	struct store_name name = put_pack(f->s, &spec);

	build(f, &name, 1, 1, 0);
}

static struct sum sum_of_folder(struct fixture *f, int32_t from, int32_t to)
{
	struct sum s = { 0 };
	struct err e;

	assert_int_equal(0, scan_days(f->s, from, to, 1, &s, &e));
	assert_int_equal(0, s.n_damage);
	assert_true(s.n > 0);
	return s;
}

static void check_same(const struct sum *a, const struct sum *b)
{
	assert_int_equal(a->n, b->n);
	assert_true(a->hash == b->hash);
}

static void a_cold_scan_takes_three_rounds(void **state)
{
	struct fixture *f = *state;
	struct remote *r = remote_open(f->path);
	struct sum near, far = { 0 };
	struct err e;

	r->delay_ns = 150000000; /* threads of a busy machine begin late */
	for (int32_t d = 0; d < 3; d++)
		pack_day(f, DAY + d, "web", 6, 2000);
	near = sum_of_folder(f, DAY, DAY + 2);
	for (unsigned jobs = 1; jobs <= 3; jobs += 2) {
		uint64_t gets = r->base.gets;

		r->rounds = 0;
		far = (struct sum){ 0 };
		assert_int_equal(0, scan_days(&r->base, DAY, DAY + 2, jobs, &far, &e));
		check_same(&near, &far);
		assert_int_equal(0, far.n_damage);
		assert_in_range(r->rounds, 1, 3); /* list, index files, blocks */
		assert_int_equal(6, r->base.gets - gets);
	}
	store_close(&r->base);
}

/* More days than are listed one by one; those outside are not fetched. */
static void a_long_range_is_listed_at_once(void **state)
{
	struct fixture *f = *state;
	struct remote *r = remote_open(f->path);
	struct sum near, far = { 0 };
	struct err e;

	for (int32_t d = 0; d < 20; d++)
		pack_day(f, DAY + d, "web", 2, 10);
	near = sum_of_folder(f, DAY + 2, DAY + 15);
	assert_int_equal(0, scan_days(&r->base, DAY + 2, DAY + 15, 2, &far, &e));
	check_same(&near, &far);
	assert_int_equal(1, r->base.lists);
	assert_int_equal(28, r->base.gets);
	assert_in_range(r->rounds, 1, 3);
	store_close(&r->base);
}

static void streams_that_overlap_are_merged(void **state)
{
	struct fixture *f = *state;
	struct remote *r = remote_open(f->path);
	struct sum near, far = { 0 };
	struct err e;

	pack_day(f, DAY, "web", 3, 2000);
	{ /* the same entries again, and more of the same streams */
		struct hash128 segment = test_id(77);
		struct pack_spec spec = { .tenant = "fake",
					  .app = "web",
					  .day = DAY,
					  .n_streams = 3,
					  .n_entries = 3000,
					  .step_s = 1,
					  .chunk_entries = 700,
					  .segments = &segment,
					  .n_segments = 1,
					  .order_key = 5 };
		struct store_name name = put_pack(f->s, &spec);

		build(f, &name, 1, 1, 0);
	}
	near = sum_of_folder(f, DAY, DAY);
	assert_int_equal(9000, near.n);
	assert_int_equal(0, scan_days(&r->base, DAY, DAY, 2, &far, &e));
	check_same(&near, &far);
	assert_in_range(r->rounds, 1, 3);
	store_close(&r->base);
}

static void a_warm_scan_asks_for_a_listing_alone(void **state)
{
	struct fixture *f = *state;
	struct remote *r = remote_open(f->path);
	char *dir = new_folder();
	struct cache *c = cache_open(dir, NULL, NULL, NULL);
	struct sum near, far;
	struct err e;
	uint64_t gets;

	store_set_cache(&r->base, c, STORE_CACHED_ALL);
	pack_day(f, DAY, "web", 6, 2000);
	near = sum_of_folder(f, DAY, DAY);
	for (int i = 0; i < 3; i++) {
		gets = r->base.gets;
		far = (struct sum){ 0 };
		assert_int_equal(0, scan_days(&r->base, DAY, DAY, 2, &far, &e));
		check_same(&near, &far);
		if (i)
			assert_int_equal(gets, r->base.gets);
	}
	store_close(&r->base);
	cache_close(c);
	remove_folder(dir);
}

/* Any answer may be damaged on its way: an index file, a head, a block. */
static void a_damaged_answer_is_asked_for_again(void **state)
{
	struct fixture *f = *state;
	char *dir = new_folder();
	struct sum near;
	struct err e;

	pack_day(f, DAY, "web", 3, 2000);
	near = sum_of_folder(f, DAY, DAY);
	for (unsigned after = 0; after < 2; after++) {
		struct remote *r = remote_open(f->path);
		struct cache *c = cache_open(dir, NULL, NULL, NULL);
		struct sum far = { 0 };
		struct buf rm = { 0 };

		store_set_cache(&r->base, c, STORE_CACHED_ALL);
		r->n_right = after;
		r->n_damaged = 1;
		assert_int_equal(0, scan_days(&r->base, DAY, DAY, 1, &far, &e));
		assert_int_equal(0, r->n_damaged);
		check_same(&near, &far);
		assert_int_equal(0, far.n_damage);
		store_close(&r->base);
		cache_close(c);
		buf_addf(&rm, "rm -rf '%s'/*", dir);
		assert_int_equal(0, system(buf_str(&rm)));
		buf_release(&rm);
	}
	remove_folder(dir);
}

/* What is damaged in the store is told, is not kept, and the rest is read. */
static void damage_in_the_store_is_told(void **state)
{
	struct fixture *f = *state;
	struct remote *r = remote_open(f->path);
	struct sum near, far = { 0 };
	struct err e;

	pack_day(f, DAY, "web", 3, 900);
	near = sum_of_folder(f, DAY, DAY);
	r->n_right = 1; /* the index */
	r->n_damaged = 2;
	assert_int_equal(0, scan_days(&r->base, DAY, DAY, 1, &far, &e));
	assert_int_equal(1, far.n_damage);
	assert_int_equal(near.n - 300, far.n);
	assert_non_null(strstr(far.last.msg, "s3://test/fake/chunks/"));
	store_close(&r->base);
}

static void a_store_that_does_not_answer_ends_the_scan(void **state)
{
	struct fixture *f = *state;
	struct err e;

	pack_day(f, DAY, "web", 3, 900);
	for (unsigned after = 0; after < 2; after++) {
		struct remote *r = remote_open(f->path);
		struct sum far = { 0 };

		r->n_right = after;
		r->n_failing = 100;
		assert_int_equal(-1, scan_days(&r->base, DAY, DAY, 2, &far, &e));
		assert_int_equal(ERR_AGAIN, e.code);
		store_close(&r->base);
	}
}

static void a_pack_that_is_gone_is_told(void **state)
{
	struct fixture *f = *state;
	struct remote *r = remote_open(f->path);
	struct sum near, far = { 0 };
	struct buf rm = { 0 };
	struct err e;

	pack_day(f, DAY, "web", 3, 900);
	near = sum_of_folder(f, DAY, DAY);
	pack_day(f, DAY + 1, "web", 1, 100);
	buf_addf(&rm, "rm '%s'/fake/chunks/%s/*", f->path, "2024-10-05");
	assert_int_equal(0, system(buf_str(&rm)));
	assert_int_equal(0, scan_days(&r->base, DAY, DAY + 1, 1, &far, &e));
	check_same(&near, &far);
	assert_int_equal(1, far.n_damage);
	assert_non_null(strstr(far.last.msg, "the pack is gone"));
	buf_release(&rm);
	store_close(&r->base);
}

/* A scan that has enough does not fetch all there is. */
static void a_scan_that_ends_soon_fetches_little(void **state)
{
	struct fixture *f = *state;
	struct remote *r = remote_open(f->path);
	struct sum all = { 0 }, few = { .enough = 100 };
	struct err e;
	uint64_t bytes;

	for (int32_t d = 0; d < 40; d++)
		pack_day(f, DAY + d, "web", 20, 4000);
	r->delay_ns = 0;
	assert_int_equal(0, scan_days(&r->base, DAY, DAY + 39, 2, &all, &e));
	bytes = r->base.bytes_read;
	assert_int_equal(1, scan_days(&r->base, DAY, DAY + 39, 2, &few, &e));
	assert_in_range(r->base.bytes_read - bytes, 1, bytes * 9 / 10);
	store_close(&r->base);
}

/* A listing that was kept names an index file that is gone since: it is listed anew. */
static void an_old_listing_does_no_harm(void **state)
{
	struct fixture *f = *state;
	struct remote *r = remote_open(f->path);
	char *dir = new_folder();
	struct cache *c = cache_open(dir, NULL, NULL, NULL);
	struct sum near, far = { 0 };
	struct buf rm = { 0 };
	struct err e;

	store_set_cache(&r->base, c, STORE_CACHED_ALL);
	store_set_answer_age(&r->base, INT64_MAX);
	pack_day(f, DAY, "web", 3, 900);
	for (int i = 0; i < 2; i++) {
		far = (struct sum){ 0 };
		assert_int_equal(0, scan_days(&r->base, DAY, DAY, 1, &far, &e));
		assert_int_equal(1, r->base.lists);
	}
	buf_addf(&rm, "rm '%s'/fake/index/2024-10-04/*; rm -r '%s'/[0-9a-f][0-9a-f]", f->path, dir);
	assert_int_equal(0, system(buf_str(&rm)));
	pack_day(f, DAY, "api", 2, 900);
	near = sum_of_folder(f, DAY, DAY);
	far = (struct sum){ 0 };
	assert_int_equal(0, scan_days(&r->base, DAY, DAY, 1, &far, &e));
	check_same(&near, &far);
	assert_int_equal(0, far.n_damage);
	buf_release(&rm);
	store_close(&r->base);
	cache_close(c);
	remove_folder(dir);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_cold_scan_takes_three_rounds),
		T(a_long_range_is_listed_at_once),
		T(streams_that_overlap_are_merged),
		T(a_warm_scan_asks_for_a_listing_alone),
		T(a_damaged_answer_is_asked_for_again),
		T(damage_in_the_store_is_told),
		T(a_store_that_does_not_answer_ends_the_scan),
		T(a_pack_that_is_gone_is_told),
		T(an_old_listing_does_no_harm),
		T(a_scan_that_ends_soon_fetches_little),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
