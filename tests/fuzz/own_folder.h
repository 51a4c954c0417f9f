/* A folder of this process's own, which is gone when it ends: in memory where that can be, since
 * what is synced to a disk takes long. */
#ifndef FUZZ_OWN_FOLDER_H
#define FUZZ_OWN_FOLDER_H

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"

static char own_folder_path[] = "/dev/shm/lokid-fuzz.XXXXXX";
static pid_t own_folder_maker; /* who forks from it has not made it */

static inline int own_folder_remove_one(const char *path, const struct stat *st, int kind,
					struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static inline void own_folder_remove(void)
{
	if (getpid() == own_folder_maker)
		nftw(own_folder_path, own_folder_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Makes it, once. */
static inline const char *own_folder(void)
{
	if (access("/dev/shm", W_OK) < 0)
		snprintf(own_folder_path, sizeof(own_folder_path), "/tmp/lokid-fuzz.XXXXXX");
	if (!mkdtemp(own_folder_path))
		abort();
	own_folder_maker = getpid();
	atexit(own_folder_remove);
	return own_folder_path;
}

/* Overwrites what lies at path below it. */
static inline void own_folder_write(const char *path, struct bytes b)
{
	struct buf full = { 0 };
	int fd;

	buf_addf(&full, "%s/%s", own_folder_path, path);
	fd = open(buf_str(&full), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || io_write(fd, b.p, b.n, NULL) < 0)
		abort();
	close(fd);
	buf_release(&full);
}

#endif
