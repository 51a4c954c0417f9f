/*
 * A ring in a file: all of it is read, changed and replaced under a lock, on a file beside it,
 * since a lock on a file that is replaced would be one on the file that was.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "ring/backend.h"
#include "ring/text.h"
#include "time/time.h"

enum { TRY_EVERY_MS = 10, LOOK_EVERY_MS = 200, LINKS_MAX = 40, MODE = 0777, MODE_GROUP = 0070 };

struct file {
	char *path, *lock_path;
	struct ring_place_opts opts;
	struct stat last; /* of the file when it was read */
};

/* Appends what the symbolic link at path points to; false when it is none. */
static bool follow(const char *path, struct buf *b)
{
	const char *slash = strrchr(path, '/');
	char target[4096];
	ssize_t n = readlink(path, target, sizeof(target));

	if (n <= 0 || (size_t)n == sizeof(target))
		return false;
	if (slash && target[0] != '/')
		buf_add(b, path, (size_t)(slash - path) + 1);
	buf_add(b, target, (size_t)n);
	return true;
}

/* The path of the file itself: a link is not replaced, and who comes by another way takes the same
 * lock. To be freed. */
static char *file_itself(const char *path)
{
	struct buf at = { 0 };

	buf_add_str(&at, path);
	for (int i = 0; i < LINKS_MAX; i++) {
		struct buf to = { 0 };

		if (!follow(buf_str(&at), &to))
			break;
		buf_release(&at);
		at = to;
	}
	buf_str(&at);
	return at.p;
}

void *ring_file_open(const char *path, const struct ring_place_opts *o)
{
	struct file *f = mem_alloc(sizeof(*f));
	struct buf lock = { 0 };

	f->path = file_itself(path);
	buf_addf(&lock, "%s.lock", f->path);
	buf_str(&lock);
	f->lock_path = lock.p;
	f->opts = *o;
	return f;
}

static void file_close(void *b)
{
	struct file *f = b;

	free(f->path);
	free(f->lock_path);
	free(f);
}

static void sleep_ms(int ms)
{
	nanosleep(&(struct timespec){ .tv_nsec = ms * 1000000L }, NULL);
}

static int no_ring(struct err *e)
{
	return err_set(e, ERR_NO, "there is no ring");
}

/* Returns the descriptor that holds the lock, or -1. */
static int lock(const struct file *f, struct err *e)
{
	int64_t timeout = f->opts.timeout_ns ? f->opts.timeout_ns : RING_TIMEOUT_NS;
	int64_t deadline = time_mono_ns() + timeout;
	int fd;

	if (f->opts.is_there && access(f->path, F_OK) < 0 && errno == ENOENT)
		return no_ring(e);
	if (f->opts.folder && io_mkdirs(f->opts.folder, e) < 0)
		return -1;
	fd = open(f->lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);

	if (fd < 0)
		return err_sys(e, "'%s'", f->lock_path);
	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR) {
			err_sys(e, "'%s'", f->lock_path);
			close(fd);
			return -1;
		}
		if (time_mono_ns() >= deadline) {
			close(fd);
			return err_set(e, ERR_AGAIN, "'%s': another process holds the lock",
				       f->lock_path);
		}
		sleep_ms(TRY_EVERY_MS);
	}
	return fd;
}

static int file_read(void *b, struct ring *ret, struct err *e)
{
	struct file *f = b;
	struct buf text = { 0 };
	int rc;

	/* Before it is read: what is newer then is seen as a change. */
	if (stat(f->path, &f->last) < 0 && errno == ENOENT)
		return no_ring(e);
	if (S_ISFIFO(f->last.st_mode) || S_ISCHR(f->last.st_mode))
		return err_set(e, ERR_USAGE, "expected a regular file");
	rc = io_read_file(f->path, RING_TEXT_MAX, &text, e);
	if (rc == 0)
		rc = ring_parse_text(buf_bytes(&text), ret, e);
	buf_release(&text);
	return rc;
}

/* Owner and mode are those of the file that is replaced. Who may not give them away gives the new
 * owner no more than the old one had. */
static int keep_rights(const char *path, int fd, struct err *e)
{
	struct stat old, new;
	mode_t mode;

	if (stat(path, &old) < 0)
		return errno == ENOENT ? 0 : err_sys(e, "stat");
	if (fstat(fd, &new) < 0)
		return err_sys(e, "stat");
	mode = old.st_mode & MODE;
	if ((new.st_uid != old.st_uid || new.st_gid != old.st_gid) &&
	    fchown(fd, old.st_uid, old.st_gid) < 0 && new.st_gid != old.st_gid &&
	    fchown(fd, (uid_t)-1, old.st_gid) < 0)
		mode &= ~(mode_t)MODE_GROUP;
	return fchmod(fd, mode) < 0 ? err_sys(e, "chmod") : 0;
}

/* Without a name until it is whole: who is killed leaves nothing behind. */
static int replace(const char *path, struct bytes text, struct err *e)
{
	const char *slash = strrchr(path, '/');
	struct file_replace to;
	struct buf dir = { 0 };
	int rc;

	if (slash)
		buf_add(&dir, path, slash == path ? 1 : (size_t)(slash - path));
	else
		buf_add_char(&dir, '.');
	rc = file_replace_open_unnamed(buf_str(&dir), &to, e);
	buf_release(&dir);
	if (rc < 0)
		return -1;
	if (keep_rights(path, to.fd, e) < 0 || io_write(to.fd, text.p, text.n, e) < 0) {
		file_replace_abort(&to);
		return -1;
	}
	return file_replace_commit(&to, path, e);
}

static int file_write(const struct file *f, const struct ring *r, struct err *e)
{
	struct buf text = { 0 };
	int rc;

	ring_add_text(&text, r);
	if (text.n > RING_TEXT_MAX)
		rc = err_set(e, ERR_LIMIT, "a ring of %zu bytes, expected at most %d", text.n,
			     RING_TEXT_MAX);
	else
		rc = replace(f->path, buf_bytes(&text), e);
	buf_release(&text);
	return rc;
}

static int change_locked(struct file *f, ring_change_fn *change, void *data, struct ring *ret,
			 struct err *e)
{
	struct ring r;
	int rc;

	if (file_read(f, &r, e) < 0) {
		if (e->code != ERR_NO || f->opts.is_there)
			return -1;
		ring_init(&r);
	}
	rc = change(&r, RING_NOT_DONE, data, e);
	if (rc == RING_CHANGED) {
		r.revision++;
		rc = file_write(f, &r, e);
	}
	if (rc == 0 && ret)
		*ret = r;
	else
		ring_release(&r);
	return rc;
}

static int file_change(void *b, ring_change_fn *change, void *data, struct ring *ret, struct err *e)
{
	struct file *f = b;
	int fd = lock(f, e), rc;

	if (fd < 0)
		return -1;
	rc = change_locked(f, change, data, ret, e);
	close(fd);
	return rc;
}

static int beat_locked(struct file *f, struct bytes name, struct err *e)
{
	struct ring r;
	int rc;

	if (file_read(f, &r, e) < 0)
		return -1;
	rc = ring_set_beat(&r, name, ring_now(&f->opts), e);
	if (rc == 0)
		rc = file_write(f, &r, e);
	ring_release(&r);
	return rc;
}

static int file_beat(void *b, struct bytes name, struct err *e)
{
	struct file *f = b;
	int fd = lock(f, e), rc;

	if (fd < 0)
		return -1;
	rc = beat_locked(f, name, e);
	close(fd);
	return rc;
}

/* Looking now and then does on any file system. */
static int file_wait(void *b, const struct ring *r, int64_t timeout_ns, struct err *e)
{
	struct file *f = b;
	int64_t deadline = time_mono_ns() + timeout_ns;
	struct stat st;

	(void)r;
	for (;;) {
		if (stat(f->path, &st) < 0) {
			if (errno != ENOENT)
				return err_sys(e, "stat");
			return 1;
		}
		if (st.st_ino != f->last.st_ino || st.st_mtim.tv_sec != f->last.st_mtim.tv_sec ||
		    st.st_mtim.tv_nsec != f->last.st_mtim.tv_nsec)
			return 1;
		if (time_mono_ns() >= deadline)
			return 0;
		sleep_ms(LOOK_EVERY_MS);
	}
}

const struct ring_backend ring_file = { file_read, file_change, file_beat, file_wait, file_close };
