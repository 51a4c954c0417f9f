/*
 * The file of an entry: a head that says the whole key, and the bytes. The head is what the reader
 * would write itself, but for the time and the checksums, so there is nothing to parse: it is read
 * to be compared.
 *
 * Nothing is synced: what a power cut leaves is a file whose checksum is wrong.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/io.h"
#include "base/rd.h"
#include "base/wr.h"
#include "store/cache_detail.h"
#include "time/time.h"

enum {
	TIME_AT = 4, /* in the head, behind the magic */
	FIXED_LEN = 4 + 8 + 8 + 8 + 4 + 4,
	SUMS_LEN = 8 + 8, /* at its end */
	HEAD_MAX = FIXED_LEN + CACHE_NAME_MAX + SUMS_LEN,
};

static const char magic[4] = { 'L', 'K', 'C', '1' };

static void add_head(struct buf *b, const struct cache_key *k, int64_t now_ns, uint64_t sum)
{
	buf_add(b, magic, sizeof(magic));
	wr_u64be(b, (uint64_t)now_ns);
	wr_u64be(b, k->off);
	wr_u64be(b, k->n);
	wr_u32be(b, (uint32_t)k->store.n);
	wr_u32be(b, (uint32_t)k->name.n);
	buf_add_bytes(b, k->store);
	buf_add_bytes(b, k->name);
	wr_u64be(b, sum);
	wr_u64be(b, hash64(buf_bytes(b)));
}

/* Is it the head of such an entry, and when was it written? */
static bool is_head(struct bytes head, const struct cache_key *k, struct buf *scratch,
		    int64_t *ret_ns, uint64_t *ret_sum)
{
	struct rd time = rd_init(bytes_sub(head, TIME_AT, 8));
	struct rd sum = rd_init(bytes_sub(head, head.n - SUMS_LEN, 8));

	*ret_ns = (int64_t)rd_u64be(&time);
	*ret_sum = rd_u64be(&sum);
	add_head(scratch, k, *ret_ns, *ret_sum);
	return bytes_cmp(buf_bytes(scratch), head) == 0;
}

/* All of the vector, and that the file ends there. */
static bool read_whole(int fd, struct iovec *v, int n)
{
	size_t all = 0;
	struct stat st;
	ssize_t k;

	for (int i = 0; i < n; i++)
		all += v[i].iov_len;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || (uint64_t)st.st_size != all)
		return false;
	/* A file of the right size that is read short, or by halves, is on a disk that fails. */
	do
		k = readv(fd, v, n);
	while (k < 0 && errno == EINTR);
	return k >= 0 && (size_t)k == all;
}

enum cache_found cache_read_entry(int dir_fd, const char *path, const struct cache_key *key,
				  const struct cache_limits *l, void *p)
{
	size_t head_len = FIXED_LEN + key->store.n + key->name.n + SUMS_LEN;
	struct buf head = { 0 }, scratch = { 0 };
	enum cache_found ret = CACHE_DAMAGED;
	struct iovec v[2];
	int64_t written;
	uint64_t sum;
	/* not waiting for whoever might write to a FIFO of that name */
	int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
		return errno == ELOOP ? CACHE_DAMAGED : CACHE_ABSENT;
	v[0] = (struct iovec){ buf_reserve(&head, head_len), head_len };
	v[1] = (struct iovec){ p, key->n };
	if (read_whole(fd, v, 2) &&
	    is_head(bytes_of(head.p, head_len), key, &scratch, &written, &sum) &&
	    hash64(bytes_of(p, key->n)) == sum) {
		int64_t age = time_now_ns();

		/* from the future: of a clock that went back since */
		ret = written > age || age - written > l->age_ns ? CACHE_OLD : CACHE_FOUND;
	}
	close(fd);
	buf_release(&scratch);
	buf_release(&head);
	return ret;
}

static int write_all(int fd, const struct cache_key *key, const void *p, mode_t mode, struct err *e)
{
	struct buf head = { 0 };
	int rc;

	add_head(&head, key, time_now_ns(), hash64(bytes_of(p, key->n)));
	rc = io_write(fd, head.p, head.n, e);
	if (rc == 0)
		rc = io_write(fd, p, key->n, e);
	if (rc == 0 && mode != CACHE_MODE && fchmod(fd, mode) < 0)
		rc = err_sys(e, "chmod");
	buf_release(&head);
	return rc;
}

/* Opens PATH.<16 digits>.tmp; the folder is made when it is not there. */
static int open_tmp(int dir_fd, const char *path, char *tmp, size_t size, struct err *e)
{
	uint64_t seed[2] = { (uint64_t)gettid(), (uint64_t)time_now_ns() };
	int fd;

	snprintf(tmp, size, "%s.%016llx.tmp", path,
		 (unsigned long long)hash64(bytes_of(seed, sizeof(seed))));
	fd = openat(dir_fd, tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, CACHE_MODE);
	if (fd < 0 && errno == ENOENT) {
		char folder[3] = { path[0], path[1], '\0' };

		if (mkdirat(dir_fd, folder, 0700) < 0 && errno != EEXIST)
			return err_sys(e, "cannot make '%s'", folder);
		fd = openat(dir_fd, tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, CACHE_MODE);
	}
	return fd < 0 ? err_sys(e, "cannot make '%s'", tmp) : fd;
}

int cache_write_entry(int dir_fd, const char *path, const struct cache_key *key, const void *p,
		      mode_t mode, struct err *e)
{
	char tmp[CACHE_PATH_MAX + 32];
	int fd = open_tmp(dir_fd, path, tmp, sizeof(tmp), e);
	int rc;

	if (fd < 0)
		return -1;
	rc = write_all(fd, key, p, mode, e);
	if (close(fd) < 0 && rc == 0) /* where writes are put off, as over NFS */
		rc = err_sys(e, "'%s'", tmp);
	if (rc == 0 && renameat(dir_fd, tmp, dir_fd, path) < 0)
		rc = err_sys(e, "cannot rename '%s'", tmp);
	if (rc < 0)
		unlinkat(dir_fd, tmp, 0);
	return rc;
}
