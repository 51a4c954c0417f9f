/* What is deleted when index files have made it obsolete, and when it is not. */
#include "made_packs.h"

#include "index/compact.h"

static void on_swept(const char *name, uint64_t size, void *data)
{
	struct made *m = data;

	m->n_deleted++;
	buf_addf(&m->names, "%s ", name);
	assert_true(size > 0);
}

/* Sweeps the day; expects so many to go, and so many faults. */
static void sweep(struct fixture *f, int64_t delay_ns, enum sweep_mode mode, size_t n_deleted,
		  size_t n_faults)
{
	struct sweep s = { .store = f->s,
			   .tenant = BYTES_LIT("fake"),
			   .day = DAY,
			   .delay_ns = delay_ns,
			   .mode = mode,
			   .deleted = on_swept,
			   .fault = on_fault,
			   .data = &f->m };
	struct err e = { 0 };
	int64_t rc;

	buf_reset(&f->m.names);
	f->m.n_deleted = f->m.n_faults = 0;
	rc = index_sweep(&s, &e);
	if (rc < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(rc, n_faults);
	assert_int_equal(f->m.n_faults, n_faults);
	assert_int_equal(f->m.n_deleted, n_deleted);
}

static void date_object(struct fixture *f, enum store_kind kind, const struct hash128 *hash,
			int64_t age_ns)
{
	struct store_name sn = { kind, DAY, BYTES_LIT("fake"), *hash };
	struct buf name = { 0 };
	int64_t now;
	struct err e;

	assert_int_equal(0, store_now(f->s, "", &now, &e));
	store_name_add(&name, &sn);
	set_date(f->path, buf_str(&name), now - age_ns);
	buf_release(&name);
}

static bool is_there(struct fixture *f, enum store_kind kind, const struct hash128 *hash)
{
	struct store_name sn = { kind, DAY, BYTES_LIT("fake"), *hash };
	struct buf name = { 0 };
	struct err e;
	int rc;

	store_name_add(&name, &sn);
	rc = store_has(f->s, buf_str(&name), NULL, &e);
	assert_true(rc >= 0);
	buf_release(&name);
	return rc;
}

static void delete_made(struct fixture *f, const struct made_pack *p)
{
	struct buf name = { 0 };
	struct err e;

	store_name_add(&name, &p->name);
	assert_int_equal(0, store_delete(f->s, buf_str(&name), &e));
	buf_release(&name);
}

/* What is live is replaced by one file, with these packs added. */
static struct hash128 merge(struct fixture *f, const struct made_pack *const added[], size_t n)
{
	struct hash128 names[4], hash;
	struct live l;
	struct index_merge m = { .store = f->s,
				 .tenant = BYTES_LIT("fake"),
				 .day = DAY,
				 .live = &l,
				 .added = names,
				 .n_added = n };
	struct err e;

	for (size_t i = 0; i < n; i++)
		names[i] = added[i]->name.hash;
	assert_int_equal(0, live_load(f->s, BYTES_LIT("fake"), DAY, &l, &e));
	if (index_merge(&m, INDEX_MERGE_WRITE, &hash, NULL, &e) < 0)
		fail_msg("%s", e.msg);
	live_release(&l);
	return hash;
}

/* Index files of p1, p2 and y; X1 and X2 merged; Z not yet there. */
struct world {
	struct made_pack v[N_MADE];
	struct hash128 flushed[3], merged;
};

static void make_world(struct fixture *f, struct world *w)
{
	static const int flushed[] = { P1, P2, Y };

	make_history(f, w->v);
	delete_made(f, &w->v[Z]);
	for (unsigned i = 0; i < 3; i++) {
		build(f, &w->v[flushed[i]].name, 1, 1, 0);
		w->flushed[i] = f->m.last_name;
	}
	w->merged = merge(f, (const struct made_pack *[]){ &w->v[X1], &w->v[X2] }, 2);
}

static void assert_reads_all(struct fixture *f)
{
	struct live l = load(f, 1);

	assert_int_equal(streams_read(&l), 0x3ff);
	assert_int_equal(live_entries(&l), 30);
	live_release(&l);
}

static void goes_after_the_delay(void **state)
{
	struct fixture *f = *state;
	struct world w;

	make_world(f, &w);
	sweep(f, 2 * 3600 * NS_PER_S, SWEEP_DELETE, 0, 0);
	date_object(f, STORE_INDEX, &w.merged, 3599 * NS_PER_S);
	sweep(f, 3600 * NS_PER_S, SWEEP_DELETE, 0, 0);
	date_object(f, STORE_INDEX, &w.merged, 3600 * NS_PER_S);
	sweep(f, 3600 * NS_PER_S, SWEEP_DRY, 5, 0);
	assert_true(is_there(f, STORE_PACK, &w.v[P1].name.hash));
	sweep(f, 3600 * NS_PER_S, SWEEP_DELETE, 5, 0);
	assert_false(is_there(f, STORE_PACK, &w.v[P1].name.hash));
	assert_false(is_there(f, STORE_PACK, &w.v[P2].name.hash));
	assert_true(is_there(f, STORE_PACK, &w.v[Y].name.hash));
	for (unsigned i = 0; i < 3; i++)
		assert_false(is_there(f, STORE_INDEX, &w.flushed[i]));
	assert_reads_all(f);
	sweep(f, 0, SWEEP_DELETE, 0, 0);
	release_history(w.v);
}

/* How old the things themselves are does not matter, nor whether their dates lie ahead. */
static void index_files_before_packs_and_the_oldest_first(void **state)
{
	struct fixture *f = *state;
	struct buf want = { 0 };
	struct world w;
	struct store_name sn = { STORE_INDEX, DAY, BYTES_LIT("fake"), { { 0 } } };
	static const unsigned order[] = { 1, 2, 0 };

	make_world(f, &w);
	for (unsigned i = 0; i < 3; i++)
		date_object(f, STORE_INDEX, &w.flushed[order[i]], (3 - (int)i) * NS_PER_S);
	date_object(f, STORE_PACK, &w.v[P1].name.hash, -3600 * NS_PER_S);
	date_object(f, STORE_PACK, &w.v[P2].name.hash, 10 * NS_PER_S);
	for (unsigned i = 0; i < 3; i++) {
		sn.hash = w.flushed[order[i]];
		store_name_add(&want, &sn);
		buf_add_char(&want, ' ');
	}
	store_name_add(&want, &w.v[P2].name);
	buf_add_char(&want, ' ');
	store_name_add(&want, &w.v[P1].name);
	buf_add_char(&want, ' ');
	sweep(f, 0, SWEEP_DELETE, 5, 0);
	assert_string_equal(buf_str(&want), buf_str(&f->m.names));
	buf_release(&want);
	release_history(w.v);
}

/* A second merge: what the first made obsolete goes by the second's age alone. */
static void what_replaced_is_replaced(void **state)
{
	struct fixture *f = *state;
	struct world w;
	struct hash128 second;

	make_world(f, &w);
	put_made(f, &w.v[Z], 5, 5, w.v[Z].spec.segments, w.v[Z].spec.n_segments);
	date_object(f, STORE_INDEX, &w.merged, 100 * NS_PER_S);
	second = merge(f, (const struct made_pack *[]){ &w.v[Z] }, 1);
	sweep(f, 50 * NS_PER_S, SWEEP_DELETE, 0, 0);
	date_object(f, STORE_INDEX, &second, 60 * NS_PER_S);
	sweep(f, 50 * NS_PER_S, SWEEP_DELETE, 4 + 4, 0);
	assert_true(is_there(f, STORE_PACK, &w.v[X1].name.hash));
	assert_reads_all(f);
	release_history(w.v);
}

static void nothing_goes_where_something_is_missing(void **state)
{
	struct fixture *f = *state;
	struct pack_spec large = {
		.tenant = "fake", .app = "all", .day = DAY, .n_streams = 1500, .n_entries = 1
	};
	struct store_name sn;
	struct world w;

	make_world(f, &w);
	delete_made(f, &w.v[X1]);
	sweep(f, 0, SWEEP_DELETE, 0, 1);
	assert_non_null(strstr(f->m.last.msg, "is missing; nothing of its day is deleted"));
	put_pack(f->s, &w.v[X1].spec);
	sn = put_pack(f->s, &large);
	build(f, &sn, 1, 1, 0);
	sn = (struct store_name){ STORE_INDEX, DAY, BYTES_LIT("fake"), f->m.last_name };
	flip(f, &sn, 140000); /* a page that live_load does not look at */
	sweep(f, 0, SWEEP_DELETE, 0, 1);
	assert_non_null(strstr(f->m.last.msg, "damaged; nothing of its day is deleted"));
	flip(f, &sn, 140000);
	flip(f, &sn, 20); /* the head */
	sweep(f, 0, SWEEP_DELETE, 0, 1);
	flip(f, &sn, 20);
	sweep(f, 0, SWEEP_DELETE, 5, 0);
	release_history(w.v);
}

static void a_pack_of_another_size_is_told(void **state)
{
	struct fixture *f = *state;
	struct buf path = { 0 };
	struct world w;
	FILE *file;

	make_world(f, &w);
	buf_addf(&path, "%s/", f->path);
	store_name_add(&path, &w.v[X2].name);
	file = fopen(buf_str(&path), "ab");
	assert_non_null(file);
	fputc(0, file);
	fclose(file);
	sweep(f, 0, SWEEP_DELETE, 0, 1);
	assert_non_null(strstr(f->m.last.msg, "of another size"));
	buf_release(&path);
	release_history(w.v);
}

/* X1 of a run that was killed; a pack of a flush that is not over. */
static void leftovers_go_when_they_are_old(void **state)
{
	struct fixture *f = *state;
	struct pack_spec flush = {
		.tenant = "fake", .app = "new", .day = DAY, .n_streams = 1, .n_entries = 1
	};
	struct made_pack v[N_MADE];
	struct store_name sn;
	struct hash128 ix[2];

	make_history(f, v);
	delete_made(f, &v[X2]);
	delete_made(f, &v[Z]);
	delete_made(f, &v[Y]);
	sn = put_pack(f->s, &flush);
	date_object(f, STORE_PACK, &sn.hash, 3600 * NS_PER_S);
	sweep(f, 0, SWEEP_DELETE, 0, 0); /* no index file: X1 may be the last of it */
	build(f, &v[P1].name, 1, 1, 0);
	ix[0] = f->m.last_name;
	sweep(f, 0, SWEEP_DELETE, 0, 0); /* nobody knows of p2 */
	build(f, &v[P2].name, 1, 1, 0);
	ix[1] = f->m.last_name;
	date_object(f, STORE_INDEX, &ix[0], 3600 * NS_PER_S);
	date_object(f, STORE_INDEX, &ix[1], 3600 * NS_PER_S);
	sweep(f, 60 * NS_PER_S, SWEEP_DELETE, 0, 0);
	date_object(f, STORE_PACK, &v[X1].name.hash, 61 * NS_PER_S);
	/* as after a rebuild: it may have been named until then */
	date_object(f, STORE_INDEX, &ix[1], 59 * NS_PER_S);
	sweep(f, 60 * NS_PER_S, SWEEP_DELETE, 0, 0);
	date_object(f, STORE_INDEX, &ix[1], 60 * NS_PER_S);
	sweep(f, 60 * NS_PER_S, SWEEP_DELETE, 1, 0);
	assert_false(is_there(f, STORE_PACK, &v[X1].name.hash));
	assert_true(is_there(f, STORE_PACK, &sn.hash));
	release_history(v);
}

/* Files that cross: a pack that a live one names stays, though it is not read. */
static void what_a_live_file_names_stays(void **state)
{
	struct fixture *f = *state;
	struct hash128 seg[] = { test_id(1), test_id(8) };
	struct pack_spec flush = { .tenant = "fake",
				   .app = "web",
				   .day = DAY,
				   .first_stream = 10,
				   .n_streams = 1,
				   .n_entries = 3,
				   .segments = seg,
				   .n_segments = 2,
				   .n_parts = 1 };
	struct world w;
	struct store_name both[2];
	struct live l;

	make_world(f, &w);
	hash128_sort(seg, 2);
	flush.parts = &w.v[P1].name.hash;
	both[0] = w.v[P1].name;
	both[1] = put_pack(f->s, &flush);
	build(f, both, 2, 1, 0);
	l = load(f, 2);
	live_release(&l);
	sweep(f, 0, SWEEP_DELETE, 3 + 1, 0);
	assert_true(is_there(f, STORE_PACK, &w.v[P1].name.hash));
	assert_false(is_there(f, STORE_PACK, &w.v[P2].name.hash));
	release_history(w.v);
}

/* Of two that cover the same the one with the lower name stays; the other's pack is nobody's. */
static void the_packs_of_a_lost_twin_go(void **state)
{
	struct fixture *f = *state;
	struct hash128 seg = test_id(1);
	struct pack_spec s = { .tenant = "fake",
			       .app = "web",
			       .day = DAY,
			       .n_streams = 1,
			       .n_entries = 3,
			       .segments = &seg,
			       .n_segments = 1 };
	struct store_name v[2];
	struct hash128 ix[2];
	unsigned lower;

	for (unsigned i = 0; i < 2; i++) {
		s.order_key = i;
		v[i] = put_pack(f->s, &s);
		build(f, &v[i], 1, 1, 0);
		ix[i] = f->m.last_name;
	}
	lower = hash128_cmp(&ix[0], &ix[1]) < 0 ? 0 : 1;
	sweep(f, 0, SWEEP_DELETE, 2, 0);
	assert_true(is_there(f, STORE_INDEX, &ix[lower]));
	assert_true(is_there(f, STORE_PACK, &v[lower].hash));
	assert_false(is_there(f, STORE_INDEX, &ix[1 - lower]));
	assert_false(is_there(f, STORE_PACK, &v[1 - lower].hash));
}

static void one_at_a_day(void **state)
{
	struct fixture *f = *state;
	struct store_lock *a, *b;
	struct err e;

	a = index_lock(f->s, BYTES_LIT("fake"), DAY, &e);
	assert_non_null(a);
	assert_null(index_lock(f->s, BYTES_LIT("fake"), DAY, &e));
	assert_int_equal(e.code, ERR_AGAIN);
	b = index_lock(f->s, BYTES_LIT("fake"), DAY + 1, &e);
	assert_non_null(b);
	store_unlock(b);
	store_unlock(a);
}

static void count_busy(struct bytes tenant, int32_t day, void *data)
{
	assert_true(bytes_is(tenant, "fake") && day == DAY);
	++*(size_t *)data;
}

static void a_day_that_is_compacted_is_left_out(void **state)
{
	struct fixture *f = *state;
	size_t n = 0;
	struct index_compaction c = { .store = f->s, .busy = count_busy, .data = &n };
	struct store_lock *lock;
	struct world w;
	struct err e;

	make_world(f, &w);
	lock = index_lock(f->s, BYTES_LIT("fake"), DAY, &e);
	assert_non_null(lock);
	assert_int_equal(0, index_compact(&c, &e));
	assert_int_equal(n, 1);
	assert_true(is_there(f, STORE_INDEX, &w.flushed[0]));
	store_unlock(lock);
	assert_int_equal(0, index_compact(&c, &e));
	assert_int_equal(n, 1);
	assert_false(is_there(f, STORE_INDEX, &w.flushed[0]));
	assert_reads_all(f);
	release_history(w.v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(goes_after_the_delay, setup, teardown),
		cmocka_unit_test_setup_teardown(index_files_before_packs_and_the_oldest_first,
						setup, teardown),
		cmocka_unit_test_setup_teardown(what_replaced_is_replaced, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_goes_where_something_is_missing, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_pack_of_another_size_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(leftovers_go_when_they_are_old, setup, teardown),
		cmocka_unit_test_setup_teardown(what_a_live_file_names_stays, setup, teardown),
		cmocka_unit_test_setup_teardown(the_packs_of_a_lost_twin_go, setup, teardown),
		cmocka_unit_test_setup_teardown(one_at_a_day, setup, teardown),
		cmocka_unit_test_setup_teardown(a_day_that_is_compacted_is_left_out, setup,
						teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
