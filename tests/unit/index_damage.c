/* Damaged index files: cut at every byte, every bit flipped, each reference wrong behind right
 * checksums. */
#include "packs.h"

#include "base/crc32c.h"
#include "base/wr.h"
#include "index/dump.h"
#include "index/format.h"
#include "index/index.h"
#include "index/writer.h"

enum { DAY = 20000 };

/* An index file of n streams, in memory. */
static void sample(struct buf *out, unsigned n_streams)
{
	struct index_writer *w = index_writer_new(BYTES_LIT("fake"), DAY);
	struct index_pack pack = {
		.name = test_id(1), .size = 1000000, .trailer_len = 100, .order_key = 7
	};
	struct pack_spec spec = { .tenant = "fake", .app = "web", .day = DAY };
	struct hash128 seg = test_id(5), old = test_id(6), ix = test_id(7);
	struct err e;

	index_writer_pack(w, &pack);
	for (unsigned i = 0; i < n_streams; i++) {
		struct label v[3];
		char text[2][24];
		struct labels l = spec_labels(&spec, i, v, text);
		struct hash128 id = labels_stream_id(BYTES_LIT("fake"), &l);
		struct index_chunk c = { .offset = i * 100,
					 .length = 100,
					 .head_len = 50,
					 .from = 10,
					 .through = 30,
					 .entries = 5,
					 .n_blocks = 2,
					 .encoding = 2 };
		struct index_block b[2] = {
			{ .offset = 50,
			  .length = 20,
			  .side_len = 5,
			  .entries = 3,
			  .min_ts = 10,
			  .max_ts = 20,
			  .line_bytes = 9,
			  .meta_bytes = 1 },
			{ .offset = 70,
			  .length = 30,
			  .side_len = 5,
			  .entries = 2,
			  .min_ts = 20,
			  .max_ts = 30,
			  .line_bytes = 9 },
		};

		assert_int_equal(0, index_writer_chunk(w, 0, &id, &l, &c, b, &e));
	}
	index_writer_replaces(w, INDEX_SEGMENTS, &seg);
	index_writer_replaces(w, INDEX_OLD_PACKS, &old);
	index_writer_replaces(w, INDEX_INDEXES, &ix);
	index_writer_delete(w, BYTES_LIT("d-1"));
	assert_int_equal(0, index_writer_finish(w, out, &e));
	index_writer_free(w);
}

static int take(struct bytes text, void *data, struct err *e)
{
	(void)e;
	buf_add_bytes(data, text);
	return 0;
}

static void count(const struct err *e, void *data)
{
	assert_true(e->msg[0] != '\0' && e->code == ERR_CORRUPT);
	(*(size_t *)data)++;
}

/* All that it gives must be what the whole file gave, or an error. */
static bool gives_less(struct bytes file, struct bytes whole, struct err *e)
{
	struct index *ix = index_open(file, "x.idx", e);
	struct buf text = { 0 };
	bool failed;

	if (!ix)
		return true;
	failed = index_dump(ix, take, &text, e) < 0;
	if (failed ? !bytes_starts(whole, buf_bytes(&text)) : !bytes_eq(whole, buf_bytes(&text)))
		fail_msg("a wrong answer: %.*s", BYTES_ARG(buf_bytes(&text)));
	buf_release(&text);
	index_close(ix);
	return failed;
}

static void cut_at_every_byte(void **state)
{
	struct buf file = { 0 };
	struct err e;

	(void)state;
	sample(&file, 3);
	for (size_t n = 0; n < file.n; n++) {
		char *copy = malloc(n + 1); /* of its own, so that a read behind it is seen */
		struct index *ix;

		memcpy(copy, file.p, n);
		ix = index_open(bytes_of(copy, n), "x.idx", &e);
		assert_null(ix);
		assert_int_equal(e.code, ERR_CORRUPT);
		assert_true(strstr(e.msg, "x.idx") != NULL);
		free(copy);
	}
	buf_release(&file);
}

static void dump_of(struct bytes file, struct buf *out)
{
	struct err e;
	struct index *ix = index_open(file, "x.idx", &e);

	assert_non_null(ix);
	assert_int_equal(0, index_dump(ix, take, out, &e));
	index_close(ix);
}

static void every_bit_flipped(void **state)
{
	struct buf file = { 0 }, whole = { 0 };
	uint32_t head_len;
	struct rd rd;
	struct err e;

	(void)state;
	sample(&file, 3);
	dump_of(buf_bytes(&file), &whole);
	rd = rd_init(buf_bytes(&file));
	rd.off = 16;
	head_len = rd_u32be(&rd);
	for (size_t bit = 0; bit < file.n * 8; bit++) {
		struct index *ix;

		file.p[bit / 8] ^= (char)(1 << bit % 8);
		ix = index_open(buf_bytes(&file), "x.idx", &e);
		if (bit / 8 < head_len) {
			assert_null(ix);
			assert_true(e.code == ERR_CORRUPT || e.code == ERR_VERSION);
		} else {
			size_t n_faults = 0;

			assert_non_null(ix);
			assert_int_equal(1, index_verify(ix, count, &n_faults));
			assert_int_equal(1, n_faults);
			assert_true(gives_less(buf_bytes(&file), buf_bytes(&whole), &e));
			assert_non_null(strstr(e.msg, "page 0"));
		}
		index_close(ix);
		file.p[bit / 8] ^= (char)(1 << bit % 8);
	}
	buf_release(&whole);
	buf_release(&file);
}

/* What lies in other pages is still found. */
static void damage_stays_in_its_page(void **state)
{
	struct buf file = { 0 };
	struct index *ix;
	size_t n_ok = 0, n_faults = 0;
	struct index_chunk c;
	struct err e;

	(void)state;
	sample(&file, 5000);
	assert_true(file.n > 8 * INDEX_PAGE);
	file.p[file.n - 100] ^= 1;
	ix = index_open(buf_bytes(&file), "x.idx", &e);
	assert_non_null(ix);
	for (uint32_t i = 0; i < 5000; i++) {
		struct index_block b;

		assert_int_equal(0, index_chunk_at(ix, i, &c, &e));
		if (index_block_at(ix, &c, 0, &b, &e) == 0 &&
		    index_block_at(ix, &c, 1, &b, &e) == 0)
			n_ok++;
		else
			assert_non_null(strstr(e.msg, "page"));
	}
	assert_true(n_ok > 4000 && n_ok < 5000);
	assert_int_equal(1, index_verify(ix, count, &n_faults));
	index_close(ix);
	buf_release(&file);
}

/* Puts right checksums on a changed file, as an enemy would. */
static void seal(struct buf *file)
{
	struct rd rd = rd_init(buf_bytes(file));
	uint32_t head_len, n_pages, n_sections;

	rd.off = 6;
	n_sections = rd_u16be(&rd);
	rd.off = 16;
	head_len = rd_u32be(&rd);
	rd.off = 60;
	n_pages = rd_u32be(&rd);
	for (uint32_t i = 0; i < n_pages; i++) {
		size_t from = (size_t)i * INDEX_PAGE, to = from + INDEX_PAGE;

		from = from < head_len ? head_len : from;
		to = to < file->n ? to : file->n;
		wr_patch_u32be(file, INDEX_FIXED_LEN + n_sections * INDEX_SECTION_LEN + 4 * i,
			       crc32c(file->p + from, to - from));
	}
	wr_patch_u32be(file, head_len - 4, crc32c(file->p, head_len - 4));
}

/* Every byte of a small file set to other values, with right checksums: never an access outside,
 * and index_verify finds whatever is no longer as it was. */
static void wrong_references_behind_right_checksums(void **state)
{
	struct buf file = { 0 }, copy = { 0 };
	static const unsigned char values[] = { 0, 1, 0x7f, 0x80, 0xff };
	size_t n_found = 0, n_tried = 0;
	uint32_t head_len;
	struct rd rd;
	struct err e;

	(void)state;
	sample(&file, 3);
	rd = rd_init(buf_bytes(&file));
	rd.off = 16;
	head_len = rd_u32be(&rd);
	for (size_t at = head_len; at < file.n; at++) {
		for (size_t k = 0; k < sizeof(values); k++) {
			struct index *ix;
			struct buf text = { 0 };

			if ((unsigned char)file.p[at] == values[k])
				continue;
			buf_reset(&copy);
			buf_add_bytes(&copy, buf_bytes(&file));
			copy.p[at] = (char)values[k];
			seal(&copy);
			ix = index_open(buf_bytes(&copy), "x.idx", &e);
			assert_non_null(ix);
			if (index_dump(ix, take, &text, &e) < 0)
				assert_int_equal(e.code, ERR_CORRUPT);
			n_tried++;
			n_found += index_verify(ix, NULL, NULL) > 0;
			index_close(ix);
			buf_release(&text);
		}
	}
	/* Not to be found: sizes, offsets and ids that only the packs know; they are checked
	 * against those. */
	assert_true(n_found > n_tried / 2);
	buf_release(&copy);
	buf_release(&file);
}

/* A head that is changed and sealed again is refused for what it says. */
static void heads_of_the_future(void **state)
{
	static const struct {
		size_t off;
		unsigned char value;
		enum err_code code;
	} cases[] = {
		{ 4, 2, ERR_VERSION },	       /* version */
		{ 5, 0x20, ERR_VERSION },      /* a flag that must be known */
		{ 5, 0x10, ERR_CORRUPT },      /* compressed: its head were longer */
		{ 5, 0x04, ERR_NONE },	       /* one that may be ignored */
		{ 64, 0x80, ERR_VERSION },     /* a section that must be known */
		{ 64 + 3, 99, ERR_CORRUPT },   /* section 1 is missing, 99 is ignored */
		{ 64 + 3, 2, ERR_CORRUPT },    /* section 2 is there twice */
		{ 64 + 8, 0x40, ERR_CORRUPT }, /* a section outside the file */
		{ 64 + 7, 99, ERR_CORRUPT },   /* rows that do not fit its length */
		{ 0, 'X', ERR_CORRUPT },
	};
	struct buf file = { 0 };
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct index *ix;

		buf_reset(&file);
		sample(&file, 3);
		file.p[cases[i].off] = (char)cases[i].value;
		seal(&file);
		e.code = ERR_NONE;
		ix = index_open(buf_bytes(&file), "x.idx", &e);
		assert_int_equal(e.code, cases[i].code);
		assert_true((ix != NULL) == (cases[i].code == ERR_NONE));
		index_close(ix);
	}
	buf_release(&file);
}

static void the_writer_refuses(void **state)
{
	struct index_writer *w = index_writer_new(BYTES_LIT("fake"), DAY);
	struct index_pack pack = { .name = test_id(1) };
	struct label v[] = { { BYTES_LIT("a"), BYTES_LIT("b") } };
	struct labels l = { v, 1 }, none = { NULL, 0 };
	struct hash128 id = test_id(2);
	struct index_chunk c = { .length = 100,
				 .head_len = 50,
				 .from = 10,
				 .through = 30,
				 .entries = 5,
				 .n_blocks = 1 };
	struct index_block good = { .offset = 50,
				    .length = 50,
				    .entries = 5,
				    .min_ts = 10,
				    .max_ts = 30 },
			   b;
	struct err e;

	(void)state;
	index_writer_pack(w, &pack);
	assert_int_equal(0, index_writer_chunk(w, 0, &id, &l, &c, &good, &e));
	assert_int_equal(
		-1, index_writer_chunk(w, 0, &id, &none, &c, &good, &e)); /* one id, two sets */
	assert_int_equal(e.code, ERR_CORRUPT);
	b = good;
	b.offset = 60;
	assert_int_equal(-1, index_writer_chunk(w, 0, &id, &l, &c, &b, &e));
	b = good;
	b.max_ts = 31;
	assert_int_equal(-1, index_writer_chunk(w, 0, &id, &l, &c, &b, &e));
	b = good;
	b.entries = 4;
	assert_int_equal(-1, index_writer_chunk(w, 0, &id, &l, &c, &b, &e));
	index_writer_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cut_at_every_byte),
		cmocka_unit_test(every_bit_flipped),
		cmocka_unit_test(damage_stays_in_its_page),
		cmocka_unit_test(wrong_references_behind_right_checksums),
		cmocka_unit_test(heads_of_the_future),
		cmocka_unit_test(the_writer_refuses),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
