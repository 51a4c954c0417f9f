/* Index files of which chunks are dropped: what is left is right, what is gone is said to be
 * replaced, and of a day of which nothing is left nothing stays. */
#include "made_packs.h"

#include "index/merge.h"
#include "index/sweep.h"
#include "index/writer.h"
#include "time/time.h"

/* 30 streams of three chunks each, from segment `id`, with a delete request applied. */
static struct store_name put_chunks(struct fixture *f, const char *app, unsigned id)
{
	struct hash128 seg = test_id(id);
	struct bytes del[] = { BYTES_LIT("request") };
	struct pack_spec s = { .tenant = "fake",
			       .app = app,
			       .day = DAY,
			       .n_streams = 30,
			       .n_entries = 20,
			       .chunk_entries = 8,
			       .segments = &seg,
			       .n_segments = 1,
			       .deletes = del,
			       .n_deletes = 1 };

	return put_pack(f->s, &s);
}

typedef bool drop_fn(const struct index_chunk *c, uint32_t number);

/* Takes all of *l, without what drops says. */
static struct hash128 thin(struct fixture *f, const struct live *l, drop_fn *drops)
{
	bool **drop = mem_alloc((l->n + 1) * sizeof(*drop));
	struct index_merge m = { .store = f->s,
				 .tenant = BYTES_LIT("fake"),
				 .day = DAY,
				 .live = l,
				 .drop = (const bool *const *)drop };
	struct hash128 ret = { { 0 } };
	struct err e;

	for (size_t i = 0; i < l->n; i++) {
		uint32_t n = index_info(l->v[i])->n_chunks;

		drop[i] = mem_alloc((n + 1) * sizeof(**drop));
		for (uint32_t k = 0; k < n; k++) {
			struct index_chunk c;

			assert_int_equal(0, index_chunk_at(l->v[i], k, &c, &e));
			drop[i][k] = drops(&c, k);
		}
	}
	if (index_merge(&m, INDEX_MERGE_WRITE, &ret, NULL, &e) < 0)
		fail_msg("%s", e.msg);
	for (size_t i = 0; i < l->n; i++)
		free(drop[i]);
	free(drop);
	return ret;
}

static bool every_third(const struct index_chunk *c, uint32_t number)
{
	(void)c;
	return number % 3 == 0;
}

static bool all(const struct index_chunk *c, uint32_t number)
{
	(void)c;
	(void)number;
	return true;
}

static bool first_pack(const struct index_chunk *c, uint32_t number)
{
	(void)number;
	return c->pack == 0;
}

static void dropped_chunks_are_gone(void **state)
{
	struct fixture *f = *state;
	struct store_name sn = put_chunks(f, "web", 1);
	const struct index_info *in;
	struct index_pack p;
	struct bytes del;
	struct live l;

	build(f, &sn, 1, 1, 0);
	l = load(f, 1);
	assert_int_equal(index_info(l.v[0])->n_chunks, 90);
	assert_false(index_info(l.v[0])->thinned);
	thin(f, &l, every_third); /* of each stream the first 8 of 20 entries */
	live_release(&l);
	l = load(f, 1); /* and each that is left is in its pack as it should be */
	in = index_info(l.v[0]);
	assert_true(in->thinned);
	assert_int_equal(in->n_chunks, 60);
	assert_int_equal(in->entries, 30 * 12);
	assert_int_equal(in->min_ts, time_day_start(DAY) + 8 * NS_PER_S);
	assert_int_equal(in->n_old_packs, 0);
	assert_int_equal(0, index_pack_at(l.v[0], 0, &p, NULL));
	assert_int_equal(p.n_chunks, 60);
	assert_int_equal(p.entries, 30 * 12);
	assert_int_equal(covered(f, test_id(1)), 1);
	assert_int_equal(0, index_delete_at(l.v[0], 0, &del, NULL));
	assert_true(bytes_is(del, "request"));
	live_release(&l);
}

static void count_object(const char *name, uint64_t size, void *data)
{
	(void)name;
	(void)size;
	++*(size_t *)data;
}

/* Expects so many objects to go. */
static void sweep(struct fixture *f, int64_t delay_ns, size_t n_deleted)
{
	size_t n = 0;
	struct sweep s = { .store = f->s,
			   .tenant = BYTES_LIT("fake"),
			   .day = DAY,
			   .delay_ns = delay_ns,
			   .deleted = count_object,
			   .data = &n };
	struct err e;

	assert_int_equal(0, index_sweep(&s, &e));
	assert_int_equal(n, n_deleted);
}

static void a_pack_without_chunks_is_replaced(void **state)
{
	struct fixture *f = *state;
	struct store_name v[] = { put_chunks(f, "db", 1), put_chunks(f, "web", 2) };
	const struct hash128 *old;
	struct index_pack p;
	struct live l;

	build(f, v, 2, 1, 0);
	l = load(f, 1);
	assert_int_equal(0, index_pack_at(l.v[0], 0, &p, NULL));
	thin(f, &l, first_pack);
	live_release(&l);
	l = load(f, 1);
	assert_int_equal(index_info(l.v[0])->n_packs, 1);
	assert_int_equal(index_info(l.v[0])->n_old_packs, 1);
	assert_int_equal(0, index_list(l.v[0], INDEX_OLD_PACKS, &old, NULL));
	assert_int_equal(0, hash128_cmp(old, &p.name));
	assert_int_equal(live_entries(&l), 30 * 20);
	assert_int_equal(covered(f, test_id(1)), 1);
	assert_int_equal(covered(f, test_id(2)), 1);
	live_release(&l);
	sweep(f, 3600 * NS_PER_S, 0);
	sweep(f, 0, 2); /* the first index file, the pack */
	l = load(f, 1);
	/* what is thinned once stays so: a pack that had the segment is gone */
	thin(f, &l, every_third);
	live_release(&l);
	l = load(f, 1);
	assert_true(index_info(l.v[0])->thinned);
	assert_int_equal(index_info(l.v[0])->n_old_packs, 1);
	live_release(&l);
}

/* One with chunks, one without, which only says that it has the segment. */
static void a_pack_that_is_gone_is_replaced(void **state)
{
	struct fixture *f = *state;
	const struct hash128 seg = test_id(3);
	struct pack_spec empty = {
		.tenant = "fake", .app = "web", .day = DAY, .segments = &seg, .n_segments = 1
	};
	struct store_name v[] = { put_chunks(f, "db", 1), put_chunks(f, "web", 2),
				  put_pack(f->s, &empty) };
	struct live l;
	struct index_merge m = {
		.store = f->s, .tenant = BYTES_LIT("fake"), .day = DAY, .live = &l
	};

	build(f, v, 3, 1, 0);
	for (unsigned i = 1; i < 3; i++) {
		const struct hash128 *old;
		struct hash128 hash;
		struct err e;

		l = load(f, 1);
		m.gone = &v[i].hash;
		assert_int_equal(0, index_merge(&m, INDEX_MERGE_WRITE, &hash, NULL, &e));
		live_release(&l);
		l = load(f, 1);
		assert_int_equal(index_info(l.v[0])->n_packs, 3 - i);
		assert_int_equal(index_info(l.v[0])->n_old_packs, i);
		assert_int_equal(0, index_list(l.v[0], INDEX_OLD_PACKS, &old, NULL));
		assert_true(hash128_among(old, i, &v[i].hash));
		assert_true(index_info(l.v[0])->thinned);
		assert_int_equal(live_entries(&l), 30 * 20);
		assert_int_equal(covered(f, seg), 1);
		live_release(&l);
	}
}

/* Dates of all index files of the day. */
static void age_index(struct fixture *f, int64_t age_ns)
{
	struct live l;
	struct err e;
	int64_t now;

	assert_int_equal(0, store_now(f->s, "", &now, &e));
	assert_int_equal(0, live_load(f->s, BYTES_LIT("fake"), DAY, &l, &e));
	for (size_t i = 0; i < l.n; i++) {
		struct store_name sn = { STORE_INDEX, DAY, BYTES_LIT("fake"),
					 index_info(l.v[i])->name };
		struct buf name = { 0 };

		store_name_add(&name, &sn);
		set_date(f->path, buf_str(&name), now - age_ns);
		buf_release(&name);
	}
	live_release(&l);
}

static void of_an_expired_day_nothing_stays(void **state)
{
	struct fixture *f = *state;
	struct pack_spec other = {
		.tenant = "fake", .app = "new", .day = DAY, .n_streams = 1, .n_entries = 1
	};
	struct store_name sn = put_chunks(f, "web", 1), late;
	struct buf name = { 0 };
	struct bytes del;
	struct live l;
	struct err e;

	build(f, &sn, 1, 1, 0);
	l = load(f, 1);
	thin(f, &l, all);
	live_release(&l);
	l = load(f, 1); /* it still says what was there */
	assert_int_equal(index_info(l.v[0])->n_packs, 0);
	assert_int_equal(index_info(l.v[0])->n_old_packs, 1);
	assert_int_equal(covered(f, test_id(1)), 1);
	assert_int_equal(0, index_delete_at(l.v[0], 0, &del, NULL));
	assert_true(bytes_is(del, "request"));
	live_release(&l);
	age_index(f, 59 * NS_PER_S);
	sweep(f, 60 * NS_PER_S, 0);
	age_index(f, 60 * NS_PER_S);
	sweep(f, 60 * NS_PER_S, 2);
	late = put_pack(f->s, &other); /* of a flush that is not over */
	sweep(f, 60 * NS_PER_S, 0);
	store_name_add(&name, &late);
	assert_int_equal(0, store_delete(f->s, buf_str(&name), &e));
	age_index(f, 59 * NS_PER_S);
	sweep(f, 60 * NS_PER_S, 0);
	age_index(f, 60 * NS_PER_S);
	sweep(f, 60 * NS_PER_S, 1);
	l = load(f, 0);
	assert_int_equal(l.n_obsolete, 0);
	assert_int_equal(covered(f, test_id(1)), 0);
	live_release(&l);
	buf_release(&name);
}

/* One that has not been thinned must have all. */
static void a_missing_chunk_is_told(void **state)
{
	struct fixture *f = *state;
	struct store_name sn = put_chunks(f, "web", 1);
	struct index_beside beside = { .skip_pack = (bool[]){ false } };
	struct index_writer *w = index_writer_new(BYTES_LIT("fake"), DAY);
	struct index_leave leave = { 0 };
	struct buf file = { 0 };
	struct index *ix;
	struct live l;
	struct err e;
	bool *out;

	build(f, &sn, 1, 1, 0);
	l = load(f, 1);
	leave.chunk = out = mem_alloc(90 * sizeof(*out));
	out[7] = true;
	assert_int_equal(0, index_writer_add_index(w, l.v[0], &leave, &e));
	assert_int_equal(0, index_writer_finish(w, &file, &e));
	ix = index_open(buf_bytes(&file), "made.idx", &e);
	assert_non_null(ix);
	assert_true(index_check(f->s, ix, &beside, on_check_fault, &f->m) > 0);
	assert_non_null(strstr(f->m.last.msg, "pack 0 of the index says otherwise"));
	index_close(ix);
	index_writer_free(w);
	live_release(&l);
	buf_release(&file);
	free(out);
}

struct checked {
	size_t n;
	enum fault_kind kind;
	bool of_pack; /* else of the index file */
	struct err err;
};

static void note_check(const struct index_fault *fault, void *data)
{
	struct checked *c = data;

	c->n++;
	c->kind = fault->kind;
	c->of_pack = fault->index != NULL;
	c->err = fault->err;
}

/* What is told of a right pack without bundles, of which the index says that it has this one. */
static struct checked check_with(struct fixture *f, struct pack_bundle *b)
{
	struct index_beside beside = { .skip_pack = (bool[]){ false } };
	struct index_writer *w = index_writer_new(BYTES_LIT("fake"), DAY);
	struct index_leave leave = { 0 };
	struct checked ret = { 0 };
	struct buf file = { 0 };
	struct index *ix;
	struct live l = load(f, 1);
	struct err e;
	uint64_t n;

	assert_int_equal(0, index_writer_add_index(w, l.v[0], &leave, &e));
	assert_int_equal(0, index_writer_bundles(w, 0, &(struct pack_bundles){ b, 1 }, &e));
	assert_int_equal(0, index_writer_finish(w, &file, &e));
	ix = index_open(buf_bytes(&file), "made.idx", &e);
	assert_non_null(ix);
	n = index_check(f->s, ix, &beside, note_check, &ret);
	assert_int_equal(n, ret.n);
	index_close(ix);
	index_writer_free(w);
	live_release(&l);
	buf_release(&file);
	return ret;
}

/* What is wrong with the index file is not said of a pack that is right. */
static void wrong_bundles_are_told_once(void **state)
{
	struct fixture *f = *state;
	struct store_name sn = put_chunks(f, "web", 1);
	struct pack_bundle no_gain = { 0, 0, 100, 100, 1 }, nowhere = { 300, 7, 100, 50, 1 },
			   other = { 0, 0, 100, 50, 1 };
	struct checked c;

	build(f, &sn, 1, 1, 0);
	c = check_with(f, &no_gain);
	assert_int_equal(c.n, 1);
	assert_int_equal(c.kind, FAULT_DAMAGED);
	assert_false(c.of_pack);
	assert_non_null(strstr(c.err.msg, "bundle 0 cannot lie so"));
	c = check_with(f, &nowhere);
	assert_int_equal(c.n, 1);
	assert_int_equal(c.kind, FAULT_DAMAGED);
	assert_false(c.of_pack);
	c = check_with(f, &other);
	assert_int_equal(c.n, 1);
	assert_int_equal(c.kind, FAULT_DIFFERS);
	assert_true(c.of_pack);
	assert_non_null(strstr(c.err.msg, "pack 0 of the index says otherwise"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(dropped_chunks_are_gone, setup, teardown),
		cmocka_unit_test_setup_teardown(a_pack_without_chunks_is_replaced, setup, teardown),
		cmocka_unit_test_setup_teardown(a_pack_that_is_gone_is_replaced, setup, teardown),
		cmocka_unit_test_setup_teardown(of_an_expired_day_nothing_stays, setup, teardown),
		cmocka_unit_test_setup_teardown(a_missing_chunk_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(wrong_bundles_are_told_once, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
