/* Locks are bytes of one file, so that days and tenants leave no files of their own behind. Two
 * names that fall on one byte share a lock, which costs a wait. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/io.h"
#include "base/mem.h"
#include "store/backend.h"

struct dir_lock {
	struct store_lock base;
	int fd;
};

struct store_lock *store_dir_lock(struct store *s, const char *name, struct err *e)
{
	struct flock byte = { .l_type = F_WRLCK,
			      .l_whence = SEEK_SET,
			      .l_start = (off_t)(hash64(bytes_str(name)) >> 2),
			      .l_len = 1 };
	struct dir_lock *l = NULL;
	struct buf path = { 0 };
	int fd;

	buf_addf(&path, "%s/~lokid", store_path(s));
	if (io_mkdirs(buf_str(&path), e) < 0) {
		buf_release(&path);
		return NULL;
	}
	buf_add_str(&path, "/locks");
	fd = open(buf_str(&path), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0) {
		err_sys(e, "cannot open '%s'", buf_str(&path));
	} else if (fcntl(fd, F_OFD_SETLK, &byte) == 0) {
		l = mem_alloc(sizeof(*l));
		l->fd = fd;
	} else {
		if (errno == EAGAIN || errno == EACCES)
			err_set(e, ERR_AGAIN, "'%s': somebody else has the lock '%s'",
				buf_str(&path), name);
		else
			err_sys(e, "cannot lock '%s'", buf_str(&path));
		close(fd);
	}
	buf_release(&path);
	return l ? &l->base : NULL;
}

void store_dir_unlock(struct store_lock *lock)
{
	struct dir_lock *l = (struct dir_lock *)lock;

	close(l->fd);
	free(l);
}
