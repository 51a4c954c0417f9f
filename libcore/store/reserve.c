#include "store/reserve.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/buf.h"
#include "store/store.h"

enum { HARDLY = 2 }; /* times as much is free as is asked for: others need it now */

static void path_of(struct buf *b, const struct store *s)
{
	buf_addf(b, "%s/~lokid/reserve", store_path(s));
	buf_str(b);
}

static int grow(int fd, uint64_t bytes, struct err *e)
{
	struct statvfs fs;
	struct stat st;
	int rc;

	if (fstat(fd, &st) < 0 || fstatvfs(fd, &fs) < 0)
		return err_sys(e, "cannot set room aside");
	if ((uint64_t)st.st_size >= bytes || (uint64_t)fs.f_bavail * fs.f_frsize < HARDLY * bytes)
		return 0;
	rc = posix_fallocate(fd, 0, (off_t)bytes);
	if (rc == 0)
		return 0;
	errno = rc; /* others were faster: what was had of it is theirs */
	if (rc == ENOSPC && ftruncate(fd, st.st_size) == 0)
		return 0;
	return err_sys(e, "cannot set room aside");
}

/* On a disk that is too small for any. */
static bool is_empty(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_size == 0;
}

int store_reserve_keep(struct store *s, uint64_t bytes, struct err *e)
{
	struct buf path = { 0 };
	int fd, rc;

	if (store_is_remote(s))
		return 0;
	path_of(&path, s);
	fd = open(path.p, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	rc = fd < 0 ? err_sys(e, "cannot set room aside") : grow(fd, bytes, e);
	if (rc == 0 && is_empty(fd))
		unlink(path.p);
	if (fd >= 0)
		close(fd);
	if (rc < 0)
		err_wrap(e, "'%s'", path.p);
	buf_release(&path);
	return rc;
}

bool store_reserve_spend(struct store *s)
{
	struct buf path = { 0 };
	struct stat st;
	bool ret = false;

	if (!store_is_remote(s)) {
		path_of(&path, s);
		ret = stat(path.p, &st) == 0 && st.st_size > 0 && unlink(path.p) == 0;
	}
	buf_release(&path);
	return ret;
}
