/* Index files made of index files: rows that are taken over, packs that are left out. */
#include "made_packs.h"

#include "base/crc32c.h"
#include "base/wr.h"
#include "index/merge.h"
#include "index/rewriting.h"
#include "index/writer.h"

/* 30 streams of several chunks each. */
static struct store_name put_web(struct fixture *f)
{
	struct pack_spec s = { .tenant = "fake",
			       .app = "web",
			       .day = DAY,
			       .n_streams = 30,
			       .n_entries = 20,
			       .chunk_entries = 8 };

	return put_pack(f->s, &s);
}

/* With app web: 8 streams that put_web has too, and 5 more. */
static struct store_name put_other(struct fixture *f, const char *app)
{
	struct pack_spec s = { .tenant = "fake",
			       .app = app,
			       .day = DAY,
			       .n_streams = 13,
			       .n_entries = 5,
			       .first_stream = 22,
			       .order_key = 4 };

	return put_pack(f->s, &s);
}

/* The one index file that index_build makes over these packs, opened. */
static struct index *index_over(struct fixture *f, const struct store_name *names, size_t n)
{
	struct index *ix;
	struct buf name = { 0 };
	struct err e;

	build(f, names, n, 1, 0);
	buf_add(&name, f->m.names.p, f->m.names.n - 1);
	ix = index_load(f->s, buf_str(&name), &e);
	assert_non_null(ix);
	buf_release(&name);
	return ix;
}

/* A writer's file under a name of the test. */
static void assert_makes(struct index_writer *w, const struct index *want)
{
	struct buf file = { 0 };
	struct hash128 name;
	struct err e;

	assert_int_equal(0, index_writer_finish(w, &file, &e));
	name = hash128(buf_bytes(&file));
	assert_int_equal(0, hash128_cmp(&name, &index_info(want)->name));
	buf_release(&file);
	index_writer_free(w);
}

static void same_rows_same_file(void **state)
{
	struct fixture *f = *state;

	for (unsigned overlap = 0; overlap < 2; overlap++) {
		struct store_name v[] = { put_web(f), put_other(f, overlap ? "web" : "db") };
		struct index *both = index_over(f, v, 2);
		struct index *one[] = { index_over(f, v, 1), index_over(f, v + 1, 1) };
		struct err e;

		for (unsigned turn = 0; turn < 2; turn++) {
			struct index_writer *w = index_writer_new(BYTES_LIT("fake"), DAY);

			for (unsigned i = 0; i < 2; i++)
				assert_int_equal(
					0, index_writer_add_index(w, one[i ^ turn], NULL, &e));
			assert_makes(w, both);
		}
		for (unsigned kept = 0; kept < 2; kept++) {
			struct index_writer *w = index_writer_new(BYTES_LIT("fake"), DAY);
			bool skip[2];

			for (uint32_t i = 0; i < 2; i++) {
				struct index_pack p;

				assert_int_equal(0, index_pack_at(both, i, &p, &e));
				skip[i] = hash128_cmp(&p.name, &v[kept].hash) != 0;
			}
			assert_int_equal(
				0, index_writer_add_index(
					   w, both, &(struct index_leave){ .pack = skip }, &e));
			assert_makes(w, one[kept]);
		}
		index_close(both);
		index_close(one[0]);
		index_close(one[1]);
	}
}

static void all_skipped_is_nothing(void **state)
{
	struct fixture *f = *state;
	struct store_name v[] = { put_web(f) };
	struct index *ix = index_over(f, v, 1);
	struct index_writer *w = index_writer_new(BYTES_LIT("fake"), DAY);
	struct index_writer *none = index_writer_new(BYTES_LIT("fake"), DAY);
	struct buf file[2] = { { 0 } };
	bool skip[] = { true };
	struct err e;

	assert_int_equal(0,
			 index_writer_add_index(w, ix, &(struct index_leave){ .pack = skip }, &e));
	assert_int_equal(0, index_writer_finish(w, &file[0], &e));
	assert_int_equal(0, index_writer_finish(none, &file[1], &e));
	assert_true(bytes_eq(buf_bytes(&file[0]), buf_bytes(&file[1])));
	index_writer_free(w);
	index_writer_free(none);
	buf_release(&file[0]);
	buf_release(&file[1]);
	index_close(ix);
}

static void assert_refused(struct index *ix, struct bytes tenant, int32_t day, const char *why)
{
	struct index_writer *w = index_writer_new(tenant, day);
	struct err e = { 0 };

	assert_int_equal(-1, index_writer_add_index(w, ix, NULL, &e));
	assert_int_equal(e.code, ERR_CORRUPT);
	assert_non_null(strstr(e.msg, why));
	assert_non_null(strstr(e.msg, index_label(ix)));
	index_writer_free(w);
}

static void others_are_refused(void **state)
{
	struct fixture *f = *state;
	struct store_name v[] = { put_web(f) };
	struct index *ix = index_over(f, v, 1);

	assert_refused(ix, BYTES_LIT("other"), DAY, "another tenant or day");
	assert_refused(ix, BYTES_LIT("fake"), DAY + 1, "another tenant or day");
	index_close(ix);
}

/* One chunk of one stream, in a small file: the checksums are made right again behind a change. */
static struct index *changed(struct buf *file, size_t at, uint32_t to)
{
	struct index_writer *w = index_writer_new(BYTES_LIT("fake"), DAY);
	struct index_pack pack = { .name = test_id(1), .size = 1000, .trailer_len = 100 };
	struct label label = { BYTES_LIT("app"), BYTES_LIT("web") };
	struct labels l = { &label, 1 };
	struct hash128 id = labels_stream_id(BYTES_LIT("fake"), &l);
	struct index_chunk c = { .length = 100,
				 .head_len = 50,
				 .from = 10,
				 .through = 30,
				 .entries = 5,
				 .n_blocks = 1 };
	struct index_block b = {
		.offset = 50, .length = 50, .entries = 5, .min_ts = 10, .max_ts = 30
	};
	struct buf out = { 0 };
	uint32_t head_len;
	struct index *ix;
	struct rd rd;
	struct err e;

	index_writer_pack(w, &pack);
	assert_int_equal(0, index_writer_chunk(w, 0, &id, &l, &c, &b, &e));
	assert_int_equal(0, index_writer_finish(w, file, &e));
	index_writer_free(w);
	rd = rd_init(bytes_of(file->p + 16, 4));
	head_len = rd_u32be(&rd);
	wr_u32be(&out, to);
	memcpy(file->p + at, out.p, 4);
	buf_reset(&out);
	wr_u32be(&out, crc32c(file->p + head_len, file->n - head_len)); /* one page */
	memcpy(file->p + head_len - 12, out.p, 4);
	buf_reset(&out);
	wr_u32be(&out, crc32c(file->p, head_len - 4));
	memcpy(file->p + head_len - 4, out.p, 4);
	buf_release(&out);
	ix = index_open(buf_bytes(file), "changed.idx", &e);
	assert_non_null(ix);
	return ix;
}

/* Where a section of the small file begins: of packs, 9. */
static size_t section_at(const struct buf *file, unsigned id)
{
	struct rd rd = rd_init(bytes_of(file->p, file->n));

	rd.off = 64 + (id - 1) * 24 + 8;
	return (size_t)rd_u64be(&rd);
}

static void what_belongs_to_no_series_is_told(void **state)
{
	struct buf file = { 0 };
	struct index *ix = changed(&file, 4, 0x0100000f); /* as it was: version, flags, sections */
	size_t packs = section_at(&file, 9), series = section_at(&file, 6);
	struct index_writer *w = index_writer_new(BYTES_LIT("fake"), DAY);
	struct err e;

	(void)state;
	assert_int_equal(0, index_writer_add_index(w, ix, NULL, &e));
	index_writer_free(w);
	index_close(ix);
	buf_reset(&file);
	ix = changed(&file, packs + 56, 2); /* it says two chunks */
	assert_refused(ix, BYTES_LIT("fake"), DAY, "belong to series");
	index_close(ix);
	buf_reset(&file);
	ix = changed(&file, series + 20, 1); /* the series begins behind its chunk */
	assert_refused(ix, BYTES_LIT("fake"), DAY, "belong to series");
	index_close(ix);
	buf_release(&file);
}

static void damage_is_told(void **state)
{
	struct fixture *f = *state;
	struct store_name v[] = { put_web(f) },
			  sn = { STORE_INDEX, DAY, BYTES_LIT("fake"), { { 0 } } };
	struct index *ix = index_over(f, v, 1);

	sn.hash = index_info(ix)->name;
	flip(f, &sn, -1);
	assert_refused(ix, BYTES_LIT("fake"), DAY, "crc32c mismatch");
	index_close(ix);
}

/* ---- packs made of packs ---- */

static void lineage_is_inherited(void **state)
{
	struct fixture *f = *state;
	struct made_pack v[N_MADE];
	struct lineage_input in[2];
	struct hash_list there = { 0 };
	struct lineage l;

	make_history(f, v);
	assert_int_equal(v[X2].trailer.segments.n, 2);
	assert_int_equal(v[X2].trailer.parts.n, 1);
	assert_int_equal(v[Z].trailer.segments.n, 3);
	assert_int_equal(v[Z].trailer.replaced.n, 4); /* p1, p2, X2, y */
	assert_int_equal(v[Z].trailer.parts.n, 1);    /* X1 still belongs to it */
	assert_int_equal(0, hash128_cmp(&v[Z].trailer.parts.v[0], &v[X1].name.hash));
	/* X1 is gone: X2 gives its own name alone */
	in[0] = (struct lineage_input){ v[X2].name.hash, &v[X2].trailer };
	in[1] = (struct lineage_input){ v[Y].name.hash, &v[Y].trailer };
	lineage_init(&l, in, 2, &there);
	assert_int_equal(l.replaced.n, 2);
	assert_int_equal(l.segments.n, 1);
	assert_int_equal(l.parts.n, 0);
	lineage_release(&l);
	/* X1 is an input too: no part is left */
	in[1] = (struct lineage_input){ v[X1].name.hash, &v[X1].trailer };
	there = (struct hash_list){ &v[X1].name.hash, 1 };
	lineage_init(&l, in, 2, &there);
	assert_int_equal(l.replaced.n, 4);
	assert_int_equal(l.segments.n, 2);
	assert_int_equal(l.parts.n, 0);
	lineage_release(&l);
	release_history(v);
}

/* What a mixed input left in a part of its own is named by nothing that is replaced. */
static void mixed_parts_stay_mixed(void **state)
{
	struct hash128 id[] = { test_id(1), test_id(2) };
	struct bytes del[] = { BYTES_LIT("a"), BYTES_LIT("b"), BYTES_LIT("c") };
	struct pack_trailer t[] = { { .segments = { id, 1 },
				      .parts = { id + 1, 1 },
				      .mixed = true,
				      .order_key = 7,
				      .deletes = del,
				      .n_deletes = 2 },
				    { .order_key = 9, .deletes = del + 1, .n_deletes = 2 } };
	struct lineage_input in[] = { { test_id(5), &t[0] }, { test_id(6), &t[1] } };
	struct hash_list there = { id + 1, 1 };
	struct lineage l;

	(void)state;
	lineage_init(&l, in, 2, &there);
	assert_true(l.mixed);
	assert_int_equal(l.parts.n, 1);
	assert_int_equal(l.order_key, 9);
	assert_int_equal(l.deletes.n, 1);
	assert_true(bytes_is(l.deletes.v[0], "b"));
	lineage_release(&l);
	in[1].name = id[1]; /* merged with it */
	lineage_init(&l, in, 2, &there);
	assert_false(l.mixed);
	assert_int_equal(l.parts.n, 0);
	assert_int_equal(l.segments.n, 1);
	lineage_release(&l);
}

static void every_subset_is_rebuilt_whole(void **state)
{
	(void)state;
	for (uint32_t set = 1; set < 1u << N_MADE; set++) {
		void *state_of_one;
		struct made_pack v[N_MADE];
		uint32_t want = 0;
		struct build_events ev;
		struct fixture *f;
		struct live l;
		struct err e;

		setup(&state_of_one);
		f = state_of_one;
		make_history(f, v);
		for (unsigned i = 0; i < N_MADE; i++) {
			struct buf name = { 0 };

			store_name_add(&name, &v[i].name);
			if (set >> i & 1)
				want |= content[i];
			else
				assert_int_equal(0, store_delete(f->s, buf_str(&name), &e));
			buf_release(&name);
		}
		ev = events_of(&f->m);
		assert_int_equal(0, index_rebuild(f->s, BYTES_LIT("fake"), &ev, &e));
		l = load(f, f->m.n_made);
		if (streams_read(&l) != want)
			fail_msg("of packs %02x: %03x instead of %03x", set, streams_read(&l),
				 want);
		if ((set & 0xc) == 0xc || (set & 0x24) == 0x24) { /* X1 with X2 or Z */
			assert_int_equal(covered(f, test_id(1)), 1);
			assert_int_equal(covered(f, test_id(2)), 1);
			assert_int_equal(live_entries(&l), 3 * (unsigned)__builtin_popcount(want));
		}
		assert_int_equal(covered(f, test_id(3)), (set & 0x24) == 0x24 || (set & 0x10));
		live_release(&l);
		release_history(v);
		teardown(&state_of_one);
	}
}

/* ---- one index file in place of several ---- */

static struct live load_any(struct fixture *f)
{
	struct live l;
	struct err e;

	assert_int_equal(0, live_load(f->s, BYTES_LIT("fake"), DAY, &l, &e));
	return l;
}

static void a_merge_is_one_file(void **state)
{
	struct fixture *f = *state;
	struct made_pack v[N_MADE];
	struct hash128 added[2], hash[2];
	struct live l;
	struct index_merge m = { .store = f->s,
				 .tenant = BYTES_LIT("fake"),
				 .day = DAY,
				 .live = &l,
				 .added = added,
				 .n_added = 2 };
	struct buf name = { 0 };
	struct err e;

	make_history(f, v);
	build(f, &v[P1].name, 1, 1, 0);
	build(f, &v[P2].name, 1, 1, 0);
	build(f, &v[Y].name, 1, 1, 0);
	added[0] = v[X2].name.hash;
	added[1] = v[X1].name.hash;
	l = load(f, 3);
	assert_int_equal(0, index_merge(&m, INDEX_MERGE_NAME, &hash[0], &name, &e));
	assert_int_equal(0, store_has(f->s, buf_str(&name), NULL, &e));
	assert_int_equal(0, index_merge(&m, INDEX_MERGE_WRITE, &hash[1], NULL, &e));
	assert_int_equal(0, hash128_cmp(&hash[0], &hash[1]));
	assert_int_equal(1, store_has(f->s, buf_str(&name), NULL, &e));
	live_release(&l);
	l = load(f, 1);
	assert_int_equal(streams_read(&l), 0x3ff);
	assert_int_equal(live_entries(&l), 30);
	assert_int_equal(index_info(l.v[0])->n_packs, 3);
	assert_int_equal(index_info(l.v[0])->n_indexes, 3);
	assert_int_equal(index_info(l.v[0])->n_old_packs, 2);
	for (unsigned i = 1; i <= 3; i++)
		assert_int_equal(covered(f, test_id(i)), 1);
	/* the next one inherits */
	added[0] = v[Z].name.hash;
	m.n_added = 1;
	assert_int_equal(0, index_merge(&m, INDEX_MERGE_WRITE, &hash[0], NULL, &e));
	live_release(&l);
	l = load(f, 1);
	assert_int_equal(streams_read(&l), 0x3ff);
	assert_int_equal(live_entries(&l), 30);
	assert_int_equal(index_info(l.v[0])->n_indexes, 4);
	assert_int_equal(index_info(l.v[0])->n_old_packs, 4);
	assert_int_equal(index_info(l.v[0])->n_segments, 3);
	live_release(&l);
	buf_release(&name);
	release_history(v);
}

/* Also to a file that takes none of those that have it. */
static void a_mark_goes_to_who_saw_it(void **state)
{
	struct fixture *f = *state;
	const struct hash128 old = test_id(7), mark = rewriting_mark(&old, UINT64_C(1) << 32);
	struct hash128 replaced[] = { mark, old };
	struct pack_spec rewritten = { .tenant = "fake",
				       .app = "new",
				       .day = DAY,
				       .n_streams = 1,
				       .n_entries = 1,
				       .replaced = replaced,
				       .n_replaced = hash128_sort(replaced, 2) };
	struct store_name v[] = { put_pack(f->s, &rewritten), put_web(f), put_other(f, "db") };
	struct live l;
	bool take[3];
	struct index_merge m = {
		.store = f->s, .tenant = BYTES_LIT("fake"), .day = DAY, .live = &l, .take = take
	};
	struct hash128 hash;
	struct err e;

	for (unsigned i = 0; i < 3; i++)
		build(f, &v[i], 1, 1, 0);
	l = load(f, 3);
	for (unsigned i = 0; i < 3; i++)
		take[i] = index_info(l.v[i])->n_old_packs == 0;
	assert_int_equal(take[0] + take[1] + take[2], 2);
	assert_int_equal(0, index_merge(&m, INDEX_MERGE_WRITE, &hash, NULL, &e));
	live_release(&l);
	l = load(f, 2);
	for (unsigned i = 0; i < 2; i++) {
		const struct index_info *in = index_info(l.v[i]);
		const struct hash128 *id;

		assert_int_equal(in->n_old_packs, hash128_cmp(&in->name, &hash) == 0 ? 1 : 2);
		assert_int_equal(0, index_list(l.v[i], INDEX_OLD_PACKS, &id, &e));
		assert_true(hash128_among(id, in->n_old_packs, &mark));
	}
	live_release(&l);
}

static void refused_merges(void **state)
{
	struct fixture *f = *state;
	struct pack_spec large = {
		.tenant = "fake", .app = "all", .day = DAY, .n_streams = 1500, .n_entries = 1
	};
	struct made_pack v[N_MADE];
	struct store_name sn;
	struct buf name = { 0 };
	struct hash128 hash;
	struct live l;
	struct index_merge m = {
		.store = f->s, .tenant = BYTES_LIT("fake"), .day = DAY, .live = &l, .n_added = 1
	};
	struct err e;

	make_history(f, v);
	build(f, &v[P1].name, 1, 1, 0);
	build(f, &v[P2].name, 1, 1, 0);
	l = load(f, 2);
	m.added = &v[X2].name.hash;
	assert_int_equal(-1, index_merge(&m, INDEX_MERGE_WRITE, &hash, NULL, &e));
	assert_int_equal(e.code, ERR_CORRUPT);
	assert_non_null(strstr(e.msg, "its part"));
	hash = test_id(99);
	m.added = &hash;
	assert_int_equal(-1, index_merge(&m, INDEX_MERGE_WRITE, &hash, NULL, &e));
	assert_int_equal(e.code, ERR_CORRUPT);
	assert_non_null(strstr(e.msg, "no such file"));
	live_release(&l);
	/* a page that live_load does not look at */
	sn = put_pack(f->s, &large);
	build(f, &sn, 1, 1, 0);
	sn = (struct store_name){ STORE_INDEX, DAY, BYTES_LIT("fake"), f->m.last_name };
	flip(f, &sn, 140000);
	l = load_any(f);
	assert_int_equal(l.n, 3);
	assert_int_equal(l.n_faults, 0);
	m.n_added = 0;
	assert_int_equal(-1, index_merge(&m, INDEX_MERGE_WRITE, &hash, NULL, &e));
	assert_int_equal(e.code, ERR_CORRUPT);
	assert_non_null(strstr(e.msg, "crc32c mismatch"));
	/* one that others have replaced and deleted meanwhile */
	live_release(&l);
	flip(f, &sn, 140000);
	l = load_any(f);
	m.n_added = 0;
	store_name_add(&name, &sn);
	assert_int_equal(0, store_delete(f->s, buf_str(&name), &e));
	assert_int_equal(-1, index_merge(&m, INDEX_MERGE_WRITE, &hash, NULL, &e));
	assert_int_equal(e.code, ERR_AGAIN);
	assert_non_null(strstr(e.msg, "deleted since"));
	buf_release(&name);
	live_release(&l);
	release_history(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(same_rows_same_file, setup, teardown),
		cmocka_unit_test_setup_teardown(all_skipped_is_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(others_are_refused, setup, teardown),
		cmocka_unit_test(what_belongs_to_no_series_is_told),
		cmocka_unit_test_setup_teardown(damage_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(lineage_is_inherited, setup, teardown),
		cmocka_unit_test(mixed_parts_stay_mixed),
		cmocka_unit_test(every_subset_is_rebuilt_whole),
		cmocka_unit_test_setup_teardown(a_merge_is_one_file, setup, teardown),
		cmocka_unit_test_setup_teardown(a_mark_goes_to_who_saw_it, setup, teardown),
		cmocka_unit_test_setup_teardown(refused_merges, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
