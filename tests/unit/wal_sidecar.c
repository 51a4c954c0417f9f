/* Sidecars and folders: what they say of a segment, and when they are not believed. */
#include "own_folder.h"
#include "wal_sample.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "time/time.h"
#include "wal/segment.h"
#include "wal/sidecar.h"

/* Entries of two tenants on 2 days and, by one stream, on days far apart. */
static void make(struct sample *s, uint64_t id)
{
	uint64_t seed = id;
	uint32_t v[3];

	sample_begin(s, id);
	v[0] = sample_stream(s, "fake", "web");
	v[1] = sample_stream(s, "fake", "far");
	v[2] = sample_stream(s, "other", "db");
	sample_batch(s, &seed, v, 1, 5, 20, 0);
	entries_reset(&s->es);
	entries_add(&s->es, v[1], -1, BYTES_LIT("day -1"), 0);
	entries_add(&s->es, v[1], 10 * 86400 * NS_PER_S, BYTES_LIT("day 10"), 0);
	entries_add(&s->es, v[1], 4 * 86400 * NS_PER_S, BYTES_LIT("day 4"), 0);
	entries_add(&s->es, v[2], 86400 * NS_PER_S, BYTES_LIT("day 1"), 0);
	assert_int_equal(wal_packer_add(s->packer, &s->es, 0, &s->bytes, NULL), 0);
}

static void put(const char *name, struct bytes b)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(file_replace_bytes(path, b, NULL), 0);
}

static void open_it(const char *name, struct wal_segment *ret)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(wal_segment_open(path, ret, NULL), 0);
}

/* As a writer has it. */
static int open_locked(const char *name)
{
	char path[300];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	return fd;
}

static const int32_t DAYS[] = { -1, 0, 4, 10, 1 };

static void check_sum(const struct wal_sum *sum, const struct streams *streams)
{
	assert_int_equal(sum->n_entries, 9);
	assert_int_equal(sum->n_streams, 3);
	assert_int_equal(sum->n_batches, 3);
	assert_int_equal(sum->n_days, 5);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(sum->day[i].day, DAYS[i]);
		assert_bytes(streams_tenant(streams, sum->day[i].tenant), i < 4 ? "fake" : "other");
	}
	for (size_t i = 0; i < sum->n_streams; i++) {
		struct arena a = { 0 };
		struct labels l = streams_labels(streams, sum->stream[i].stream, &a);

		if (bytes_is(labels_get(&l, "app"), "far")) {
			assert_int_equal(sum->stream[i].n_entries, 3);
			assert_int_equal(sum->stream[i].line_bytes, 17);
			assert_int_equal(sum->stream[i].min_ts_ns, -1);
			assert_int_equal(sum->stream[i].max_ts_ns, 10 * 86400 * NS_PER_S);
		}
		arena_release(&a);
	}
}

static void check_days(const struct wal_segment *seg)
{
	struct streams *streams = streams_new();
	struct wal_sum sum;

	assert_int_equal(wal_sum_load_days(seg, streams, &sum, NULL), 1);
	assert_int_equal(sum.tail, WAL_TAIL_CLEAN);
	assert_int_equal(sum.n_streams, 0);
	assert_int_equal(sum.n_batches, 0);
	assert_int_equal(sum.n_days, 5);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(sum.day[i].day, DAYS[i]);
		assert_bytes(streams_tenant(streams, sum.day[i].tenant), i < 4 ? "fake" : "other");
	}
	assert_int_equal(streams_count(streams), 0);
	wal_sum_release(&sum);
	streams_free(streams);
}

static void a_sidecar_says_what_the_segment_holds(void **state)
{
	struct wal_segment seg;
	struct wal_sum sum;
	struct sample s;

	(void)state;
	make(&s, 1);
	wal_packer_end(s.packer, &s.bytes);
	put("a.wal", buf_bytes(&s.bytes));
	open_it("a.wal", &seg);
	assert_int_equal(seg.state, WAL_CLOSED);
	for (int how = WAL_SUM_WALK; how <= WAL_SUM_VERIFY; how++) {
		struct streams *streams = streams_new(), *loaded = streams_new();
		struct wal_reader *r;
		struct wal_item item;
		struct err e;

		assert_int_equal(wal_sum_read(&seg, (enum wal_sum_how)how, streams, &sum, NULL), 0);
		assert_int_equal(sum.tail, WAL_TAIL_CLEAN);
		assert_int_equal(sum.good_size, seg.size);
		check_sum(&sum, streams);
		assert_int_equal(wal_sum_write(&seg, &sum, streams, NULL), 0);
		wal_sum_release(&sum);
		assert_int_equal(wal_sum_load(&seg, loaded, &sum, &e), 1);
		assert_int_equal(sum.tail, WAL_TAIL_CLEAN);
		check_sum(&sum, loaded);
		r = wal_reader_new(seg.fd, WAL_READ_HEADS, loaded);
		for (size_t i = 0; i < sum.n_batches; i++) {
			assert_int_equal(wal_reader_batch_at(r, sum.batch[i].off, &item, &e), 0);
			assert_int_equal(item.batch.n_entries, sum.batch[i].n_entries);
			assert_int_equal(item.batch.n_parts, sum.batch[i].n_refs);
			assert_int_equal(item.batch.min_ts_ns, sum.batch[i].min_ts_ns);
		}
		wal_reader_free(r);
		wal_sum_release(&sum);
		check_days(&seg);
		streams_free(streams);
		streams_free(loaded);
	}
	wal_segment_release(&seg);
	sample_release(&s);
}

/* Which streams a batch has is told in order, each once, of few and of many. */
static void a_sidecar_of_many_streams(void **state)
{
	enum { MANY = 3000 };
	static uint32_t v[MANY];
	struct streams *streams = streams_new();
	struct wal_segment seg;
	struct wal_sum sum;
	struct sample s;
	uint64_t seed = 9;

	(void)state;
	sample_begin(&s, 9);
	for (size_t i = 0; i < MANY; i++) {
		char name[32];

		snprintf(name, sizeof(name), "app-%zu", i);
		v[i] = sample_stream(&s, "fake", name);
	}
	for (int i = 0; i < 7; i++)
		sample_batch(&s, &seed, v, i % 2 ? MANY : 3, i % 2 ? 4 * MANY : 20, 10, 0);
	wal_packer_end(s.packer, &s.bytes);
	put("many.wal", buf_bytes(&s.bytes));
	open_it("many.wal", &seg);
	assert_int_equal(wal_sum_read(&seg, WAL_SUM_WALK, streams, &sum, NULL), 0);
	assert_int_equal(sum.n_batches, 7);
	for (size_t i = 0; i < sum.n_batches; i++) {
		const struct wal_sum_batch *b = &sum.batch[i];

		assert_true(b->n_refs > (i % 2 ? MANY / 2 : 1) && b->n_refs <= (i % 2 ? MANY : 3));
		for (size_t k = 1; k < b->n_refs; k++)
			assert_true(sum.ref[b->first_ref + k - 1] < sum.ref[b->first_ref + k]);
	}
	wal_sum_release(&sum);
	wal_segment_release(&seg);
	streams_free(streams);
	sample_release(&s);
}

/* Cut at every byte and every bit flipped: ignored, or, where that is not so, still right. */
static void a_damaged_sidecar_is_ignored(void **state)
{
	struct streams *streams = streams_new();
	struct buf whole = { 0 };
	struct wal_segment seg;
	struct wal_sum sum;
	char path[300];

	(void)state;
	open_it("a.wal", &seg);
	snprintf(path, sizeof(path), "%s/a.sum", dir);
	assert_int_equal(io_read_file(path, 1 << 20, &whole, NULL), 0);
	for (size_t n = 0; n < whole.n; n++) {
		put("a.sum", bytes_of(whole.p, n));
		assert_int_equal(wal_sum_load(&seg, streams, &sum, NULL), 0);
		assert_int_equal(wal_sum_load_days(&seg, streams, &sum, NULL), 0);
	}
	for (size_t i = 0; i < whole.n; i++) {
		whole.p[i] = (char)(whole.p[i] ^ 1 << i % 8);
		put("a.sum", buf_bytes(&whole));
		assert_int_equal(wal_sum_load(&seg, streams, &sum, NULL), 0);
		assert_int_equal(wal_sum_load_days(&seg, streams, &sum, NULL), 0);
		whole.p[i] = (char)(whole.p[i] ^ 1 << i % 8);
	}
	put("a.sum", buf_bytes(&whole));
	assert_int_equal(wal_sum_load(&seg, streams, &sum, NULL), 1);
	wal_sum_release(&sum);
	wal_segment_release(&seg);
	buf_release(&whole);
	streams_free(streams);
}

static void a_sidecar_of_another_segment_is_ignored(void **state)
{
	struct streams *streams = streams_new();
	struct buf sum_bytes = { 0 };
	struct wal_segment seg;
	struct wal_sum sum;
	struct sample s;
	char path[300];

	(void)state;
	snprintf(path, sizeof(path), "%s/a.sum", dir);
	assert_int_equal(io_read_file(path, 1 << 20, &sum_bytes, NULL), 0);
	make(&s, 2); /* the same but for its id */
	wal_packer_end(s.packer, &s.bytes);
	put("b.wal", buf_bytes(&s.bytes));
	put("b.sum", buf_bytes(&sum_bytes));
	open_it("b.wal", &seg);
	assert_int_equal(wal_sum_load(&seg, streams, &sum, NULL), 0);
	wal_segment_release(&seg);
	/* one that grew: not the size that the sidecar knows */
	open_it("a.wal", &seg);
	seg.size++;
	assert_int_equal(wal_sum_load(&seg, streams, &sum, NULL), 0);
	seg.size--;
	seg.state = WAL_OPEN;
	assert_int_equal(wal_sum_load(&seg, streams, &sum, NULL), 0);
	wal_segment_release(&seg);
	buf_release(&sum_bytes);
	sample_release(&s);
	streams_free(streams);
}

static enum wal_tail tail_of(struct bytes b, uint64_t *ret_good)
{
	struct streams *streams = streams_new();
	struct wal_segment seg;
	struct wal_sum sum;
	enum wal_tail tail;

	put("t.wal", b);
	open_it("t.wal", &seg);
	assert_int_equal(wal_sum_read(&seg, WAL_SUM_VERIFY, streams, &sum, NULL), 0);
	tail = sum.tail;
	*ret_good = sum.good_size;
	wal_sum_release(&sum);
	wal_segment_release(&seg);
	streams_free(streams);
	return tail;
}

static void tails(void **state)
{
	struct sample s;
	uint64_t good;
	size_t n;

	(void)state;
	make(&s, 3);
	n = s.bytes.n;
	assert_int_equal(tail_of(buf_bytes(&s.bytes), &good), WAL_TAIL_TORN);
	assert_int_equal(good, n);
	assert_int_equal(tail_of(bytes_of(s.bytes.p, n - 1), &good), WAL_TAIL_TORN);
	assert_true(good < n - 1);
	wal_packer_end(s.packer, &s.bytes);
	assert_int_equal(tail_of(buf_bytes(&s.bytes), &good), WAL_TAIL_CLEAN);
	s.bytes.p[WAL_HEADER + 30] ^= 1;
	assert_int_equal(tail_of(buf_bytes(&s.bytes), &good), WAL_TAIL_DAMAGED);
	sample_release(&s);
}

/* Bytes that a sidecar says were good are no torn tail, also when the sidecar is made again. */
static void what_was_good_is_never_torn(void **state)
{
	struct sample s;
	uint64_t good;
	size_t n;

	(void)state;
	for (int ended = 0; ended < 2; ended++) {
		struct streams *streams = streams_new();
		struct wal_segment seg;
		struct wal_sum sum;

		make(&s, 4);
		if (ended)
			wal_packer_end(s.packer, &s.bytes);
		n = s.bytes.n;
		put("t.wal", buf_bytes(&s.bytes));
		open_it("t.wal", &seg);
		assert_int_equal(wal_sum_read(&seg, WAL_SUM_VERIFY, streams, &sum, NULL), 0);
		assert_int_equal(sum.good_size, n);
		assert_int_equal(sum.was_good, 0);
		assert_int_equal(wal_sum_write(&seg, &sum, streams, NULL), 0);
		wal_sum_release(&sum);
		assert_int_equal(wal_sum_load(&seg, streams, &sum, NULL), 1);
		assert_int_equal(sum.was_good, n);
		wal_sum_release(&sum);
		wal_segment_release(&seg);
		memset(s.bytes.p + n - 20, 0, 20);
		for (int round = 0; round < 2; round++) {
			assert_int_equal(tail_of(buf_bytes(&s.bytes), &good), WAL_TAIL_DAMAGED);
			assert_int_equal(good, n);
			open_it("t.wal", &seg);
			assert_int_equal(wal_sum_read(&seg, WAL_SUM_WALK, streams, &sum, NULL), 0);
			assert_int_equal(sum.was_good, n);
			assert_int_equal(wal_sum_write(&seg, &sum, streams, NULL), 0);
			wal_sum_release(&sum);
			wal_segment_release(&seg);
		}
		streams_free(streams);
		sample_release(&s);
	}
}

/* A record that was seen in part, and a whole one that came meanwhile: no damage, since the second
 * lies behind what the segment had when it was looked at. */
static void what_is_written_meanwhile_is_not_read(void **state)
{
	struct streams *streams = streams_new();
	struct wal_segment seg;
	struct wal_sum sum;
	uint64_t seed = 5;
	struct sample s;
	size_t seen;
	uint32_t v;
	int holder;

	(void)state;
	make(&s, 6);
	v = sample_stream(&s, "fake", "late");
	sample_batch(&s, &seed, &v, 1, 5, 20, 0);
	memset(s.bytes.p + s.bytes.n - 20, 0, 20);
	seen = s.bytes.n - 20;
	sample_batch(&s, &seed, &v, 1, 5, 20, 0);
	put("m.wal", buf_bytes(&s.bytes));
	open_it("m.wal", &seg);
	assert_int_equal(wal_sum_read(&seg, WAL_SUM_VERIFY, streams, &sum, NULL), 0);
	assert_int_equal(sum.tail, WAL_TAIL_DAMAGED);
	wal_sum_release(&sum);
	wal_segment_release(&seg);

	holder = open_locked("m.wal");
	open_it("m.wal", &seg);
	assert_int_equal(seg.state, WAL_OPEN);
	seg.size = seen;
	assert_int_equal(wal_sum_read(&seg, WAL_SUM_VERIFY, streams, &sum, NULL), 0);
	assert_int_equal(sum.tail, WAL_TAIL_TORN);
	assert_true(sum.good_size <= seen);
	assert_int_equal(sum.n_entries, 9);
	wal_sum_release(&sum);
	wal_segment_release(&seg);
	close(holder);
	streams_free(streams);
	sample_release(&s);
}

static void folders_are_listed_in_order(void **state)
{
	struct wal_header h = { .created_ns = 5000, .node = "n" };
	struct wal_list l = { 0 };
	char *path, sub[300], odd[320];
	struct sample s;
	struct err e;
	int fd;

	(void)state;
	snprintf(sub, sizeof(sub), "%s/list", dir);
	assert_int_equal(wal_list_dir(sub, &l, &e), 0); /* is not there: none */
	assert_int_equal(l.n, 0);
	assert_int_equal(mkdir(sub, 0777), 0);
	make(&s, 9);
	put("list/zz.wal", buf_bytes(&s.bytes)); /* created 1009 */
	put("list/short.wal", BYTES_LIT("short"));
	put("list/not.tmp", BYTES_LIT("x"));
	snprintf(odd, sizeof(odd), "%s/fifo.wal", sub);
	assert_int_equal(mkfifo(odd, 0666), 0); /* never waited for */
	snprintf(odd, sizeof(odd), "%s/folder.wal", sub);
	assert_int_equal(mkdir(odd, 0777), 0);
	put("list/.hidden.wal", BYTES_LIT("x"));
	put("list/zz.sum", BYTES_LIT("x"));
	h.id.b[0] = 0xab;
	fd = wal_segment_create(sub, &h, &path, &e);
	assert_true(fd >= 0);
	assert_non_null(strstr(path, "/19700101T000000-ab000000.wal"));
	assert_int_equal(wal_segment_create(sub, &h, &path, &e), -1); /* the name is taken */
	assert_int_equal(e.code, ERR_IO);
	assert_int_equal(wal_list_dir(sub, &l, &e), 0);
	assert_int_equal(l.n, 3);
	assert_int_equal(l.n_faults, 2);
	assert_int_equal(l.fault[0].code, ERR_IO);
	assert_non_null(strstr(l.fault[0].msg, ".wal': no regular file"));
	assert_false(l.v[0].has_header);
	assert_int_equal(wal_segment_check(&l.v[0], &e), -1);
	assert_string_equal(e.msg, "a segment's header has 64 bytes, found 5");
	assert_int_equal(wal_segment_check(&l.v[1], &e), 0);
	assert_int_equal(l.v[1].header.created_ns, 1009);
	assert_int_equal(l.v[1].state, WAL_CLOSED);
	assert_int_equal(l.v[2].header.created_ns, 5000);
	assert_int_equal(l.v[2].state, WAL_OPEN);
	assert_string_equal(l.v[2].header.node, "n");
	assert_int_equal(l.v[2].size, WAL_HEADER);
	wal_list_release(&l);
	close(fd);
	assert_int_equal(wal_list_path(path, &l, &e), 0);
	assert_int_equal(l.v[0].state, WAL_CLOSED);
	assert_int_equal(wal_segment_delete(&l.v[0], &e), 0);
	assert_int_equal(access(path, F_OK), -1);
	wal_list_release(&l);
	assert_int_equal(wal_list_path(path, &l, &e), -1);
	assert_int_equal(e.code, ERR_IO);
	wal_list_release(&l);
	free(path);
	sample_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sidecar_says_what_the_segment_holds),
		cmocka_unit_test(a_sidecar_of_many_streams),
		cmocka_unit_test(a_damaged_sidecar_is_ignored),
		cmocka_unit_test(a_sidecar_of_another_segment_is_ignored),
		cmocka_unit_test(tails),
		cmocka_unit_test(what_was_good_is_never_torn),
		cmocka_unit_test(what_is_written_meanwhile_is_not_read),
		cmocka_unit_test(folders_are_listed_in_order),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
