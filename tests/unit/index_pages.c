/* Compressed index files: they give what plain ones give, and damage costs its page. */
#include "packs.h"

#include <pthread.h>

#include "base/crc32c.h"
#include "base/io.h"
#include "base/wr.h"
#include "index/dump.h"
#include "index/format.h"
#include "index/index.h"
#include "index/reader.h"
#include "index/writer.h"

enum {
	DAY = 20000,
	STREAMS = 9000,
	TABLE = INDEX_FIXED_LEN + (SEC_BUNDLES - 1) * INDEX_SECTION_LEN
};

enum form { PLAIN, COMPRESSED };

/* An index file of n chunks of a block each, of streams in turn. */
static void sample_of(struct buf *out, unsigned n, unsigned n_streams, enum form form)
{
	struct index_writer *w = index_writer_new(BYTES_LIT("fake"), DAY);
	struct index_pack pack = {
		.name = test_id(1), .size = 1000000, .trailer_len = 100, .order_key = 7
	};
	struct hash128 seg = test_id(5);
	struct err e;

	index_writer_pack(w, &pack);
	for (unsigned i = 0; i < n; i++) {
		char pod[24];
		struct label v[] = { { BYTES_LIT("app"), BYTES_LIT("web") },
				     { BYTES_LIT("pod"), { pod, 0 } } };
		struct labels l = { v, 2 };
		struct hash128 id;
		struct index_chunk c = { .offset = i * 100,
					 .length = 100,
					 .head_len = 50,
					 .from = 10 + i,
					 .through = 30 + 7 * i,
					 .entries = 5,
					 .n_blocks = 1,
					 .encoding = 2 };
		struct index_block b = { .offset = 50,
					 .length = 50,
					 .side_len = 5,
					 .entries = 5,
					 .min_ts = c.from,
					 .max_ts = c.through,
					 .line_bytes = 9 + i % 100,
					 .meta_bytes = 1 };

		v[1].value.n = (size_t)snprintf(pod, sizeof(pod), "pod-%u", i % n_streams);
		id = labels_stream_id(BYTES_LIT("fake"), &l);
		assert_int_equal(0, index_writer_chunk(w, 0, &id, &l, &c, &b, &e));
	}
	index_writer_replaces(w, INDEX_SEGMENTS, &seg);
	if (form == COMPRESSED)
		index_writer_compress(w);
	assert_int_equal(0, index_writer_finish(w, out, &e));
	index_writer_free(w);
}

/* Of more than a MiB with STREAMS. */
static void sample(struct buf *out, unsigned n_streams, enum form form)
{
	sample_of(out, n_streams, n_streams, form);
}

static int take(struct bytes text, void *data, struct err *e)
{
	(void)e;
	buf_add_bytes(data, text);
	return 0;
}

/* All that the file says, without the line that says how long it is. */
static void dump(struct index *ix, struct buf *out)
{
	struct err e;

	assert_int_equal(0, index_dump(ix, take, out, &e));
	buf_drop(out, (size_t)((char *)memchr(out->p, '\n', out->n) - out->p));
}

static void told(const struct err *e, void *data)
{
	assert_int_equal(e->code, ERR_CORRUPT);
	(*(size_t *)data)++;
}

static struct index *open_file(const struct buf *file)
{
	struct err e;
	struct index *ix = index_open(buf_bytes(file), "x.idx", &e);

	if (!ix)
		fail_msg("%s", e.msg);
	return ix;
}

static void it_gives_the_same(void **state)
{
	struct buf plain = { 0 }, packed = { 0 }, a = { 0 }, b = { 0 };
	struct index *x, *y;
	size_t n_faults = 0;

	(void)state;
	sample(&plain, STREAMS, PLAIN);
	sample(&packed, STREAMS, COMPRESSED);
	assert_true(packed.n < plain.n / 3);
	x = open_file(&plain);
	y = open_file(&packed);
	dump(x, &a);
	dump(y, &b);
	assert_true(bytes_eq(buf_bytes(&a), buf_bytes(&b)));
	assert_int_equal(index_info(y)->size, packed.n);
	assert_int_equal(0, index_verify(y, told, &n_faults));
	index_close(x);
	index_close(y);
	buf_release(&a);
	buf_release(&b);
	buf_release(&plain);
	buf_release(&packed);
}

static void a_small_one_stays_plain(void **state)
{
	struct buf plain = { 0 }, packed = { 0 };

	(void)state;
	sample(&plain, 5000, PLAIN);
	sample(&packed, 5000, COMPRESSED);
	assert_true(bytes_eq(buf_bytes(&plain), buf_bytes(&packed)));
	buf_release(&plain);
	buf_release(&packed);
}

/* A file that was written once: the compressor may give other bytes now. */
static void a_frozen_one_is_read(void **state)
{
	static const char path[] = "tests/golden/frozen/index-v1-compressed";
	struct buf then = { 0 }, plain = { 0 }, a = { 0 }, b = { 0 };
	size_t n_faults = 0;
	struct index *ix;
	struct err e;

	(void)state;
	assert_int_equal(0, io_read_file(path, 1 << 20, &then, &e));
	ix = open_file(&then);
	assert_int_equal(0, index_verify(ix, told, &n_faults));
	dump(ix, &a);
	index_close(ix);
	sample_of(&plain, 13000, 10, PLAIN);
	ix = open_file(&plain);
	dump(ix, &b);
	index_close(ix);
	assert_true(bytes_eq(buf_bytes(&a), buf_bytes(&b)));
	buf_release(&then);
	buf_release(&plain);
	buf_release(&a);
	buf_release(&b);
}

static uint32_t u32_at(const struct buf *file, size_t at)
{
	struct rd rd = rd_init(buf_bytes(file));

	rd.off = at;
	return rd_u32be(&rd);
}

static void seal_head(struct buf *file)
{
	uint32_t head_len = u32_at(file, 16);

	wr_patch_u32be(file, head_len - 4, crc32c(file->p, head_len - 4));
}

static void damage_costs_its_page(void **state)
{
	struct buf file = { 0 };
	struct err e;

	(void)state;
	sample(&file, STREAMS, COMPRESSED);
	for (size_t at = u32_at(&file, 16) + 100; at < file.n; at += file.n / 20) {
		struct index *ix;
		size_t n_ok = 0, n_bad = 0, n_faults = 0;

		file.p[at] ^= 1;
		ix = open_file(&file);
		for (uint32_t i = 0; i < STREAMS; i++) {
			struct index_series s;
			struct index_chunk c;
			struct index_block b;

			if (index_series_at(ix, i, &s, &e) == 0 &&
			    index_chunk_at(ix, i, &c, &e) == 0 &&
			    index_block_at(ix, &c, 0, &b, &e) == 0)
				n_ok += c.through - 30 == 7 * (c.from - 10) &&
					b.line_bytes == 9 + (uint64_t)(c.from - 10) % 100;
			else
				n_bad++;
		}
		assert_int_equal(n_ok + n_bad, STREAMS);
		assert_true(n_bad < STREAMS / 2);
		assert_true(index_verify(ix, told, &n_faults) > 0);
		index_close(ix);
		file.p[at] ^= 1;
	}
	buf_release(&file);
}

/* Each with the head's checksum put right, as an enemy would. */
static void lengths_that_cannot_be(void **state)
{
	struct buf good = { 0 }, file = { 0 };
	uint32_t n_pages, head_len, len;

	(void)state;
	sample(&good, STREAMS, COMPRESSED);
	n_pages = u32_at(&good, 60);
	head_len = u32_at(&good, 16);
	len = u32_at(&good, TABLE + 4 * (size_t)n_pages);
	for (int i = 0; i < 6; i++) {
		size_t first_len = TABLE + 4 * (size_t)n_pages, size = head_len - 12;
		struct index *ix;
		struct err e;

		buf_reset(&file);
		buf_add_bytes(&file, buf_bytes(&good));
		switch (i) {
		case 0: /* the pages do not end where the file does */
			wr_patch_u32be(&file, first_len, len - 1);
			break;
		case 1:
			wr_patch_u32be(&file, first_len, INDEX_PAGE + 1);
			break;
		case 2:
			wr_patch_u32be(&file, first_len, 0);
			wr_patch_u32be(&file, first_len + 4, u32_at(&good, first_len + 4) + len);
			break;
		case 3: /* what it holds does not fill its pages, */
			wr_patch_u32be(&file, size + 4, u32_at(&good, size + 4) - INDEX_PAGE);
			break;
		case 4: /* is more than they hold, */
			wr_patch_u32be(&file, size, 1);
			break;
		case 5: /* or less than its head */
			wr_patch_u32be(&file, size + 4, 7);
			break;
		}
		seal_head(&file);
		ix = index_open(buf_bytes(&file), "x.idx", &e);
		assert_null(ix);
		assert_int_equal(e.code, ERR_CORRUPT);
	}
	buf_release(&good);
	buf_release(&file);
}

/* As of a plain one: other flags are damage, as long as the head's checksum can be found. */
static void damaged_flags(void **state)
{
	struct buf file = { 0 };
	struct err e;

	(void)state;
	sample(&file, STREAMS, COMPRESSED);
	file.p[5] = (char)0xff;
	assert_null(index_open(buf_bytes(&file), "x.idx", &e));
	assert_int_equal(e.code, ERR_CORRUPT);
	assert_non_null(strstr(e.msg, "head: crc32c mismatch"));
	file.p[5] = 0;
	assert_null(index_open(buf_bytes(&file), "x.idx", &e));
	assert_int_equal(e.code, ERR_CORRUPT);
	buf_release(&file);
}

/* The checksums are right, what stands there is no page, or one of another length. */
static void pages_that_do_not_unpack(void **state)
{
	struct buf file = { 0 };
	uint32_t n_pages, head_len, len;
	struct bytes name;
	size_t n_faults = 0;
	struct index *ix;
	struct err e;

	(void)state;
	sample(&file, STREAMS, COMPRESSED);
	n_pages = u32_at(&file, 60);
	head_len = u32_at(&file, 16);
	memset(file.p + head_len, 'x', 8);
	len = u32_at(&file, TABLE + 4 * (size_t)n_pages);
	wr_patch_u32be(&file, TABLE, crc32c(file.p + head_len, len));
	seal_head(&file);
	ix = open_file(&file);
	assert_int_equal(index_symbol(ix, 0, &name, &e), -1);
	assert_int_equal(e.code, ERR_CORRUPT);
	assert_non_null(strstr(e.msg, "page 0"));
	assert_true(index_verify(ix, told, &n_faults) > 0);
	index_close(ix);
	buf_release(&file);
}

enum { THREADS = 4 };

static void *read_all(void *data)
{
	struct index *ix = data;
	uint64_t sum = 0;
	struct err e;

	for (uint32_t i = 0; i < STREAMS; i++) {
		struct index_chunk c;
		struct index_block b;

		if (index_chunk_at(ix, i, &c, &e) < 0 || index_block_at(ix, &c, 0, &b, &e) < 0)
			return NULL;
		sum += (uint64_t)c.through + b.line_bytes;
	}
	return (void *)(uintptr_t)sum;
}

static void threads_read_it_at_once(void **state)
{
	struct buf file = { 0 };
	pthread_t thread[THREADS];
	struct index *ix;
	void *first = NULL;

	(void)state;
	sample(&file, STREAMS, COMPRESSED);
	ix = open_file(&file);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, read_all, ix), 0);
	for (int i = 0; i < THREADS; i++) {
		void *sum;

		pthread_join(thread[i], &sum);
		assert_non_null(sum);
		if (i == 0)
			first = sum;
		assert_ptr_equal(sum, first);
	}
	index_close(ix);
	buf_release(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_gives_the_same),
		cmocka_unit_test(a_small_one_stays_plain),
		cmocka_unit_test(a_frozen_one_is_read),
		cmocka_unit_test(damage_costs_its_page),
		cmocka_unit_test(lengths_that_cannot_be),
		cmocka_unit_test(damaged_flags),
		cmocka_unit_test(pages_that_do_not_unpack),
		cmocka_unit_test(threads_read_it_at_once),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
