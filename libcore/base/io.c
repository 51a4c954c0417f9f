#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

enum { READ_STEP = 1 << 16, TMP_TRIES = 100, TMP_DIGITS = 16, TMP_AGE_S = 3600 };

int io_open(const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? err_sys(e, "cannot open '%s'", path) : fd;
}

int64_t io_read(int fd, void *p, size_t n, struct err *e)
{
	size_t done = 0;

	while (done < n) {
		ssize_t k = read(fd, (char *)p + done, n - done);

		if (k == 0)
			break;
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return err_sys(e, "read");
		done += (size_t)k;
	}
	return (int64_t)done;
}

int64_t io_pread(int fd, void *p, size_t n, uint64_t off, struct err *e)
{
	size_t done = 0;

	while (done < n) {
		ssize_t k = pread(fd, (char *)p + done, n - done, (off_t)(off + done));

		if (k == 0)
			break;
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return err_sys(e, "read at offset %llu", (unsigned long long)off);
		done += (size_t)k;
	}
	return (int64_t)done;
}

int io_write(int fd, const void *p, size_t n, struct err *e)
{
	size_t done = 0;

	while (done < n) {
		ssize_t k = write(fd, (const char *)p + done, n - done);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return err_sys(e, "write");
		done += (size_t)k;
	}
	return 0;
}

int io_pwrite(int fd, const void *p, size_t n, uint64_t off, struct err *e)
{
	size_t done = 0;

	while (done < n) {
		ssize_t k = pwrite(fd, (const char *)p + done, n - done, (off_t)(off + done));

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return err_sys(e, "write at offset %llu", (unsigned long long)(off + done));
		done += (size_t)k;
	}
	return 0;
}

void io_widen_pipe(int fd, size_t n)
{
	int before = errno;

	if (fcntl(fd, F_SETPIPE_SZ, (int)n) < 0)
		errno = before;
}

int io_read_file(const char *path, size_t max, struct buf *b, struct err *e)
{
	int fd = io_open(path, e);
	size_t start = b->n;

	if (fd < 0)
		return -1;
	for (;;) {
		int64_t k = io_read(fd, buf_reserve(b, READ_STEP), READ_STEP, e);

		if (k < 0) {
			close(fd);
			return err_wrap(e, "'%s'", path);
		}
		b->n += (size_t)k;
		if (b->n - start > max) {
			close(fd);
			return err_set(e, ERR_LIMIT, "'%s': more than %zu bytes", path, max);
		}
		if (k < READ_STEP)
			break;
	}
	close(fd);
	return 0;
}

/* Into a file without a name below dir. */
static int spool_write(int fd, const char *dir, const void *p, size_t n, struct err *e)
{
	if (io_write(fd, p, n, e) == 0)
		return 0;
	return err_wrap(e, "temporary file in '%s' (TMPDIR names another folder)", dir);
}

static int spool_rest(int from, int to, const char *dir, struct err *e)
{
	struct buf b = { 0 };
	int64_t k;
	int rc = 0;

	do {
		buf_reset(&b);
		k = io_read(from, buf_reserve(&b, READ_STEP), READ_STEP, e);
		if (k < 0 || spool_write(to, dir, b.p, (size_t)k, e) < 0)
			rc = -1;
	} while (rc == 0 && k == READ_STEP);
	buf_release(&b);
	return rc;
}

static const char *spool_dir(void)
{
	const char *dir = getenv("TMPDIR");

	return dir && *dir ? dir : "/tmp";
}

static int named_and_unlinked(const char *dir)
{
	struct buf path = { 0 };
	int ret;

	buf_addf(&path, "%s/lokid.XXXXXX", dir);
	buf_str(&path);
	ret = mkostemp(path.p, O_CLOEXEC);
	if (ret >= 0)
		unlink(path.p);
	buf_release(&path);
	return ret;
}

int io_tmpfile(struct err *e)
{
	const char *dir = spool_dir();
	/* Never named where the file system can: who is killed leaves nothing. */
	int ret = open(dir, O_RDWR | O_TMPFILE | O_EXCL | O_CLOEXEC, 0600);

	if (ret < 0)
		ret = named_and_unlinked(dir);
	if (ret < 0)
		err_sys(e, "temporary file in '%s' (TMPDIR names another folder): cannot make it",
			dir);
	return ret;
}

int io_spool(int fd, struct bytes start, struct err *e)
{
	const char *dir = spool_dir();
	int ret = io_tmpfile(e);

	if (ret >= 0 && (spool_write(ret, dir, start.p, start.n, e) < 0 ||
			 spool_rest(fd, ret, dir, e) < 0 || lseek(ret, 0, SEEK_SET) < 0)) {
		close(ret);
		return -1;
	}
	return ret;
}

int io_map_fd(int fd, struct io_map *ret, struct err *e)
{
	struct stat st;
	void *p;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "stat");
	*ret = (struct io_map){ 0 };
	if (st.st_size == 0)
		return 0;
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return err_sys(e, "mmap");
	ret->b = bytes_of(p, (size_t)st.st_size);
	return 0;
}

int io_map(const char *path, struct io_map *ret, struct err *e)
{
	int fd = io_open(path, e);
	int rc;

	if (fd < 0)
		return -1;
	rc = io_map_fd(fd, ret, e);
	close(fd);
	return rc < 0 ? err_wrap(e, "'%s'", path) : 0;
}

void io_unmap(struct io_map *m)
{
	if (m->b.n)
		munmap((void *)(uintptr_t)m->b.p, m->b.n);
	*m = (struct io_map){ 0 };
}

/* Around a page that is touched the system maps those of the same 64 KiB, newer kernels (6.18) all
 * of a large folio, which has up to 2 MiB: so these go with it. What lies beyond the mapping is
 * somebody else's. */
void io_map_forget(struct bytes map, uint64_t off, uint64_t n)
{
	const uintptr_t around = 2 << 20, first = (uintptr_t)map.p, last = first + map.n;
	struct bytes part = bytes_sub(map, off, n);
	uintptr_t from = (uintptr_t)part.p & ~(around - 1);
	uintptr_t to = ((uintptr_t)part.p + part.n + around - 1) & ~(around - 1);

	from = from < first ? first : from;
	to = to > last ? last : to;
	if (part.n) /* a hint: what it fails at stays counted */
		madvise((void *)from, to - from, MADV_DONTNEED);
}

enum { PAST_MAX = 4 << 20 };

void io_past_add(struct io_past *past, struct bytes map, uint64_t off, uint64_t n)
{
	uint64_t from = off < past->from ? off : past->from;
	uint64_t to = off + n > past->to ? off + n : past->to;

	if (past->map.p != map.p || to - from > PAST_MAX) {
		io_past_forget(past);
		from = off;
		to = off + n;
	}
	*past = (struct io_past){ map, from, to };
}

void io_past_forget(struct io_past *past)
{
	io_map_forget(past->map, past->from, past->to - past->from);
	*past = (struct io_past){ 0 };
}

int io_opendir(const char *path, DIR **ret, struct err *e)
{
	DIR *d = opendir(path);

	if (!d && errno != ENOENT)
		return err_sys(e, "cannot open folder '%s'", path);
	*ret = d;
	return 0;
}

int io_sync_dir(const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = 0;

	if (fd < 0)
		return err_sys(e, "cannot open folder '%s'", path);
	if (fsync(fd) < 0)
		rc = err_sys(e, "fsync of folder '%s'", path);
	close(fd);
	return rc;
}

/* The folder that holds path: "." when path has none. To be freed. */
static char *parent_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir;

	while (slash && slash > path && slash[1] == '\0') { /* "a/b/" lies in "a" */
		size_t n = (size_t)(slash - path);

		slash = memrchr(path, '/', n);
	}
	if (!slash)
		return strdup(".");
	dir = strndup(path, slash == path ? 1 : (size_t)(slash - path));
	return dir;
}

int io_mkdirs(const char *path, struct err *e)
{
	struct stat st;
	char *parent;
	int rc;

	if (stat(path, &st) == 0) {
		if (S_ISDIR(st.st_mode))
			return 0;
		return err_set(e, ERR_IO, "'%s' is not a folder", path);
	}
	if (errno != ENOENT)
		return err_sys(e, "cannot make folder '%s'", path);
	parent = parent_of(path);
	rc = io_mkdirs(parent, e);
	if (rc == 0 && mkdir(path, 0777) < 0 && errno != EEXIST)
		rc = err_sys(e, "cannot make folder '%s'", path);
	if (rc == 0)
		rc = io_sync_dir(parent, e);
	free(parent);
	return rc;
}

static bool add_tmp_name(struct buf *path, const char *dir)
{
	uint64_t id;

	if (getentropy(&id, sizeof(id)) < 0)
		return false;
	buf_reset(path);
	buf_addf(path, "%s/%016llx.tmp", dir, (unsigned long long)id);
	return true;
}

int file_replace_open(const char *dir, struct file_replace *ret, struct err *e)
{
	struct buf path = { 0 };

	for (int i = 0; i < TMP_TRIES; i++) {
		int fd;

		if (!add_tmp_name(&path, dir))
			break;
		fd = open(buf_str(&path), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (fd >= 0) {
			*ret = (struct file_replace){ .fd = fd, .tmp_path = path.p };
			return 0;
		}
		if (errno != EEXIST)
			break;
	}
	err_sys(e, "cannot make a file in '%s'", dir);
	buf_release(&path);
	return -1;
}

static void proc_path(struct buf *out, int fd)
{
	buf_addf(out, "/proc/self/fd/%d", fd);
}

int file_replace_open_unnamed(const char *dir, struct file_replace *ret, struct err *e)
{
	struct buf path = { 0 }, proc = { 0 };
	int fd = open(dir, O_RDWR | O_TMPFILE | O_CLOEXEC, 0666);

	proc_path(&proc, fd);
	if (fd >= 0 && access(buf_str(&proc), F_OK) == 0 && add_tmp_name(&path, dir)) {
		*ret = (struct file_replace){ .fd = fd, .tmp_path = path.p, .unnamed = true };
		buf_release(&proc);
		return 0;
	}
	if (fd >= 0)
		close(fd);
	buf_release(&proc);
	buf_release(&path);
	return file_replace_open(dir, ret, e);
}

static int give_tmp_name(struct file_replace *r, struct err *e)
{
	struct buf proc = { 0 };
	int rc;

	proc_path(&proc, r->fd);
	rc = linkat(AT_FDCWD, buf_str(&proc), AT_FDCWD, r->tmp_path, AT_SYMLINK_FOLLOW);
	buf_release(&proc);
	if (rc < 0)
		return err_sys(e, "cannot make '%s'", r->tmp_path);
	r->unnamed = false;
	return 0;
}

void file_replace_abort(struct file_replace *r)
{
	if (!r->tmp_path)
		return;
	close(r->fd);
	if (!r->unnamed)
		unlink(r->tmp_path);
	free(r->tmp_path);
	*r = (struct file_replace){ .fd = -1 };
}

int file_replace_commit(struct file_replace *r, const char *path, struct err *e)
{
	char *dir = parent_of(path);
	int rc = 0;

	if (fsync(r->fd) < 0)
		rc = err_sys(e, "fsync of '%s'", r->unnamed ? path : r->tmp_path);
	if (rc == 0 && r->unnamed)
		rc = give_tmp_name(r, e);
	if (rc == 0 && rename(r->tmp_path, path) < 0)
		rc = err_sys(e, "rename to '%s'", path);
	if (rc < 0) {
		file_replace_abort(r);
	} else {
		close(r->fd);
		free(r->tmp_path);
		*r = (struct file_replace){ .fd = -1 };
		rc = io_sync_dir(dir, e);
	}
	free(dir);
	return rc;
}

/* "0123456789abcdef.tmp" */
static bool is_tmp_name(const char *name)
{
	return strspn(name, "0123456789abcdef") == TMP_DIGITS &&
	       strcmp(name + TMP_DIGITS, ".tmp") == 0;
}

enum abandoned { COUNT_ABANDONED, DELETE_ABANDONED };

static int64_t abandoned(const char *dir, enum abandoned what, struct err *e)
{
	const time_t young = time(NULL) - TMP_AGE_S;
	int64_t n = 0;
	DIR *d;

	if (io_opendir(dir, &d, e) < 0)
		return -1;
	if (!d)
		return 0;
	for (struct dirent *de; n >= 0 && (de = readdir(d)) != NULL;) {
		struct stat st;

		if (!is_tmp_name(de->d_name) || fstatat(dirfd(d), de->d_name, &st, 0) < 0 ||
		    !S_ISREG(st.st_mode) || st.st_mtime >= young)
			continue;
		n++;
		if (what == DELETE_ABANDONED && unlinkat(dirfd(d), de->d_name, 0) < 0 &&
		    errno != ENOENT)
			n = err_sys(e, "cannot delete '%s/%s'", dir, de->d_name);
	}
	closedir(d);
	return n;
}

int file_replace_sweep(const char *dir, struct err *e)
{
	return abandoned(dir, DELETE_ABANDONED, e) < 0 ? -1 : 0;
}

int64_t file_replace_abandoned(const char *dir, struct err *e)
{
	return abandoned(dir, COUNT_ABANDONED, e);
}

int file_replace_bytes(const char *path, struct bytes b, struct err *e)
{
	struct file_replace r;
	char *dir = parent_of(path);
	int rc = file_replace_open(dir, &r, e);

	free(dir);
	if (rc < 0)
		return -1;
	if (io_write(r.fd, b.p, b.n, e) < 0) {
		err_wrap(e, "'%s'", r.tmp_path);
		file_replace_abort(&r);
		return -1;
	}
	return file_replace_commit(&r, path, e);
}
