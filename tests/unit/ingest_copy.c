/* Batches with an id are copied as they are when they are sound all through, and taken apart when
 * they only look so. */
#include "wal_sample.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/rd.h"
#include "base/wr.h"
#include "ingest/ingest.h"
#include "wal/segment.h"

enum { BATCHES_MAX = 4000 };
enum { TENANT_AT = 6, MIN_AT = 10, PART_AT = 29, PART_BYTES_AT = PART_AT + 17, PART_MIN_AT };

struct test {
	char *dir;
	struct sample given;
	struct buf series, batch; /* a good record of each */
	struct ingest_counts counts;
	char answers[40000];
	struct buf found[BATCHES_MAX]; /* records of batches in the log */
	size_t n_found, n_segments;
	enum ingest_check check;
};

static int setup(void **state)
{
	struct test *t = calloc(1, sizeof(*t));
	struct sample s;
	struct wal_reader *r;
	struct wal_item item;
	uint32_t streams[2];
	uint64_t seed = 7;

	t->dir = new_folder();
	sample_begin(&s, 1);
	streams[0] = sample_stream(&s, "fake", "web");
	streams[1] = sample_stream(&s, "fake", "db");
	sample_batch(&s, &seed, streams, 2, 6, 15, 101);
	r = wal_reader_new_bytes(buf_bytes(&s.bytes), WAL_READ_ALL, s.streams);
	while (wal_reader_next(r, &item, NULL) > 0) {
		if (item.kind == WAL_SERIES)
			buf_add_bytes(&t->series, wal_reader_record(r));
		if (item.kind == WAL_BATCH)
			buf_add_bytes(&t->batch, wal_reader_record(r));
	}
	wal_reader_free(r);
	sample_release(&s);
	sample_begin(&t->given, 2);
	wal_packer_copy(t->given.packer, buf_bytes(&t->series), 0, &t->given.bytes);
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct test *t = *state;

	for (size_t i = 0; i < t->n_found; i++)
		buf_release(&t->found[i]);
	buf_release(&t->series);
	buf_release(&t->batch);
	sample_release(&t->given);
	remove_folder(t->dir);
	free(t);
	return 0;
}

static void put_u64be(struct buf *b, size_t at, uint64_t v)
{
	for (int i = 0; i < 8; i++)
		b->p[at + (size_t)i] = (char)(v >> (56 - 8 * i));
}

static uint64_t get_u64be(const struct buf *b, size_t at)
{
	struct rd rd = rd_init(bytes_of(b->p + at, 8));

	return rd_u64be(&rd);
}

/* Adds the batch to what is given, its head's checksum made right. */
static void add(struct test *t, struct buf *batch)
{
	struct rd rd = rd_init(bytes_of(batch->p + 1, 4));
	size_t head = rd_u32be(&rd), n = batch->n;
	struct buf crc = { 0 };

	wr_u32be(&crc, crc32c(batch->p, head - 4));
	memcpy(batch->p + head - 4, crc.p, 4);
	wal_packer_copy(t->given.packer, bytes_of(batch->p, n), 6, &t->given.bytes);
	buf_release(&crc);
	buf_release(batch);
}

static struct buf copy_of(const struct test *t)
{
	struct buf b = { 0 };

	buf_add_bytes(&b, buf_bytes(&t->batch));
	return b;
}

static void find_records(struct test *t)
{
	struct wal_list l = { 0 };
	struct wal_item item;

	assert_int_equal(wal_list_dir(t->dir, &l, NULL), 0);
	t->n_segments = l.n;
	for (size_t i = 0; i < l.n; i++) {
		struct streams *streams = streams_new();
		struct wal_reader *r = wal_reader_new(l.v[i].fd, WAL_READ_ALL, streams);

		while (wal_reader_next(r, &item, NULL) > 0) {
			assert_int_not_equal(item.kind, WAL_DAMAGE);
			if (item.kind == WAL_END)
				assert_true(item.end_record.matches);
			if (item.kind != WAL_BATCH)
				continue;
			assert_int_not_equal(item.batch.part[0].stream, STREAM_NONE);
			assert_true(t->n_found < BATCHES_MAX);
			buf_add_bytes(&t->found[t->n_found++], wal_reader_record(r));
		}
		wal_reader_free(r);
		streams_free(streams);
	}
	wal_list_release(&l);
}

static void give(struct test *t)
{
	struct ingest_opts o = { .input = INGEST_FRAMES,
				 .check = t->check,
				 .tenant = BYTES_LIT("fake"),
				 .wal_dir = t->dir,
				 .segment_bytes = 100000,
				 .line_max = 1000 };
	int frames = memfd_create("frames", MFD_CLOEXEC), ack[2];
	struct ingest *in;
	struct err e;
	ssize_t n;

	assert_int_equal(pipe(ack), 0);
	assert_int_equal(write(frames, t->given.bytes.p, t->given.bytes.n),
			 (ssize_t)t->given.bytes.n);
	o.ack_fd = ack[1];
	assert_int_equal(ingest_open(&o, &in, &e), 0);
	assert_int_equal(ingest_fd(in, frames, "frames", &e), 0);
	assert_int_equal(ingest_close(in, &t->counts, &e), 0);
	close(ack[1]);
	n = read(ack[0], t->answers, sizeof(t->answers) - 1);
	assert_true(n > 0);
	close(frames);
	close(ack[0]);
	find_records(t);
}

/* All records in the log are the good one, whatever was given. */
static void all_are_good(struct test *t, size_t n)
{
	assert_int_equal(t->n_found, n);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(t->found[i].n, t->batch.n);
		assert_memory_equal(t->found[i].p, t->batch.p, t->batch.n);
	}
	assert_int_equal(t->counts.done.n, 6 * n);
}

static void sound_ones_are_copied(void **state)
{
	struct test *t = *state;

	for (int i = 0; i < 3; i++) {
		struct buf b = copy_of(t);

		add(t, &b);
	}
	give(t);
	assert_string_equal(t->answers, "101 ok\n101 ok\n101 ok\n");
	all_are_good(t, 3);
}

/* More than go into one segment. */
static void each_segment_describes_their_streams(void **state)
{
	struct test *t = *state;

	for (int i = 0; i < BATCHES_MAX; i++) {
		struct buf b = copy_of(t);

		add(t, &b);
	}
	give(t);
	assert_true(t->n_segments > 1);
	all_are_good(t, BATCHES_MAX);
}

/* A batch that we would make otherwise is kept as it is, so that was a copy: its lines are one
 * section for each stream. */
static void copies_are_not_made_again(void **state)
{
	struct test *t = *state;
	struct buf b = copy_of(t);
	struct rd rd = rd_init(bytes_of(b.p + 1, 4));
	size_t head = rd_u32be(&rd), table;
	struct buf other = { 0 };

	/* The encoding of the one section: zstd's number with what is no zstd would be damage, so
	 * this says "none" in two bytes, as a varint may: the head is one byte longer. */
	table = head - 4;
	while (b.p[--table] != 2) /* two streams in the section */
		;
	buf_add(&other, b.p, table);
	wr_u8(&other, 0x82);
	wr_u8(&other, 0x00);
	buf_add(&other, b.p + table + 1, b.n - table - 1);
	wr_patch_u32be(&other, 1, (uint32_t)head + 1);
	buf_release(&b);
	add(t, &other);
	give(t);
	assert_string_equal(t->answers, "101 ok\n");
	assert_int_equal(t->n_found, 1);
	assert_int_equal(t->found[0].n, t->batch.n + 1);
}

static void heads_that_lie_are_mended(void **state)
{
	struct test *t = *state;
	struct buf b;

	b = copy_of(t); /* another tenant than that of its streams */
	assert_memory_equal(b.p + TENANT_AT, "fake", 4);
	b.p[TENANT_AT + 3] = 'x';
	add(t, &b);
	b = copy_of(t); /* times that no entry has */
	put_u64be(&b, MIN_AT, get_u64be(&b, MIN_AT) - 1);
	add(t, &b);
	b = copy_of(t);
	put_u64be(&b, MIN_AT, get_u64be(&b, MIN_AT) - 1);
	put_u64be(&b, PART_MIN_AT, get_u64be(&b, PART_MIN_AT) - 1);
	add(t, &b);
	b = copy_of(t); /* other bytes of lines */
	b.p[PART_BYTES_AT]++;
	add(t, &b);
	give(t);
	assert_string_equal(t->answers, "101 ok\n101 ok\n101 ok\n101 ok\n");
	all_are_good(t, 4);
}

static void a_line_without_its_newline_is_mended(void **state)
{
	struct test *t = *state;
	struct buf b = copy_of(t);

	assert_int_equal(b.p[b.n - 1], '\n');
	b.p[b.n - 1] = 'x';
	add(t, &b);
	give(t);
	assert_string_equal(t->answers, "101 ok\n");
	all_are_good(t, 1);
}

static void bodies_that_do_not_decode_are_refused(void **state)
{
	struct test *t = *state;
	struct buf b = copy_of(t);
	struct rd rd = rd_init(bytes_of(b.p + 1, 4));
	size_t head = rd_u32be(&rd);

	b.p[head]++; /* the length of the first column, when the section is stored bare */
	add(t, &b);
	b = copy_of(t);
	add(t, &b);
	give(t);
	assert_ptr_equal(strstr(t->answers, "101 refused: batch at offset "), t->answers);
	assert_non_null(strstr(t->answers, "\n101 ok\n"));
	all_are_good(t, 1);
}

/* Heads alone: what they say of tenant and times is held against their parts, runs are copied. */
static void runs_are_believed_where_heads_are_enough(void **state)
{
	struct test *t = *state;
	struct buf b = copy_of(t), bare = { 0 };
	struct rd rd = rd_init(bytes_of(b.p + 1, 4));
	size_t head = rd_u32be(&rd);

	t->check = INGEST_CHECK_HEADS;
	b.p[TENANT_AT + 3] = 'x';
	add(t, &b);
	b = copy_of(t);
	put_u64be(&b, MIN_AT, get_u64be(&b, MIN_AT) - 1);
	add(t, &b);
	b = copy_of(t);
	b.p[head]++;
	buf_add_bytes(&bare, buf_bytes(&b));
	add(t, &b);
	give(t);
	assert_string_equal(t->answers, "101 ok\n101 ok\n101 ok\n");
	assert_int_equal(t->n_found, 3);
	assert_memory_equal(t->found[0].p, t->batch.p, t->batch.n);
	assert_memory_equal(t->found[1].p, t->batch.p, t->batch.n);
	assert_memory_equal(t->found[2].p, bare.p, bare.n);
	buf_release(&bare);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(sound_ones_are_copied),
		TEST(each_segment_describes_their_streams),
		TEST(copies_are_not_made_again),
		TEST(heads_that_lie_are_mended),
		TEST(a_line_without_its_newline_is_mended),
		TEST(bodies_that_do_not_decode_are_refused),
		TEST(runs_are_believed_where_heads_are_enough),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
