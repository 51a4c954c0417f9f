/*
 * storebench - how fast a store is, with objects of random bytes, which nothing on the way can
 * compress.
 *
 *	storebench [-n OBJECTS] [-s BYTES] [-r BYTES] [-j JOBS] STORE
 *
 * Writes OBJECTS objects of BYTES each, reads each whole, then a range of -r bytes of each, lists
 * them, and deletes them, JOBS at once. What was read is compared with what was written. Prints
 * "name value unit" lines, TAB between: of each step the times of half of the operations (p50) and
 * of 99 of 100 (p99), nearest rank, operations and MB a second, and how many failed. The store is
 * one that is there, or is made; objects lie in a tenant of their own, "storebench", which is gone
 * at the end. Exit 1 when an operation failed.
 */
#include <sys/random.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/work.h"
#include "bench.h"
#include "store/store.h"

enum step { STEP_WRITE, STEP_READ, STEP_RANGE, STEP_LIST, STEP_DELETE, STEPS };
static const char *const step_name[] = { "write", "read", "range", "list", "delete" };
static const char folder[] = "storebench/chunks/2000-01-01/";

struct bench {
	struct store *store;
	uint64_t n, size, range;
	unsigned jobs;
	uint64_t seed;
	enum step step;
	char **name; /* NULL: it could not be written */
	struct hash128 *hash;
	double *took;
	bool *failed;
	unsigned char **buf; /* by worker */
};

/* Bytes off .. off + n of an object, off a multiple of 8: such as repeat nowhere (splitmix64 of the
 * place), the same ones each time. */
static void fill(const struct bench *b, uint64_t object, uint64_t off, uint64_t n, unsigned char *p)
{
	for (uint64_t i = 0; i < n; i += sizeof(i)) {
		uint64_t z =
			b->seed + ((object << 32) + (off + i) / 8) * UINT64_C(0x9e3779b97f4a7c15);
		size_t k = n - i < sizeof(z) ? n - i : sizeof(z);

		z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
		z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
		z ^= z >> 31;
		memcpy(p + i, &z, k);
	}
}

static int put(struct bench *b, uint64_t object, unsigned char *p, struct err *e)
{
	struct hash128 hash = { 0 };
	struct buf name = { 0 };
	int rc = store_put_bytes(b->store, folder, ".pack", bytes_of(p, b->size), &hash, &name, e);

	b->name[object] = rc == 0 ? strdup(buf_str(&name)) : NULL;
	b->hash[object] = hash;
	buf_release(&name);
	return rc;
}

static int get(struct bench *b, uint64_t object, uint64_t off, uint64_t n, unsigned char *p,
	       struct err *e)
{
	struct store_file f = { 0 };
	int rc = store_file_open_sized(b->store, b->name[object], b->size, &f, e);

	if (rc == 0)
		rc = store_file_read(&f, off, p, n, e);
	store_file_close(&f);
	return rc;
}

static int count_one(const char *name, uint64_t size, void *data, struct err *e)
{
	(void)name;
	(void)size;
	(void)e;
	++*(uint64_t *)data;
	return 0;
}

static int list(struct bench *b, struct err *e)
{
	uint64_t n = 0;

	if (store_list(b->store, folder, count_one, &n, e) < 0)
		return -1;
	return n >= b->n ? 0
			 : err_set(e, ERR_IO, "%llu of %llu objects are listed",
				   (unsigned long long)n, (unsigned long long)b->n);
}

/* That takes time, too, but little beside any store: a whole object has its hash for it. */
static bool is_right(const struct bench *b, uint64_t object, uint64_t off, uint64_t n,
		     const unsigned char *p)
{
	struct hash128 hash;
	unsigned char *want;
	bool right;

	if (n == b->size) {
		hash = hash128(bytes_of(p, n));
		return hash128_cmp(&hash, &b->hash[object]) == 0;
	}
	want = mem_alloc(n);
	fill(b, object, off, n, want);
	right = memcmp(want, p, n) == 0;
	free(want);
	return right;
}

static int one(void *data, unsigned worker, size_t i, size_t slot, struct err *e)
{
	struct bench *b = data;
	unsigned char *p = b->buf[worker];
	uint64_t off = b->step == STEP_RANGE && b->size > b->range
			       ? (b->seed ^ i * 2654435761u) % (b->size - b->range) / 8 * 8
			       : 0;
	uint64_t n = b->step == STEP_RANGE && b->size > b->range ? b->range : b->size;
	double start;
	int rc = -1;

	(void)slot;
	if (b->step == STEP_WRITE)
		fill(b, i, 0, b->size, p);
	start = now_s();
	if (b->step == STEP_WRITE)
		rc = put(b, i, p, e);
	else if (b->step == STEP_LIST)
		rc = list(b, e);
	else if (!b->name[i])
		err_set(e, ERR_NO, "it was not written");
	else if (b->step == STEP_DELETE)
		rc = store_delete(b->store, b->name[i], e);
	else
		rc = get(b, i, off, n, p, e);
	b->took[i] = now_s() - start;
	if (rc == 0 && (b->step == STEP_READ || b->step == STEP_RANGE) &&
	    !is_right(b, i, off, n, p))
		rc = err_set(e, ERR_CORRUPT, "what was read is not what was written");
	b->failed[i] = rc < 0;
	if (rc < 0)
		fprintf(stderr, "storebench: error: %s: %s\n", step_name[b->step], e->msg);
	return 0;
}

static int cmp_double(const void *pa, const void *pb)
{
	double a = *(const double *)pa, b = *(const double *)pb;

	return (a > b) - (a < b);
}

/* Nearest rank: the smallest value that at least p of 100 do not exceed. */
static double percentile(const double *v, size_t n, unsigned p)
{
	size_t rank = (n * p + 99) / 100;

	return v[rank ? rank - 1 : 0];
}

static uint64_t run_step(struct bench *b, enum step step, uint64_t n, uint64_t each)
{
	const struct work w = { n, b->jobs, 2 * (size_t)b->jobs, one, NULL, b };
	const char *name = step_name[step];
	uint64_t failed = 0;
	double start, took;
	size_t good = 0;
	struct err e;

	b->step = step;
	start = now_s();
	if (work_run(&w, &e) < 0)
		die(e.msg);
	took = now_s() - start;
	for (uint64_t i = 0; i < n; i++) {
		failed += b->failed[i];
		if (!b->failed[i])
			b->took[good++] = b->took[i];
	}
	if (good) {
		qsort(b->took, good, sizeof(*b->took), cmp_double);
		printf("%s_p50\t%.4g\tms\n", name, percentile(b->took, good, 50) * 1e3);
		printf("%s_p99\t%.4g\tms\n", name, percentile(b->took, good, 99) * 1e3);
		printf("%s_rate\t%.4g\t1/s\n", name, (double)good / took);
	}
	if (good && each)
		printf("%s_speed\t%.4g\tMB/s\n", name, (double)(good * each) / 1e6 / took);
	printf("%s_failed\t%llu\toperations\n", name, (unsigned long long)failed);
	fflush(stdout);
	return failed;
}

static uint64_t size_arg(const char *text)
{
	uint64_t n;

	if (!num_size(bytes_str(text), &n) || n == 0) {
		fprintf(stderr, "storebench: error: expected a number above 0, found '%s'\n", text);
		exit(2);
	}
	return n;
}

int main(int argc, char **argv)
{
	struct bench b = { .n = 200, .size = 1 << 20, .range = 64 << 10, .jobs = 4 };
	uint64_t failed = 0, most;
	struct err e;

	for (int c; (c = getopt(argc, argv, "n:s:r:j:")) != -1;) {
		uint64_t v = c == '?' ? 0 : size_arg(optarg);

		switch (c) {
		case 'n':
			b.n = v;
			break;
		case 's':
			b.size = v;
			break;
		case 'r':
			b.range = v;
			break;
		case 'j':
			b.jobs = (unsigned)v;
			break;
		default:
			optind = argc + 1;
			break;
		}
	}
	if (optind != argc - 1 || b.jobs > WORK_JOBS_MAX) {
		fprintf(stderr,
			"usage: storebench [-n OBJECTS] [-s BYTES] [-r BYTES] [-j JOBS] STORE\n");
		return 2;
	}
	if (getrandom(&b.seed, sizeof(b.seed), 0) < 0)
		die("getrandom");
	b.store = store_open(argv[optind], STORE_WRITE, &e);
	if (!b.store) {
		fprintf(stderr, "storebench: error: %s\n", e.msg);
		return err_exit_code(e.code);
	}
	most = b.n > 20 ? b.n : 20;
	b.name = mem_alloc(most * sizeof(*b.name));
	b.hash = mem_alloc(most * sizeof(*b.hash));
	b.took = mem_alloc(most * sizeof(*b.took));
	b.failed = mem_alloc(most * sizeof(*b.failed));
	b.buf = mem_alloc(b.jobs * sizeof(*b.buf));
	for (unsigned i = 0; i < b.jobs; i++)
		b.buf[i] = mem_alloc(b.size);
	failed += run_step(&b, STEP_WRITE, b.n, b.size);
	failed += run_step(&b, STEP_READ, b.n, b.size);
	failed += run_step(&b, STEP_RANGE, b.n, b.size < b.range ? b.size : b.range);
	failed += run_step(&b, STEP_LIST, 20, 0);
	failed += run_step(&b, STEP_DELETE, b.n, 0);
	for (uint64_t i = 0; i < b.n; i++)
		free(b.name[i]);
	for (unsigned i = 0; i < b.jobs; i++)
		free(b.buf[i]);
	free(b.buf);
	free(b.name);
	free(b.hash);
	free(b.took);
	free(b.failed);
	store_close(b.store);
	return failed > 0;
}
