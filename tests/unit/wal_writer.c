/*
 * Group commit under faults: pwrite, ftruncate and fdatasync are this file's own, and fail when
 * told to. Whatever happens, what is in the log afterwards is exactly what was said to be done.
 */
#include "wal_sample.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "time/time.h"
#include "wal/segment.h"
#include "wal/sidecar.h"
#include "wal/writer.h"

static atomic_int sync_gate; /* above 0: fdatasync waits */
static atomic_int fail_writes, short_writes, fail_truncates, fail_syncs, n_syncs;

static bool take_one(atomic_int *n)
{
	int v = atomic_load(n);

	while (v > 0)
		if (atomic_compare_exchange_weak(n, &v, v - 1))
			return true;
	return false;
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t off)
{
	if (take_one(&short_writes))
		return (ssize_t)syscall(SYS_pwrite64, fd, p, n / 2, off);
	if (take_one(&fail_writes)) {
		errno = ENOSPC;
		return -1;
	}
	return (ssize_t)syscall(SYS_pwrite64, fd, p, n, off);
}

int ftruncate(int fd, off_t n)
{
	if (take_one(&fail_truncates)) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_ftruncate, fd, n);
}

int fdatasync(int fd)
{
	struct timespec nap = { .tv_nsec = 100000 };

	atomic_fetch_add(&n_syncs, 1);
	while (sync_gate > 0)
		nanosleep(&nap, NULL);
	if (take_one(&fail_syncs)) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_fdatasync, fd);
}

enum { RESULTS_MAX = 2000 };

struct test {
	char *dir;
	struct wal_writer_opts opts;
	struct wal_writer *w;
	struct entries es;
	uint64_t n_given; /* batches: their ids are 1, 2, ... */
	uint32_t stream[3];
	pthread_mutex_t lock;
	size_t n; /* results */
	struct {
		uint64_t id, n_entries;
		enum err_code code;
		char msg[ERR_MSG_MAX];
	} result[RESULTS_MAX];
};

static void on_result(const struct wal_result *r, void *data)
{
	struct test *t = data;

	pthread_mutex_lock(&t->lock);
	t->result[t->n].id = r->batch_id;
	t->result[t->n].n_entries = r->n_entries;
	t->result[t->n].code = r->refused ? r->refused->code : ERR_NONE;
	snprintf(t->result[t->n].msg, sizeof(t->result[t->n].msg), "%s",
		 r->refused ? r->refused->msg : "");
	t->n++;
	pthread_mutex_unlock(&t->lock);
}

static int setup(void **state)
{
	struct test *t = calloc(1, sizeof(*t));

	t->dir = new_folder();
	pthread_mutex_init(&t->lock, NULL);
	t->opts = (struct wal_writer_opts){
		.dir = t->dir, .node = "test", .on_result = on_result, .data = t
	};
	sync_gate = fail_writes = short_writes = fail_truncates = fail_syncs = n_syncs = 0;
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct test *t = *state;

	remove_folder(t->dir);
	entries_release(&t->es);
	pthread_mutex_destroy(&t->lock);
	free(t);
	return 0;
}

static void add_streams(struct test *t)
{
	for (int i = 0; i < 3; i++) {
		char name[16];
		struct label v = { BYTES_LIT("app"),
				   bytes_of(name, (size_t)snprintf(name, 16, "a%d", i)) };
		struct labels l = { &v, 1 };

		assert_int_equal(streams_add(wal_writer_streams(t->w),
					     bytes_str(i == 2 ? "b" : "a"), &l, &t->stream[i],
					     NULL),
				 0);
	}
}

static void open_writer(struct test *t)
{
	struct err e = { 0 };

	if (wal_writer_open(&t->opts, &t->w, &e) < 0)
		fail_msg("%s", e.msg);
	add_streams(t);
}

/* Gives one batch of n entries, whose lines say the batch's number. */
static void give(struct test *t, size_t n)
{
	t->n_given++;
	for (size_t i = 0; i < n; i++) {
		char line[40];
		int len = snprintf(line, sizeof(line), "%llu", (unsigned long long)t->n_given);

		entries_add(&t->es, t->stream[i % 3], (int64_t)(t->n_given * 1000 + i),
			    bytes_of(line, (size_t)len), 0);
	}
	wal_writer_submit(t->w, &t->es, t->n_given);
	assert_int_equal(t->es.n, 0);
}

static void count_lines(struct test *t, const char *path, uint64_t *per_batch)
{
	struct wal_segment seg;
	struct streams *streams = streams_new();
	struct wal_reader *r;
	struct seen v;

	assert_int_equal(wal_segment_open(path, &seg, NULL), 0);
	r = wal_reader_new(seg.fd, WAL_READ_ALL, streams);
	see(&v, r, streams);
	assert_false(v.failed);
	assert_int_equal(v.n_damage + v.n_unknown, 0);
	for (size_t i = 0; i < v.n; i++) {
		uint64_t id = strtoull(strrchr(v.entry[i], '|') + 1, NULL, 10);

		assert_true(id >= 1 && id <= t->n_given);
		per_batch[id]++;
	}
	seen_release(&v);
	wal_reader_free(r);
	streams_free(streams);
	wal_segment_release(&seg);
}

/* The log holds what was done, once, and nothing of what was refused. Returns the number of
 * segments. */
static size_t check_log(struct test *t)
{
	uint64_t *per_batch = calloc(t->n_given + 1, sizeof(*per_batch));
	struct wal_list l = { 0 };
	size_t n;

	assert_int_equal(t->n, t->n_given);
	assert_int_equal(wal_list_dir(t->dir, &l, NULL), 0);
	for (size_t i = 0; i < l.n; i++)
		count_lines(t, l.v[i].path, per_batch);
	for (size_t i = 0; i < t->n; i++) {
		assert_int_equal(t->result[i].id, i + 1);
		assert_int_equal(per_batch[i + 1],
				 t->result[i].code == ERR_NONE ? t->result[i].n_entries : 0);
	}
	n = l.n;
	wal_list_release(&l);
	free(per_batch);
	return n;
}

static size_t count_refused(const struct test *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		n += t->result[i].code != ERR_NONE;
	return n;
}

static void close_writer(struct test *t)
{
	struct err e = { 0 };

	if (wal_writer_close(t->w, &e) < 0)
		fail_msg("%s", e.msg);
}

static bool has_sidecar(const struct test *t)
{
	struct wal_list l = { 0 };
	struct buf path = { 0 };
	bool all = true;

	assert_int_equal(wal_list_dir(t->dir, &l, NULL), 0);
	for (size_t i = 0; i < l.n; i++) {
		wal_sidecar_path(l.v[i].path, &path);
		all &= access(buf_str(&path), F_OK) == 0;
	}
	wal_list_release(&l);
	buf_release(&path);
	return all;
}

static void batches_are_done_in_order(void **state)
{
	struct test *t = *state;

	open_writer(t);
	for (int i = 0; i < 200; i++)
		give(t, 1 + (size_t)i % 7);
	wal_writer_drain(t->w);
	assert_int_equal(t->n, 200);
	assert_int_equal(count_refused(t), 0);
	assert_int_equal(check_log(t), 1); /* also while it is open */
	close_writer(t);
	assert_int_equal(check_log(t), 1);
	assert_true(has_sidecar(t));
	assert_true(n_syncs > 0);
}

static void nothing_given_makes_no_segment(void **state)
{
	struct test *t = *state;

	open_writer(t);
	wal_writer_submit(t->w, &t->es, 1);
	close_writer(t);
	assert_int_equal(check_log(t), 0);
}

static void a_full_disk_refuses_one_batch(void **state)
{
	struct test *t = *state;

	open_writer(t);
	give(t, 5);
	wal_writer_drain(t->w);
	short_writes = 1; /* half of it, and then no space */
	fail_writes = 1;
	give(t, 50);
	wal_writer_drain(t->w);
	give(t, 5);
	close_writer(t);
	assert_int_equal(t->result[1].code, ERR_FULL);
	assert_non_null(strstr(t->result[1].msg, "No space left"));
	assert_non_null(strstr(t->result[1].msg, ".wal'"));
	assert_int_equal(count_refused(t), 1);
	assert_int_equal(check_log(t), 1);
}

static void with_stop_nothing_follows_a_refusal(void **state)
{
	struct test *t = *state;

	t->opts.after_refusal = WAL_REFUSED_STOP;
	open_writer(t);
	give(t, 5);
	wal_writer_drain(t->w);
	fail_writes = 1;
	for (int i = 0; i < 10; i++)
		give(t, 5);
	close_writer(t);
	assert_int_equal(count_refused(t), 10);
	for (int i = 1; i < 11; i++)
		assert_int_equal(t->result[i].code, ERR_FULL);
	check_log(t);
}

/* The batch cannot even be cut off: the segment is given up with a torn tail. */
static void a_segment_that_cannot_be_cut_is_given_up(void **state)
{
	struct test *t = *state;

	open_writer(t);
	give(t, 5);
	wal_writer_drain(t->w);
	short_writes = 1;
	fail_writes = 1;
	fail_truncates = 1;
	give(t, 300);
	wal_writer_drain(t->w);
	give(t, 5);
	close_writer(t);
	assert_int_equal(count_refused(t), 1);
	assert_int_equal(check_log(t), 2);
}

static uint64_t log_size(struct test *t)
{
	struct wal_list l = { 0 };
	uint64_t n = 0;

	assert_int_equal(wal_list_dir(t->dir, &l, NULL), 0);
	for (size_t i = 0; i < l.n; i++)
		n += l.v[i].size;
	wal_list_release(&l);
	return n;
}

/* A disk that dies: a batch is written and waits for its sync, the next cannot be written nor cut
 * off. The sync of the first is not left out for that. */
static void a_given_up_segment_is_still_synced(void **state)
{
	struct test *t = *state;
	int64_t deadline = time_mono_ns() + 20 * NS_PER_S;
	struct timespec nap = { .tv_nsec = 1000000 };
	uint64_t size;

	open_writer(t);
	sync_gate = 1;
	give(t, 5);
	while (n_syncs == 0 && time_mono_ns() < deadline) /* the first is being synced */
		nanosleep(&nap, NULL);
	size = log_size(t);
	give(t, 5);
	while (log_size(t) == size && time_mono_ns() < deadline)
		nanosleep(&nap, NULL);
	fail_writes = 1;
	fail_truncates = 1;
	give(t, 5);
	while (fail_truncates > 0 && time_mono_ns() < deadline)
		nanosleep(&nap, NULL);
	assert_int_equal(t->n, 0);
	fail_syncs = 0;
	sync_gate = 0;
	wal_writer_drain(t->w);
	assert_true(n_syncs >= 2);
	close_writer(t);
	assert_int_equal(count_refused(t), 1);
	check_log(t);
}

static void a_failed_sync_refuses_all_it_was_for(void **state)
{
	struct test *t = *state;

	open_writer(t);
	give(t, 5);
	wal_writer_drain(t->w);
	fail_syncs = 1;
	for (int i = 0; i < 20; i++)
		give(t, 5);
	wal_writer_drain(t->w);
	give(t, 5);
	close_writer(t);
	assert_true(count_refused(t) >= 1);
	assert_int_equal(t->result[1].code, ERR_IO);
	assert_non_null(strstr(t->result[1].msg, "fdatasync"));
	assert_int_equal(t->result[21].code, ERR_NONE);
	assert_int_equal(check_log(t), 2); /* never the same file again */
}

static void a_failed_sync_with_stop(void **state)
{
	struct test *t = *state;
	bool refused = false;

	t->opts.after_refusal = WAL_REFUSED_STOP;
	t->opts.segment_bytes = 400; /* so that it falls together with segments being closed */
	open_writer(t);
	for (int i = 0; i < 300; i++) {
		if (i == 100)
			fail_syncs = 1;
		give(t, 5);
	}
	close_writer(t);
	check_log(t);
	for (size_t i = 0; i < t->n; i++) {
		assert_true(!refused || t->result[i].code != ERR_NONE);
		refused |= t->result[i].code != ERR_NONE;
	}
}

static void segments_are_closed_by_size(void **state)
{
	struct test *t = *state;

	t->opts.segment_bytes = 1000;
	open_writer(t);
	for (int i = 0; i < 50; i++)
		give(t, 5);
	close_writer(t);
	assert_int_equal(count_refused(t), 0);
	assert_true(check_log(t) > 5);
	assert_true(has_sidecar(t));
}

/* An idle segment is closed when it is old: its sidecar appears. */
static void segments_are_closed_by_age(void **state)
{
	struct test *t = *state;
	int64_t deadline = time_mono_ns() + 20 * NS_PER_S;
	struct timespec nap = { .tv_nsec = 1000000 };

	t->opts.segment_age_ns = 50 * NS_PER_MS;
	open_writer(t);
	give(t, 5);
	wal_writer_drain(t->w);
	while (!has_sidecar(t) && time_mono_ns() < deadline)
		nanosleep(&nap, NULL);
	assert_true(has_sidecar(t));
	give(t, 5);
	close_writer(t);
	assert_int_equal(check_log(t), 2);
}

static void by_interval_syncs_come_later(void **state)
{
	struct test *t = *state;
	int64_t deadline = time_mono_ns() + 20 * NS_PER_S;
	struct timespec nap = { .tv_nsec = 1000000 };

	t->opts.sync = WAL_SYNC_INTERVAL;
	t->opts.interval_ns = 30 * NS_PER_MS;
	open_writer(t);
	give(t, 5);
	wal_writer_drain(t->w);
	while (n_syncs == 0 && time_mono_ns() < deadline)
		nanosleep(&nap, NULL);
	assert_true(n_syncs > 0);
	fail_syncs = 1;
	give(t, 5);
	wal_writer_drain(t->w); /* done: it was written */
	while (fail_syncs > 0 && time_mono_ns() < deadline)
		nanosleep(&nap, NULL);
	assert_int_equal(fail_syncs, 0);
	/* What failed with nobody waiting for it is told to the next, once. */
	while (count_refused(t) == 0 && time_mono_ns() < deadline) {
		give(t, 5);
		wal_writer_drain(t->w);
	}
	assert_int_equal(t->result[1].code, ERR_NONE);
	assert_int_equal(t->result[t->n - 1].code, ERR_IO);
	give(t, 5);
	close_writer(t);
	assert_int_equal(count_refused(t), 1);
	assert_int_equal(t->result[t->n - 1].code, ERR_NONE);
	assert_int_equal(check_log(t), 2);
}

static void without_sync_only_the_close_syncs(void **state)
{
	struct test *t = *state;

	t->opts.sync = WAL_SYNC_NONE;
	open_writer(t);
	for (int i = 0; i < 20; i++)
		give(t, 5);
	wal_writer_drain(t->w);
	assert_int_equal(n_syncs, 0);
	close_writer(t);
	assert_int_equal(n_syncs, 1);
	check_log(t);
}

static void close_tells_that_its_sync_failed(void **state)
{
	struct test *t = *state;
	struct err e;

	t->opts.sync = WAL_SYNC_NONE;
	open_writer(t);
	give(t, 5);
	wal_writer_drain(t->w);
	fail_syncs = 1;
	assert_int_equal(wal_writer_close(t->w, &e), -1);
	assert_int_equal(e.code, ERR_IO);
	assert_non_null(strstr(e.msg, "fdatasync"));
}

static void too_large_a_batch_is_refused(void **state)
{
	struct test *t = *state;
	char *line = calloc(1, 1 << 20);

	open_writer(t);
	give(t, 3);
	for (int i = 0; i < 25; i++)
		entries_add(&t->es, t->stream[0], i, bytes_of(line, 1 << 20), 0);
	wal_writer_submit(t->w, &t->es, ++t->n_given);
	give(t, 3);
	close_writer(t);
	assert_int_equal(t->result[1].code, ERR_LIMIT);
	assert_int_equal(count_refused(t), 1);
	check_log(t);
	free(line);
}

static void a_folder_that_vanishes_refuses(void **state)
{
	struct test *t = *state;
	char moved[300];

	open_writer(t);
	snprintf(moved, sizeof(moved), "%s.moved", t->dir);
	assert_int_equal(rename(t->dir, moved), 0);
	give(t, 3);
	wal_writer_drain(t->w);
	assert_int_equal(rename(moved, t->dir), 0);
	give(t, 3);
	close_writer(t);
	assert_int_equal(t->result[0].code, ERR_IO);
	assert_int_equal(t->result[1].code, ERR_NONE);
	assert_int_equal(check_log(t), 1);
}

static void streams_can_be_forgotten(void **state)
{
	struct test *t = *state;

	open_writer(t);
	for (int i = 0; i < 20; i++) {
		give(t, 6);
		wal_writer_forget_streams(t->w);
		assert_int_equal(streams_count(wal_writer_streams(t->w)), 0);
		add_streams(t);
	}
	close_writer(t);
	assert_int_equal(count_refused(t), 0);
	check_log(t);
}

/* Streams are added by this thread while the other packs those before. */
static void streams_are_added_meanwhile(void **state)
{
	struct test *t = *state;

	open_writer(t);
	for (int i = 0; i < 400; i++) {
		char name[16];
		struct label v = { BYTES_LIT("pod"),
				   bytes_of(name, (size_t)snprintf(name, 16, "p%d", i)) };
		struct labels l = { &v, 1 };

		for (int k = 0; k < 20; k++) {
			name[0] = (char)('a' + k);
			assert_int_equal(streams_add(wal_writer_streams(t->w), BYTES_LIT("a"), &l,
						     &t->stream[k % 3], NULL),
					 0);
		}
		give(t, 30);
	}
	close_writer(t);
	assert_int_equal(count_refused(t), 0);
	check_log(t);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(batches_are_done_in_order),
		TEST(nothing_given_makes_no_segment),
		TEST(a_full_disk_refuses_one_batch),
		TEST(with_stop_nothing_follows_a_refusal),
		TEST(a_segment_that_cannot_be_cut_is_given_up),
		TEST(a_given_up_segment_is_still_synced),
		TEST(a_failed_sync_refuses_all_it_was_for),
		TEST(a_failed_sync_with_stop),
		TEST(segments_are_closed_by_size),
		TEST(segments_are_closed_by_age),
		TEST(by_interval_syncs_come_later),
		TEST(without_sync_only_the_close_syncs),
		TEST(close_tells_that_its_sync_failed),
		TEST(too_large_a_batch_is_refused),
		TEST(a_folder_that_vanishes_refuses),
		TEST(streams_can_be_forgotten),
		TEST(streams_are_added_meanwhile),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
