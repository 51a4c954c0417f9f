/* Bytes as a file that has a path and lies on no disk, for functions that read one. */
#ifndef FUZZ_MEMORY_FILE_H
#define FUZZ_MEMORY_FILE_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/io.h"

enum { MEMORY_PATH_MAX = 64 };

/* To be closed: the path is good until then. */
static inline int memory_file(struct bytes text, char ret_path[MEMORY_PATH_MAX])
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || io_write(fd, text.p, text.n, NULL) < 0)
		abort();
	snprintf(ret_path, MEMORY_PATH_MAX, "/proc/self/fd/%d", fd);
	return fd;
}

#endif
