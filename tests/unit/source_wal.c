/* The log as a query reads it: what its writer takes back between the plan and the reading. */
#include "wal_sample.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "query/load.h"
#include "query/source.h"
#include "wal/segment.h"

static void on_damage(void *data, const struct err *e)
{
	(void)e;
	++*(int *)data;
}

/* A file with those bytes, and its segment; a descriptor that holds the lock when it is open. */
static int make_file(char *path, struct bytes b, enum wal_state state, struct wal_segment *ret)
{
	int fd = mkstemps(path, 4);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, b.p, b.n), (ssize_t)b.n);
	if (state == WAL_OPEN)
		assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(wal_segment_open(path, ret, NULL), 0);
	assert_int_equal(ret->state, state);
	return fd;
}

enum { CUT, CUT_IN_IT, OTHER_RECORDS, ROUNDS };

/* The last batch goes, as after a write or a sync that failed: whole, in the middle of another
 * writing, or with others in its place. */
static void take_back(int fd, size_t at, int how)
{
	struct sample other;
	uint64_t seed = 9;
	uint32_t v;

	assert_int_equal(ftruncate(fd, (off_t)at + (how == CUT_IN_IT ? 5 : 0)), 0);
	if (how != OTHER_RECORDS)
		return;
	sample_begin(&other, 2);
	v = sample_stream(&other, "fake", "some other application, whose name is longer");
	sample_batch(&other, &seed, &v, 1, 50, 50, 0);
	assert_int_equal(
		pwrite(fd, other.bytes.p + WAL_HEADER, other.bytes.n - WAL_HEADER, (off_t)at),
		(ssize_t)(other.bytes.n - WAL_HEADER));
	sample_release(&other);
}

static void a_batch_that_was_taken_back(void **state)
{
	(void)state;
	for (int round = 0; round < 2 * ROUNDS; round++) {
		enum wal_state is = round < ROUNDS ? WAL_OPEN : WAL_CLOSED;
		char path[] = "/tmp/lokid-source.XXXXXX.wal";
		int n_told = 0, fd;
		struct source_opts o = { .damage = on_damage, .damage_data = &n_told };
		struct plan p = { .from = INT64_MIN, .to = INT64_MAX };
		struct load_mem m = { 0 };
		struct streams *streams = streams_new();
		struct wal_segment seg;
		struct sample s;
		struct run run;
		struct err e = { 0 };
		uint64_t seed = 1;
		unsigned have;
		uint32_t v;
		size_t at;

		sample_begin(&s, 1);
		v = sample_stream(&s, "fake", "web");
		sample_batch(&s, &seed, &v, 1, 4, 30, 0);
		at = s.bytes.n;
		sample_batch(&s, &seed, &v, 1, 7, 30, 0);
		fd = make_file(path, buf_bytes(&s.bytes), is, &seg);
		assert_int_equal(source_wal(&p, &seg, streams, NULL, &o, &e), 0);
		assert_int_equal(p.n_pieces, 2);
		assert_int_equal(p.piece[1].at, at);
		take_back(fd, at, round % ROUNDS);
		for (int i = 0; i < 2; i++) {
			const struct piece *x = &p.piece[i];
			int rc = x->source->ops->load(x->source, x, WANT_ALL, &m, &run, &have, &e);

			assert_int_equal(rc, i == 1 && is == WAL_CLOSED ? -1 : 0);
			if (rc == 0)
				assert_int_equal(run.n, i ? 0 : 4);
			else
				assert_int_equal(e.code, ERR_CORRUPT);
		}
		assert_int_equal(n_told, 0);
		load_mem_release(&m);
		plan_release(&p);
		wal_segment_release(&seg);
		streams_free(streams);
		sample_release(&s);
		close(fd);
		unlink(path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_batch_that_was_taken_back),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
