/* Faults of index files whose checksums are right: each alone is told as what it is, and mended. */
#include "index_store.h"
#include "remote.h"

#include "base/crc32c.h"
#include "base/rd.h"
#include "base/wr.h"
#include "index/fsck.h"
#include "index/repair.h"
#include "index/scan.h"

enum wrong { NOTHING, TRAILER_LENGTH, ENTRIES, STREAM, BLOCK_TIME, A_CHUNK_LESS, SEGMENT };

/* What goes from a pack into an index file: all but one thing as it is. */
struct writing {
	struct index_writer *w;
	enum wrong wrong;
	uint32_t pack;
	unsigned n; /* chunks that went by */
};

static int add_chunk(const struct chunk *head, const struct index_chunk *c,
		     const struct index_block *blocks, void *data, struct err *e)
{
	struct writing *g = data;
	struct index_chunk row = *c;
	struct index_block b[4];
	const struct label other = { BYTES_LIT("app"), BYTES_LIT("another") };
	struct labels labels = head->labels;
	struct hash128 id = head->stream_id;

	assert_true(c->n_blocks <= 4);
	memcpy(b, blocks, c->n_blocks * sizeof(*b));
	if (g->n++ == 1) {
		if (g->wrong == A_CHUNK_LESS)
			return 0;
		row.entries += g->wrong == ENTRIES;
		b[0].entries += g->wrong == ENTRIES;
		b[0].min_ts += g->wrong == BLOCK_TIME;
		if (g->wrong == STREAM) {
			labels = (struct labels){ (struct label *)(uintptr_t)&other, 1 };
			id = labels_stream_id(BYTES_LIT("fake"), &labels);
		}
	}
	return index_writer_chunk(g->w, g->pack, &id, &labels, &row, b, e);
}

/* An index file of one pack, whose trailer names segment 1. */
static struct store_name put_index(struct fixture *f, enum wrong wrong)
{
	const struct hash128 segment = test_id(1), another = test_id(2);
	const struct pack_spec spec = { .tenant = "fake",
					.app = "web",
					.day = DAY,
					.n_streams = 3,
					.n_entries = 5,
					.segments = &segment,
					.n_segments = 1 };
	const struct store_name name = put_pack(f->s, &spec);
	struct writing g = { .w = index_writer_new(name.tenant, name.day), .wrong = wrong };
	struct buf file = { 0 }, folder = { 0 };
	struct pack_scan scan;
	struct hash128 hash;
	struct err e;

	assert_int_equal(0, pack_scan_open(f->s, &name, &scan, &e));
	scan.row.trailer_len += wrong == TRAILER_LENGTH;
	g.pack = index_writer_pack(g.w, &scan.row);
	assert_int_equal(0, pack_scan_chunks(&scan, add_chunk, &g, &e));
	pack_scan_close(&scan);
	index_writer_replaces(g.w, INDEX_SEGMENTS, &segment);
	if (wrong == SEGMENT)
		index_writer_replaces(g.w, INDEX_SEGMENTS, &another);
	assert_int_equal(0, index_writer_finish(g.w, &file, &e));
	index_writer_free(g.w);
	store_folder_add(&folder, STORE_INDEX, name.tenant, name.day);
	assert_int_equal(0, store_put_bytes(f->s, buf_str(&folder), ".idx", buf_bytes(&file), &hash,
					    NULL, &e));
	buf_release(&file);
	buf_release(&folder);
	return name;
}

static void keep_fault(const struct index_fault *f, void *data)
{
	fault_list_add(data, f);
}

static void fsck(struct fixture *f, struct fault_list *found, size_t n)
{
	const struct index_fsck all = {
		.store = f->s, .depth = FSCK_BYTES, .tell = keep_fault, .data = found
	};
	struct err e = { 0 };
	int64_t rc = index_fsck(&all, &e);

	if (rc < 0)
		fail_msg("%s", e.msg);
	for (size_t i = n; i < found->n; i++)
		print_message("# %s\n", found->v[i].err.msg);
	assert_int_equal(rc, n);
	assert_int_equal(found->n, n);
}

static void done(const char *text, void *data)
{
	(void)text;
	++*(unsigned *)data;
}

static void kept(const struct index_fault *f, const char *why, void *data)
{
	(void)data;
	fail_msg("'%s' stays: %s", f->name, why);
}

static void one_fault(struct fixture *f, enum wrong wrong, enum fault_kind kind, const char *what)
{
	unsigned n_done = 0;
	const struct index_repair r = {
		.store = f->s, .done = done, .kept = kept, .data = &n_done
	};
	struct fault_list found = { 0 };
	struct err e = { 0 };

	put_index(f, wrong);
	fsck(f, &found, 1);
	assert_int_equal(found.v[0].kind, kind);
	if (!strstr(found.v[0].err.msg, what))
		fail_msg("'%s' has no '%s'", found.v[0].err.msg, what);
	assert_int_equal(0, index_repair(&r, &found, &e));
	assert_int_equal(2, n_done); /* set aside, made anew */
	fault_list_reset(&found);
	fsck(f, &found, 0);
	fault_list_release(&found);
	assert_int_equal(1, covered(f, test_id(1)));
	assert_int_equal(0, covered(f, test_id(2)));
}

static void one_that_is_right(void **state)
{
	struct fault_list found = { 0 };

	put_index(*state, NOTHING);
	fsck(*state, &found, 0);
	fault_list_release(&found);
}

static void another_length_of_a_trailer_differs(void **state)
{
	one_fault(*state, TRAILER_LENGTH, FAULT_DIFFERS, "pack 0 of the index says otherwise");
}

static void other_entries_of_a_chunk_differ(void **state)
{
	one_fault(*state, ENTRIES, FAULT_DIFFERS, "of the index says otherwise");
}

static void another_stream_of_a_chunk_differs(void **state)
{
	one_fault(*state, STREAM, FAULT_DIFFERS, "of the index has another stream");
}

static void another_time_of_a_block_differs(void **state)
{
	one_fault(*state, BLOCK_TIME, FAULT_DIFFERS, "of the index says otherwise");
}

static void a_chunk_that_is_not_there_differs(void **state)
{
	one_fault(*state, A_CHUNK_LESS, FAULT_DIFFERS, "pack 0 of the index says otherwise");
}

static void a_segment_that_no_pack_has_is_uncovered(void **state)
{
	one_fault(*state, SEGMENT, FAULT_UNCOVERED, "which its packs do not have whole");
}

/* ---- packs that no index file can name ---- */

enum unnameable { NEWER, DAMAGED };

/* What stands before the flags of a trailer of tenant "fake" and DAY. */
enum { TENANT_LEN = 5, DAY_LEN = 3, ORDER_KEY_LEN = 8 };

/* The trailer has a flag that this program does not know; or it is damaged, and a chunk too. */
static struct store_name put_unnameable(struct fixture *f, enum unnameable what)
{
	const struct pack_spec spec = { .tenant = "fake",
					.app = what == NEWER ? "newer" : "damaged",
					.day = DAY,
					.n_streams = 2,
					.n_entries = 3 };
	struct store_name ret = { STORE_PACK, DAY, BYTES_LIT("fake"), { { 0 } } };
	struct buf file = { 0 }, folder = { 0 };
	size_t trailer, crc;
	struct rd end;
	struct err e;

	make_pack(&spec, &file);
	end = rd_init(bytes_of(file.p + file.n - PACK_END_LEN, sizeof(uint32_t)));
	crc = file.n - PACK_END_LEN - sizeof(uint32_t);
	trailer = file.n - rd_u32be(&end);
	file.p[trailer + CHUNK_FIXED_LEN + TENANT_LEN + DAY_LEN + ORDER_KEY_LEN] ^= 0x40;
	if (what == NEWER)
		wr_patch_u32be(&file, crc, crc32c(file.p + trailer, crc - trailer));
	else
		file.p[CHUNK_FIXED_LEN + 3] ^= 1;
	store_folder_add(&folder, STORE_PACK, ret.tenant, ret.day);
	assert_int_equal(0, store_put_bytes(f->s, buf_str(&folder), ".pack", buf_bytes(&file),
					    &ret.hash, NULL, &e));
	buf_release(&file);
	buf_release(&folder);
	return ret;
}

static void damage_trailer(struct fixture *f, const struct store_name *pack)
{
	struct buf path = { 0 };
	FILE *file;

	buf_addf(&path, "%s/", f->path);
	store_name_add(&path, pack);
	assert_int_equal(0, chmod(buf_str(&path), 0600));
	file = fopen(buf_str(&path), "r+b");
	assert_non_null(file);
	assert_int_equal(0, fseek(file, -30, SEEK_END));
	assert_int_equal(8, fwrite("damaged!", 1, 8, file));
	assert_int_equal(0, fclose(file));
	buf_release(&path);
}

static bool is_there(struct fixture *f, const struct store_name *pack)
{
	struct buf name = { 0 };
	int rc;

	store_name_add(&name, pack);
	rc = store_has(f->s, buf_str(&name), NULL, NULL);
	buf_release(&name);
	assert_true(rc >= 0);
	return rc;
}

struct told {
	unsigned n_done, n_kept, n_lost;
};

static void count_done(const char *text, void *data)
{
	struct told *t = data;

	(void)text;
	t->n_done++;
}

static void count_kept(const struct index_fault *f, const char *why, void *data)
{
	struct told *t = data;

	(void)f;
	(void)why;
	t->n_kept++;
}

static void count_lost(const char *pack, const char *what, void *data)
{
	struct told *t = data;

	(void)pack;
	(void)what;
	t->n_lost++;
}

enum mode { DO_IT, DRY_RUN };

static struct told repair_in(struct fixture *f, const struct fault_list *found, enum mode mode)
{
	struct told t = { 0 };
	const struct index_repair r = { .store = f->s,
					.dry_run = mode == DRY_RUN,
					.done = count_done,
					.kept = count_kept,
					.lost = count_lost,
					.data = &t };
	struct err e = { 0 };

	if (index_repair(&r, found, &e) < 0)
		fail_msg("%s", e.msg);
	return t;
}

static struct told repair(struct fixture *f, const struct fault_list *found)
{
	return repair_in(f, found, DO_IT);
}

static void a_newer_pack_stays(void **state)
{
	const struct pack_spec orphan = {
		.tenant = "fake", .app = "orphan", .day = DAY, .n_streams = 1, .n_entries = 1
	};
	struct fixture *f = *state;
	const struct store_name newer = put_unnameable(f, NEWER);
	struct fault_list found = { 0 };
	struct told t;

	put_pack(f->s, &orphan);
	fsck(f, &found, 2);
	t = repair(f, &found);
	assert_int_equal(t.n_kept, 1);
	assert_int_equal(t.n_lost, 0);
	assert_int_equal(t.n_done, 1); /* the other one's index file */
	assert_true(is_there(f, &newer));
	fault_list_reset(&found);
	fsck(f, &found, 1);
	assert_int_equal(found.v[0].err.code, ERR_VERSION);
	fault_list_release(&found);
}

/* As when a block of it is damaged, too. */
static void a_dry_run_goes_on_after_a_newer_pack(void **state)
{
	struct fixture *f = *state;
	const struct store_name newer = put_unnameable(f, NEWER);
	struct fault_list found = { 0 };
	struct buf name = { 0 };
	struct index_fault fault = {
		.kind = FAULT_DAMAGED, .tenant = newer.tenant, .day = DAY, .n = 1
	};
	struct told t;

	store_name_add(&name, &newer);
	fault.name = buf_str(&name);
	err_set(&fault.err, ERR_CORRUPT, "a block is damaged");
	fault_list_add(&found, &fault);
	t = repair_in(f, &found, DRY_RUN);
	assert_int_equal(t.n_kept, 1);
	assert_int_equal(t.n_done, 1); /* index files would be made */
	assert_true(is_there(f, &newer));
	fault_list_release(&found);
	buf_release(&name);
}

static void what_is_lost_is_told_beside_a_newer_pack(void **state)
{
	const struct store_name damaged = put_unnameable(*state, DAMAGED);
	const struct store_name newer = put_unnameable(*state, NEWER);
	struct fault_list found = { 0 };
	struct told t;

	fsck(*state, &found, 2);
	t = repair(*state, &found);
	assert_int_equal(t.n_lost, 1);
	assert_false(is_there(*state, &damaged));
	assert_true(is_there(*state, &newer));
	fault_list_release(&found);
}

/* Its index file is wrong, but stays, as the newer one may be named by it alone. */
static void a_damaged_pack_stays_with_its_index_file(void **state)
{
	const struct store_name damaged = put_index(*state, BLOCK_TIME);
	struct fault_list found = { 0 };
	struct told t;

	fsck(*state, &found, 1);
	damage_trailer(*state, &damaged);
	put_unnameable(*state, NEWER);
	t = repair(*state, &found);
	assert_int_equal(t.n_kept, 1);
	assert_int_equal(t.n_lost, 0);
	assert_true(is_there(*state, &damaged));
	fault_list_release(&found);
}

static void a_store_that_does_not_answer_damages_no_pack(void **state)
{
	const struct fixture *f = *state;
	const struct pack_spec orphan = {
		.tenant = "fake", .app = "orphan", .day = DAY, .n_streams = 1, .n_entries = 1
	};
	struct remote *r = remote_open(f->path);
	struct fault_list found = { 0 };
	const struct index_fsck unnamed = {
		.store = &r->base, .depth = FSCK_UNNAMED, .tell = keep_fault, .data = &found
	};
	struct err e = { 0 };

	put_pack(f->s, &orphan);
	r->n_failing = 1;
	assert_int_equal(-1, index_fsck(&unnamed, &e));
	assert_int_equal(e.code, ERR_AGAIN);
	assert_int_equal(found.n, 0);
	assert_int_equal(1, index_fsck(&unnamed, &e));
	assert_int_equal(found.v[0].kind, FAULT_ORPHAN);
	fault_list_release(&found);
	store_close(&r->base);
}

/* ---- days of a remote store ---- */

enum { DAYS = 24, MISSING = 3, UNNAMED = 11, TWICE = 19 };

/* Of most days a pack and its index file. */
static void put_days(struct fixture *f)
{
	for (int i = 0; i < DAYS; i++) {
		struct pack_spec spec = { .tenant = "fake",
					  .app = "web",
					  .day = DAY + i,
					  .n_streams = 2,
					  .n_entries = 3 };
		struct store_name name = put_pack(f->s, &spec);
		struct buf text = { 0 };
		struct err e;

		if (i != UNNAMED)
			build(f, &name, 1, 1, 0);
		store_name_add(&text, &name);
		if (i == MISSING)
			assert_int_equal(0, store_delete(f->s, buf_str(&text), &e));
		if (i == TWICE) {
			spec.app = "another";
			put_pack(f->s, &spec);
		}
		buf_release(&text);
	}
}

static void check(struct store *s, struct fault_list *found)
{
	const struct index_fsck all = {
		.store = s, .depth = FSCK_BYTES, .tell = keep_fault, .data = found
	};
	struct err e = { 0 };

	assert_int_equal(3, index_fsck(&all, &e));
	assert_int_equal(found->n, 3);
}

static void a_remote_store_is_listed_once(void **state)
{
	struct fixture *f = *state;
	struct fault_list want = { 0 }, found = { 0 };
	struct store_stats st;
	struct remote *r;

	put_days(f);
	check(f->s, &want);
	assert_int_equal(want.v[0].kind, FAULT_MISSING);
	assert_int_equal(want.v[1].kind, FAULT_ORPHAN);
	assert_int_equal(want.v[2].kind, FAULT_ORPHAN);
	r = remote_open(f->path);
	check(&r->base, &found);
	for (size_t i = 0; i < found.n; i++) {
		assert_int_equal(found.v[i].kind, want.v[i].kind);
		assert_int_equal(found.v[i].day, want.v[i].day);
		assert_string_equal(found.v[i].name, want.v[i].name);
	}
	store_stats(&r->base, &st);
	assert_in_range(st.lists, 1, 2);     /* and the tenants, for what writers have left */
	assert_in_range(r->rounds, 4, DAYS); /* alone a day takes four */
	fault_list_release(&want);
	fault_list_release(&found);
	store_close(&r->base);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_that_is_right),
		TEST(another_length_of_a_trailer_differs),
		TEST(other_entries_of_a_chunk_differ),
		TEST(another_stream_of_a_chunk_differs),
		TEST(another_time_of_a_block_differs),
		TEST(a_chunk_that_is_not_there_differs),
		TEST(a_segment_that_no_pack_has_is_uncovered),
		TEST(a_newer_pack_stays),
		TEST(a_dry_run_goes_on_after_a_newer_pack),
		TEST(what_is_lost_is_told_beside_a_newer_pack),
		TEST(a_damaged_pack_stays_with_its_index_file),
		TEST(a_store_that_does_not_answer_damages_no_pack),
		TEST(a_remote_store_is_listed_once),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
