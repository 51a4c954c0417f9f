/* Faults of index files whose checksums are right: each alone is told as what it is, and mended. */
#include "index_store.h"

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
static void put_index(struct fixture *f, enum wrong wrong)
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
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
