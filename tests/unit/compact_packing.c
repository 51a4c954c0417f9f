/* The packing job: what fails once is not said to be packed later. */
#include "unit.h"

#include <sys/mman.h>

#include "base/io.h"
#include "compact/packing.h"

struct job {
	struct packing_opts opts;
	char *dir;
	size_t packs, faults, fail_at;
};

static int on_pack(void *data, const char *name, struct err *e)
{
	struct job *j = data;

	assert_true(strncmp(name, "fake/chunks/2025-10-15/", 23) == 0);
	if (++j->packs == j->fail_at)
		return err_set(e, ERR_IO, "as asked");
	return 0;
}

static void on_problem(void *data, enum packing_problem_kind kind, const struct err *problem)
{
	struct job *j = data;

	assert_int_equal(kind, PACKING_FAULT);
	assert_int_equal(problem->code, ERR_CORRUPT);
	j->faults++;
}

static void begin(struct job *j)
{
	struct err e;

	*j = (struct job){ .dir = new_folder() };
	j->opts = (struct packing_opts){ .params = chunk_params_default,
					 .jobs = 2,
					 .tenant = BYTES_LIT("fake"),
					 .on_pack = on_pack,
					 .on_problem = on_problem,
					 .data = j };
	j->opts.memory_bytes = packing_memory_min(&j->opts.params, j->opts.jobs);
	j->opts.store = store_open(j->dir, STORE_WRITE, &e);
	assert_non_null(j->opts.store);
}

static void end(struct job *j)
{
	store_close(j->opts.store);
	remove_folder(j->dir);
}

/* n entries as JSON lines, of about 200 bytes of memory each, in a file of no name. */
static int make_input_of(size_t n, size_t streams)
{
	int fd = memfd_create("input", 0);
	struct buf b = { 0 };
	struct err e;

	for (size_t i = 0; i < n; i++)
		buf_addf(&b,
			 "{\"ts\":\"1760522400%09zu\",\"labels\":{\"app\":\"a%zu\"},"
			 "\"line\":\"%0150zu\"}\n",
			 i, i % streams, i);
	assert_int_equal(io_write(fd, b.p, b.n, &e), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	buf_release(&b);
	return fd;
}

static int make_input(size_t n)
{
	return make_input_of(n, 3);
}

static void more_than_memory(void **state)
{
	struct packing *p;
	struct job j;
	struct err e;
	int fd = make_input(300000);

	(void)state;
	begin(&j);
	p = packing_new(&j.opts);
	assert_int_equal(packing_read(p, fd, &e), 0);
	assert_true(j.packs >= 1);
	assert_int_equal(packing_finish(p, &e), 0);
	assert_true(j.packs >= 3);
	assert_int_equal(packing_stats(p)->packs, j.packs);
	assert_int_equal(packing_stats(p)->entries, 300000);
	assert_int_equal(packing_stats(p)->duplicates, 0);
	packing_free(p);
	close(fd);
	end(&j);
}

/* What is kept for large chunks serves them, since they have none: without it there were two. */
static void many_streams_make_one_pack(void **state)
{
	struct packing *p;
	struct job j;
	struct err e;
	int fd = make_input_of(40000, 40000);

	(void)state;
	begin(&j);
	p = packing_new(&j.opts);
	assert_int_equal(packing_read(p, fd, &e), 0);
	assert_int_equal(packing_finish(p, &e), 0);
	assert_int_equal(j.packs, 1);
	assert_int_equal(packing_stats(p)->entries, 40000);
	packing_free(p);
	close(fd);
	end(&j);
}

static void a_failure_stays(void **state)
{
	struct packing *p;
	struct job j;
	struct err e;
	int fd = make_input(300000), small = make_input(10);

	(void)state;
	begin(&j);
	j.fail_at = 1;
	p = packing_new(&j.opts);
	assert_int_equal(packing_read(p, fd, &e), -1);
	assert_string_equal(e.msg, "as asked");
	assert_int_equal(packing_read(p, small, &e), -1);
	assert_int_equal(packing_finish(p, &e), -1);
	assert_int_equal(e.code, ERR_IO);
	assert_int_equal(j.packs, 1);
	packing_free(p);
	close(fd);
	close(small);
	end(&j);
}

static void bad_lines(void **state)
{
	static const char text[] = "{\"ts\":\"1760522400000000000\",\"labels\":{},\"line\":\"x\"}\n"
				   "{\"ts\":\"1760522400000000000\",\"labels\":{}}\n"
				   "no\n";
	int fd = memfd_create("input", 0);
	struct packing *p;
	struct job j;
	struct err e;

	(void)state;
	assert_int_equal(io_write(fd, text, sizeof(text) - 1, &e), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	begin(&j);
	p = packing_new(&j.opts);
	assert_int_equal(packing_read(p, fd, &e), 0);
	assert_int_equal(packing_finish(p, &e), 0);
	assert_int_equal(j.faults, 2);
	assert_int_equal(packing_stats(p)->faults, 2);
	assert_int_equal(packing_stats(p)->entries, 1);
	assert_int_equal(j.packs, 1);
	packing_free(p);
	close(fd);
	end(&j);
}

static void threads_that_fit(void **state)
{
	const struct chunk_params *p = &chunk_params_default;
	unsigned many = packing_jobs_that_fit(p, 512 << 20, 64);

	(void)state;
	assert_int_equal(packing_jobs_that_fit(p, 512 << 20, 2), 2);
	assert_in_range(many, 4, 63);
	assert_true(packing_memory_min(p, many) < 512 << 20);
	assert_int_equal(packing_jobs_that_fit(p, 1, 64), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(more_than_memory), cmocka_unit_test(many_streams_make_one_pack),
		cmocka_unit_test(a_failure_stays),  cmocka_unit_test(bad_lines),
		cmocka_unit_test(threads_that_fit),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
