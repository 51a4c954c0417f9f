/* The format stays as it is: the same content gives the bytes that were frozen, and they are read.
 */
#include "unit.h"

#include "base/io.h"
#include "index/index.h"
#include "index/writer.h"

enum { DAY = 20468 }; /* 2026-01-15 */

static const int64_t noon = INT64_C(1768478400000000000);

static struct hash128 counting(unsigned first)
{
	struct hash128 h;

	for (unsigned i = 0; i < sizeof(h.b); i++)
		h.b[i] = (unsigned char)(first + i);
	return h;
}

/* The one that lokid-index(5) shows byte by byte: a stream, a chunk, a block, a pack, a segment. */
static void one_stream(struct buf *out)
{
	struct index_writer *w = index_writer_new(BYTES_LIT("fake"), DAY);
	struct index_pack pack = {
		.name = counting(0), .size = 300, .order_key = noon, .trailer_len = 120
	};
	struct label v[] = { { BYTES_LIT("app"), BYTES_LIT("web") } };
	struct labels l = { v, 1 };
	struct hash128 id = labels_stream_id(BYTES_LIT("fake"), &l), segment = counting(0xa0);
	struct index_chunk c = { .offset = 0,
				 .length = 180,
				 .head_len = 90,
				 .from = noon,
				 .through = noon + 5000,
				 .entries = 3,
				 .n_blocks = 1,
				 .encoding = 2 };
	struct index_block b = { .offset = 90,
				 .length = 90,
				 .side_len = 20,
				 .entries = 3,
				 .line_bytes = 77,
				 .meta_bytes = 0,
				 .min_ts = noon,
				 .max_ts = noon + 5000 };
	struct err e;

	index_writer_pack(w, &pack);
	assert_int_equal(0, index_writer_chunk(w, 0, &id, &l, &c, &b, &e));
	index_writer_replaces(w, INDEX_SEGMENTS, &segment);
	assert_int_equal(0, index_writer_finish(w, out, &e));
	index_writer_free(w);
}

/* Two packs, streams with one to three labels, chunks out of order, everything that can be
 * replaced. */
static void many(struct buf *out)
{
	struct index_writer *w = index_writer_new(BYTES_LIT("team-7"), DAY);
	static const char *const apps[] = { "web", "db", "cache" };
	struct hash128 ids[] = { counting(0x80), counting(0x10), counting(0x80) };
	struct err e;

	for (unsigned p = 0; p < 2; p++) {
		struct index_pack pack = { .name = counting(0x40 - p),
					   .size = 5000,
					   .order_key = (int64_t)p - 1,
					   .trailer_len = 200 };

		index_writer_pack(w, &pack);
	}
	for (unsigned i = 0; i < 12; i++) {
		struct label v[] = { { BYTES_LIT("app"), bytes_str(apps[i % 3]) },
				     { BYTES_LIT("host"), bytes_str(i % 2 ? "h\303\266st" : "h2") },
				     { BYTES_LIT("zone"), BYTES_LIT("") } };
		struct labels l = { v, 1 + i % 2 };
		struct hash128 id = labels_stream_id(BYTES_LIT("team-7"), &l);
		struct index_chunk c = { .offset = i * 400,
					 .length = 400,
					 .head_len = 100,
					 .from = noon - i * 1000,
					 .through = noon + 50,
					 .entries = 1000 + i,
					 .n_blocks = 2,
					 .encoding = (uint8_t)(i % 3) };
		struct index_block b[] = {
			{ .offset = 100,
			  .length = 100,
			  .side_len = 30,
			  .entries = 1000,
			  .line_bytes = 4000,
			  .meta_bytes = 10,
			  .min_ts = noon - i * 1000,
			  .max_ts = noon },
			{ .offset = 200,
			  .length = 200,
			  .side_len = 40,
			  .entries = i,
			  .line_bytes = i * 7,
			  .meta_bytes = i,
			  .min_ts = noon,
			  .max_ts = noon + 50 },
		};

		assert_int_equal(0, index_writer_chunk(w, i % 2, &id, &l, &c, b, &e));
	}
	for (unsigned i = 0; i < 3; i++) {
		index_writer_replaces(w, INDEX_SEGMENTS, &ids[i]);
		index_writer_replaces(w, INDEX_INDEXES, &ids[i]);
		index_writer_replaces(w, INDEX_OLD_PACKS, &ids[i]);
	}
	index_writer_delete(w, BYTES_LIT("request-2"));
	index_writer_delete(w, BYTES_LIT("request-1"));
	index_writer_delete(w, BYTES_LIT("request-2"));
	index_writer_mixed(w);
	assert_int_equal(0, index_writer_finish(w, out, &e));
	index_writer_free(w);
}

static void nothing(struct buf *out)
{
	struct index_writer *w = index_writer_new(BYTES_LIT("fake"), -1);
	struct err e;

	assert_int_equal(0, index_writer_finish(w, out, &e));
	index_writer_free(w);
}

static void told(const struct err *e, void *data)
{
	(void)data;
	print_message("# %s\n", e->msg);
}

static void is_frozen(void **state)
{
	static const struct {
		const char *path;
		void (*make)(struct buf *out);
	} files[] = {
		{ "tests/golden/frozen/index-v1-one-stream", one_stream },
		{ "tests/golden/frozen/index-v1-many", many },
		{ "tests/golden/frozen/index-v1-nothing", nothing },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct buf now = { 0 }, then = { 0 };
		struct index *ix;
		struct err e;

		files[i].make(&now);
		assert_int_equal(0, io_read_file(files[i].path, 1 << 20, &then, &e));
		if (!bytes_eq(buf_bytes(&now), buf_bytes(&then)))
			fail_msg("%s is no longer what the same content gives", files[i].path);
		ix = index_open(buf_bytes(&then), files[i].path, &e);
		assert_non_null(ix);
		assert_int_equal(0, index_verify(ix, told, NULL));
		index_close(ix);
		buf_release(&now);
		buf_release(&then);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(is_frozen) };

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
