/* Becoming another program, without copying the daemon's memory: vfork and execve. */
#ifndef SERVER_SPAWN_H
#define SERVER_SPAWN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct spawn {
	const char *path;
	char *const *argv;
	const int *fd; /* n_fd of them: its 0, 1, ...; -1 is null_fd for 0 to 2, and closed above */
	int n_fd, null_fd;
	uint64_t memory_max; /* RLIMIT_DATA, or 0 */
	uint64_t file_max;   /* RLIMIT_FSIZE, or 0 */
	int nice;	     /* added to ours */
	bool dies_with_us;   /* SIGKILL when the thread that calls ends */
};

/*
 * Starts it in a process group of its own, so that Ctrl-C is the daemon's to deal with, with all
 * signals unblocked and at their defaults, and no descriptors but those. Returns its process id
 * when it has become the program, else -1. Errors: ERR_IO, ERR_AGAIN (no more processes),
 * ERR_NOMEM.
 */
MUST_CHECK pid_t spawn(const struct spawn *s, struct err *e);

#endif
