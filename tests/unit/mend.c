/* ingest/mend: what is no damage stays where it is. What is, is in cmd/walreplay-mend.t. */
#include "ingest/mend.h"
#include "own_folder.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/io.h"

static void copy(const char *from, const char *name, struct buf *ret_path)
{
	struct buf bytes = { 0 };
	struct err e;

	buf_reset(ret_path);
	buf_addf(ret_path, "%s/%s", dir, name);
	assert_int_equal(io_read_file(from, 1 << 20, &bytes, &e), 0);
	bytes.p[bytes.n / 2] ^= 1;
	assert_int_equal(file_replace_bytes(buf_str(ret_path), buf_bytes(&bytes), &e), 0);
	buf_release(&bytes);
}

static int n_aside(void)
{
	uint64_t n;
	struct err e;

	assert_int_equal(mend_count_aside(dir, &n, &e), 0);
	return (int)n;
}

/* A descriptor that cannot be read from stands for a disk that gives errors. */
static void a_disk_that_cannot_be_read_is_no_damage(void **state)
{
	struct wal_segment seg;
	struct buf path = { 0 };
	struct mended m;
	struct err e;
	int fd;

	(void)state;
	copy("tests/golden/frozen/wal-v1-one", "a.wal", &path);
	assert_int_equal(wal_segment_open(buf_str(&path), &seg, &e), 0);
	fd = open(buf_str(&path), O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_true(dup2(fd, seg.fd) >= 0);
	assert_int_equal(mend_segment(&seg, &m, &e), -1);
	assert_int_equal(e.code, ERR_IO);
	assert_int_equal(n_aside(), 0);
	assert_int_equal(access(buf_str(&path), F_OK), 0);
	close(fd);
	wal_segment_release(&seg);
	unlink(buf_str(&path));
	buf_release(&path);
}

static void one_that_another_has_mended_meanwhile(void **state)
{
	struct wal_segment first, second;
	struct buf path = { 0 };
	struct mended m;
	struct err e;

	(void)state;
	copy("tests/golden/frozen/wal-v1-one", "b.wal", &path);
	assert_int_equal(wal_segment_open(buf_str(&path), &first, &e), 0);
	assert_int_equal(wal_segment_open(buf_str(&path), &second, &e), 0);
	assert_int_equal(mend_segment(&first, &m, &e), 0);
	assert_true(m.saved);
	mended_release(&m);
	assert_int_equal(n_aside(), 1);
	assert_int_equal(mend_segment(&second, &m, &e), -1);
	assert_int_equal(e.code, ERR_AGAIN);
	assert_int_equal(n_aside(), 1);
	wal_segment_release(&first);
	wal_segment_release(&second);
	assert_int_equal(wal_segment_open(buf_str(&path), &first, &e), 0);
	assert_true(first.has_header);
	wal_segment_release(&first);
	buf_release(&path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_disk_that_cannot_be_read_is_no_damage),
		cmocka_unit_test(one_that_another_has_mended_meanwhile),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
