/* From packs to index files and back: postings, chunks, blocks, what is replaced, rebuilding. */
#include "index_store.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/io.h"
#include "logql/selector.h"

static size_t match(struct index *ix, const char *text)
{
	struct arena mem = { 0 };
	struct matcher *m;
	size_t n, found;
	struct index_set set = { 0 };
	struct err e;

	assert_int_equal(0, logql_matchers(bytes_str(text), LOGQL_ANY_SELECTOR, &mem, &m, &n, &e));
	assert_int_equal(0, index_match(ix, m, n, &set, &e));
	for (size_t i = 0; i < set.n; i++) { /* each must fit by its labels */
		struct labels l;

		assert_int_equal(0, index_series_labels(ix, set.v[i], &mem, &l, &e));
		assert_true(matcher_match_labels(m, n, &l));
		assert_true(i == 0 || set.v[i] > set.v[i - 1]);
	}
	found = set.n;
	for (size_t i = 0; i < n; i++)
		matcher_release(&m[i]);
	index_set_release(&set);
	arena_release(&mem);
	return found;
}

static void finds_what_packs_hold(void **state)
{
	struct fixture *f = *state;
	struct pack_spec web = { .tenant = "fake",
				 .app = "web",
				 .day = DAY,
				 .n_streams = 100,
				 .n_entries = 20,
				 .chunk_entries = 8 };
	struct pack_spec db = { .tenant = "fake",
				.app = "db",
				.day = DAY,
				.n_streams = 40,
				.n_entries = 3,
				.order_key = 5 };
	struct store_name names[] = { put_pack(f->s, &web), put_pack(f->s, &db) };
	struct live l;
	struct index *ix;
	struct index_name name;
	struct index_series s;
	uint32_t at;
	struct err e;

	build(f, names, 2, 1, 0);
	l = load(f, 1);
	ix = l.v[0];
	assert_int_equal(index_info(ix)->n_series, 140);
	assert_int_equal(index_info(ix)->n_chunks, 100 * 3 + 40);
	assert_int_equal(index_info(ix)->entries, 2120);
	assert_int_equal(live_entries(&l), 2120);
	assert_int_equal(index_info(ix)->n_names, 3);
	assert_int_equal(1, index_name_find(ix, BYTES_LIT("app"), &name, &e));
	assert_int_equal(name.n_pairs, 2);
	assert_int_equal(0, index_name_find(ix, BYTES_LIT("apq"), &name, &e));
	assert_int_equal(match(ix, "{}"), 140);
	assert_int_equal(match(ix, "{app=\"web\"}"), 100);
	assert_int_equal(match(ix, "{app!=\"web\"}"), 40);
	assert_int_equal(match(ix, "{app=~\"w.*|x\"}"), 100);
	assert_int_equal(match(ix, "{app!~\"w.*|x\"}"), 40);
	assert_int_equal(match(ix, "{app=~\".*\"}"), 140);
	assert_int_equal(match(ix, "{none=\"\"}"), 140);
	assert_int_equal(match(ix, "{none=~\".+\"}"), 0);
	assert_int_equal(match(ix, "{app=\"\"}"), 0);
	assert_int_equal(match(ix, "{app!=\"\"}"), 140);
	assert_int_equal(match(ix, "{n=\"3\",app=\"db\"}"), 6);
	assert_int_equal(match(ix, "{pod=\"p-000007\"}"), 2);
	for (uint32_t i = 0; i < index_info(ix)->n_series; i++) {
		assert_int_equal(0, index_series_at(ix, i, &s, &e));
		assert_int_equal(1, index_series_find(ix, &s.id, &at, &e));
		assert_int_equal(at, i);
	}
	s.id = test_id(1);
	assert_int_equal(0, index_series_find(ix, &s.id, &at, &e));
	live_release(&l);
}

static void same_packs_same_file(void **state)
{
	struct fixture *f = *state;
	struct pack_spec a = {
		.tenant = "fake", .app = "a", .day = DAY, .n_streams = 30, .n_entries = 2
	};
	struct pack_spec b = {
		.tenant = "fake", .app = "b", .day = DAY, .n_streams = 30, .n_entries = 2
	};
	struct pack_spec c = {
		.tenant = "other", .app = "b", .day = DAY + 1, .n_streams = 3, .n_entries = 2
	};
	struct store_name ab[] = { put_pack(f->s, &a), put_pack(f->s, &b), put_pack(f->s, &c) };
	struct store_name ba[] = { ab[2], ab[1], ab[0], ab[1] };
	struct buf first = { 0 };

	build(f, ab, 3, 2, 0);
	buf_add_bytes(&first, buf_bytes(&f->m.names));
	build(f, ba, 4, 2, 0);
	assert_string_equal(buf_str(&first), buf_str(&f->m.names));
	buf_release(&first);
}

static void parts_cover_only_together(void **state)
{
	struct fixture *f = *state;
	struct hash128 seg[] = { test_id(1), test_id(2) }, part[2];
	struct pack_spec a = {
		.tenant = "fake", .app = "a", .day = DAY, .n_streams = 3, .n_entries = 2
	};
	struct pack_spec b = {
		.tenant = "fake", .app = "b", .day = DAY, .n_streams = 3, .n_entries = 2
	};
	struct pack_spec c = { .tenant = "fake",
			       .app = "c",
			       .day = DAY,
			       .n_streams = 3,
			       .n_entries = 2,
			       .segments = seg,
			       .n_segments = 2,
			       .parts = part,
			       .n_parts = 2 };
	struct store_name v[] = { put_pack(f->s, &a), put_pack(f->s, &b), { 0 } };
	struct live l;

	part[0] = hash128_cmp(&v[0].hash, &v[1].hash) < 0 ? v[0].hash : v[1].hash;
	part[1] = hash128_cmp(&v[0].hash, &v[1].hash) < 0 ? v[1].hash : v[0].hash;
	v[2] = put_pack(f->s, &c);
	build(f, v + 1, 2, 1, 0); /* one part is not in the list */
	assert_int_equal(covered(f, seg[0]), 0);
	build(f, v, 1, 1, 0);
	assert_int_equal(covered(f, seg[1]), 0);
	build(f, v, 3, 1, 0);
	assert_int_equal(covered(f, seg[0]), 1);
	assert_int_equal(covered(f, seg[1]), 1);
	assert_int_equal(covered(f, test_id(3)), 0);
	l = load(f, 3); /* those without provenance stay, but each pack is read once */
	assert_int_equal(live_entries(&l), 18);
	live_release(&l);
}

static void larger_set_wins_but_not_over_others(void **state)
{
	struct fixture *f = *state;
	struct hash128 seg[] = { test_id(1), test_id(2), test_id(3) };
	struct pack_spec one = { .tenant = "fake",
				 .app = "one",
				 .day = DAY,
				 .n_streams = 1,
				 .n_entries = 10,
				 .segments = seg,
				 .n_segments = 1 };
	struct pack_spec two = { .tenant = "fake",
				 .app = "two",
				 .day = DAY,
				 .n_streams = 1,
				 .n_entries = 100,
				 .segments = seg,
				 .n_segments = 2 };
	struct pack_spec mix = { .tenant = "fake",
				 .app = "mix",
				 .day = DAY,
				 .n_streams = 1,
				 .n_entries = 1000,
				 .segments = seg,
				 .n_segments = 1,
				 .mixed = true };
	struct pack_spec json = {
		.tenant = "fake", .app = "json", .day = DAY, .n_streams = 1, .n_entries = 10000
	};
	struct store_name v[] = { put_pack(f->s, &one), put_pack(f->s, &two), put_pack(f->s, &mix),
				  put_pack(f->s, &json) };
	struct build_events ev;
	struct err e;
	struct live l;

	build(f, v, 1, 1, 0);
	build(f, v + 1, 1, 1, 0);
	l = load(f, 1);
	assert_int_equal(live_entries(&l), 100);
	assert_int_equal(l.n_obsolete, 1);
	live_release(&l);
	build(f, v + 2, 1, 1, 0);
	l = load(f, 2);
	assert_int_equal(live_entries(&l), 1100);
	live_release(&l);
	build(f, v + 3, 1, 1, 0);
	l = load(f, 3);
	assert_int_equal(live_entries(&l), 11100);
	live_release(&l);
	/* all at once, and from the packs alone: the same */
	build(f, v, 4, 2, 0);
	l = load(f, 4); /* the whole one is as it was; a mixed file never goes by itself */
	assert_int_equal(live_entries(&l), 11100);
	live_release(&l);
	ev = events_of(&f->m);
	assert_int_equal(0, index_rebuild(f->s, BYTES_LIT("fake"), &ev, &e));
	assert_int_equal(f->m.n_made, 2);
	l = load(f, 2);
	assert_int_equal(live_entries(&l), 11100);
	assert_int_equal(l.n_obsolete, 0);
	live_release(&l);
	assert_int_equal(covered(f, seg[0]), 1);
	assert_int_equal(covered(f, seg[1]), 1);
	assert_int_equal(covered(f, seg[2]), 0);
}

static void broken_pack_covers_nothing(void **state)
{
	struct fixture *f = *state;
	struct hash128 seg[] = { test_id(1) }, part[1];
	struct pack_spec a = {
		.tenant = "fake", .app = "a", .day = DAY, .n_streams = 3, .n_entries = 2
	};
	struct pack_spec c = { .tenant = "fake",
			       .app = "c",
			       .day = DAY,
			       .n_streams = 3,
			       .n_entries = 2,
			       .segments = seg,
			       .n_segments = 1,
			       .parts = part,
			       .n_parts = 1 };
	struct pack_spec d = {
		.tenant = "fake", .app = "d", .day = DAY + 1, .n_streams = 3, .n_entries = 2
	};
	struct store_name v[] = { put_pack(f->s, &a), { 0 }, put_pack(f->s, &d) }, gone = v[0];
	static const int64_t where[] = { 5, 30, -1,
					 -30 }; /* first head, trailer's end, inside it */
	struct live l;

	part[0] = v[0].hash;
	v[1] = put_pack(f->s, &c);
	for (size_t i = 0; i < sizeof(where) / sizeof(where[0]); i++) {
		flip(f, &v[0], where[i]);
		build(f, v, 3, 2, 1);
		assert_non_null(strstr(f->m.last.msg, ".pack'"));
		assert_int_equal(covered(f, seg[0]), 0);
		flip(f, &v[0], where[i]);
	}
	gone.hash = test_id(77);
	v[0] = gone;
	build(f, v, 3, 2, 1);
	assert_non_null(strstr(f->m.last.msg, "no such file"));
	v[0].hash = part[0];
	build(f, v, 3, 2, 0);
	assert_int_equal(covered(f, seg[0]), 1);
	l = load(f, 2);
	assert_int_equal(live_entries(&l), 12);
	live_release(&l);
}

static void blocks_are_not_read(void **state)
{
	struct fixture *f = *state;
	struct pack_spec a = {
		.tenant = "fake", .app = "a", .day = DAY, .n_streams = 5, .n_entries = 50
	};
	struct store_name v[] = { put_pack(f->s, &a) };
	struct live l;
	struct index_chunk c;
	struct index_block b;
	struct err e;

	build(f, v, 1, 1, 0);
	l = load(f, 1);
	for (uint32_t i = 0; i < 5; i++) {
		assert_int_equal(0, index_chunk_at(l.v[0], i, &c, &e));
		assert_int_equal(0, index_block_at(l.v[0], &c, 0, &b, &e));
		for (uint32_t k = 0; k < b.length; k++)
			flip(f, v, (int64_t)(c.offset + b.offset + k));
	}
	live_release(&l);
	build(f, v, 1, 1, 0);
	l = load(f, 1);
	live_release(&l);
}

static void replaced_packs_and_deletes(void **state)
{
	struct fixture *f = *state;
	struct hash128 old[1], seg[] = { test_id(9) };
	struct bytes del[] = { BYTES_LIT("d1"), BYTES_LIT("d2") };
	struct pack_spec a = { .tenant = "fake",
			       .app = "a",
			       .day = DAY,
			       .n_streams = 3,
			       .n_entries = 2,
			       .segments = seg,
			       .n_segments = 1 };
	struct pack_spec b = { .tenant = "fake",
			       .app = "a",
			       .day = DAY,
			       .n_streams = 3,
			       .n_entries = 2,
			       .segments = seg,
			       .n_segments = 1,
			       .replaced = old,
			       .n_replaced = 1,
			       .deletes = del,
			       .n_deletes = 2,
			       .order_key = 3 };
	struct store_name v[] = { put_pack(f->s, &a), { 0 } };
	struct build_events ev;
	struct bytes text;
	struct live l;
	struct err e;

	old[0] = v[0].hash;
	build(f, v, 1, 1, 0);
	v[1] = put_pack(f->s, &b);
	build(f, v + 1, 1, 1, 0);
	for (int i = 0; i < 2; i++) {
		l = load(f, 1);
		assert_int_equal(live_entries(&l), 6);
		assert_int_equal(index_info(l.v[0])->n_old_packs, 1);
		assert_int_equal(index_info(l.v[0])->n_deletes, 2);
		assert_int_equal(0, index_delete_at(l.v[0], 1, &text, &e));
		assert_true(bytes_is(text, "d2"));
		live_release(&l);
		ev = events_of(&f->m);
		assert_int_equal(0, index_rebuild(f->s, BYTES_LIT("fake"), &ev, &e));
		assert_int_equal(f->m.n_made, 1);
		assert_int_equal(f->m.n_deleted, i == 0 ? 1 : 0);
	}
	assert_int_equal(covered(f, seg[0]), 1);
}

static void empty_pack_only_covers(void **state)
{
	struct fixture *f = *state;
	struct hash128 seg[] = { test_id(9) };
	struct pack_spec a = {
		.tenant = "fake", .app = "a", .day = DAY, .segments = seg, .n_segments = 1
	};
	struct store_name v[] = { put_pack(f->s, &a) };
	struct live l;

	build(f, v, 1, 1, 0);
	l = load(f, 1);
	assert_int_equal(index_info(l.v[0])->n_series, 0);
	live_release(&l);
	assert_int_equal(covered(f, seg[0]), 1);
}

/* A pack that is gone: the segment is covered for readers, but not safe to delete. */
static void a_missing_pack_is_not_sound(void **state)
{
	struct fixture *f = *state;
	struct hash128 seg[] = { test_id(9) };
	struct pack_spec a = { .tenant = "fake",
			       .app = "a",
			       .day = DAY,
			       .n_streams = 1,
			       .n_entries = 1,
			       .segments = seg,
			       .n_segments = 1 };
	struct store_name v[] = { put_pack(f->s, &a) };
	struct buf name = { 0 };
	struct cover *c;
	struct err e;

	build(f, v, 1, 1, 0);
	store_name_add(&name, &v[0]);
	assert_int_equal(0, store_delete(f->s, buf_str(&name), &e));
	c = cover_new(f->s);
	assert_int_equal(1, cover_has(c, &seg[0], BYTES_LIT("fake"), DAY, &e));
	assert_int_equal(0, cover_is_sound(c, &seg[0], BYTES_LIT("fake"), DAY, &e));
	cover_free(c);
	buf_release(&name);
}

/* Renames all index files of the day to and fro until told to stop. */
struct shuffler {
	const struct fixture *f;
	_Atomic(bool) stop;
};

enum { SHUFFLED = 1500, SHUFFLE_SECONDS = 60 };

static void *shuffle(void *data)
{
	struct shuffler *s = data;
	struct buf from = { 0 }, to = { 0 };

	for (unsigned round = 0; !s->stop; round++)
		for (unsigned i = 0; i < SHUFFLED; i++) {
			struct store_name a = { STORE_INDEX, DAY, BYTES_LIT("fake"),
						test_id(2 * i + round % 2) };
			struct store_name b = { STORE_INDEX, DAY, BYTES_LIT("fake"),
						test_id(2 * i + (round + 1) % 2) };

			buf_reset(&from);
			buf_reset(&to);
			buf_addf(&from, "%s/", s->f->path);
			buf_addf(&to, "%s/", s->f->path);
			store_name_add(&from, &a);
			store_name_add(&to, &b);
			if (rename(buf_str(&from), buf_str(&to)) < 0)
				abort();
		}
	buf_release(&from);
	buf_release(&to);
	return NULL;
}

static void files_that_keep_vanishing_are_told(void **state)
{
	struct fixture *f = *state;
	struct shuffler s = { .f = f };
	int64_t deadline = time_mono_ns() + SHUFFLE_SECONDS * NS_PER_S;
	struct buf path = { 0 };
	pthread_t thread;
	FILE *file;
	struct err e = { 0 };

	buf_addf(&path, "%s/fake/index/2024-10-04", f->path);
	assert_int_equal(0, io_mkdirs(buf_str(&path), &e));
	for (unsigned i = 0; i < SHUFFLED; i++) {
		struct store_name n = { STORE_INDEX, DAY, BYTES_LIT("fake"), test_id(2 * i) };

		buf_reset(&path);
		buf_addf(&path, "%s/", f->path);
		store_name_add(&path, &n);
		file = fopen(buf_str(&path), "w"); /* not synced one by one: there are many */
		assert_non_null(file);
		fputs("x", file);
		fclose(file);
	}
	assert_int_equal(0, pthread_create(&thread, NULL, shuffle, &s));
	while (e.code != ERR_AGAIN && time_mono_ns() < deadline) {
		struct live l;

		if (live_load(f->s, BYTES_LIT("fake"), DAY, &l, &e) < 0)
			continue;
		assert_int_equal(l.n, 0);
		live_release(&l);
	}
	s.stop = true;
	pthread_join(thread, NULL);
	assert_int_equal(e.code, ERR_AGAIN);
	buf_release(&path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(finds_what_packs_hold, setup, teardown),
		cmocka_unit_test_setup_teardown(same_packs_same_file, setup, teardown),
		cmocka_unit_test_setup_teardown(parts_cover_only_together, setup, teardown),
		cmocka_unit_test_setup_teardown(larger_set_wins_but_not_over_others, setup,
						teardown),
		cmocka_unit_test_setup_teardown(broken_pack_covers_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(blocks_are_not_read, setup, teardown),
		cmocka_unit_test_setup_teardown(replaced_packs_and_deletes, setup, teardown),
		cmocka_unit_test_setup_teardown(empty_pack_only_covers, setup, teardown),
		cmocka_unit_test_setup_teardown(a_missing_pack_is_not_sound, setup, teardown),
		cmocka_unit_test_setup_teardown(files_that_keep_vanishing_are_told, setup,
						teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
