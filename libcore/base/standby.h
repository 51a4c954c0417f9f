/*
 * A process that has started and waits for what it is to do, so that who needs its answer does not
 * wait for its start. One message over a connected socket (SOCK_SEQPACKET) gives it arguments and
 * descriptors, and from then on it is as if it had been started with these.
 *
 *   byte 0         bit i: a descriptor that is to be i comes along (SCM_RIGHTS, in order)
 *   then           the arguments, each with a NUL behind it
 *   back: 1 byte   they are taken
 */
#ifndef BASE_STANDBY_H
#define BASE_STANDBY_H

#include <stdbool.h>

#include "base/err.h"

enum {
	STANDBY_FDS_MAX = 4,
	STANDBY_BYTES_MAX = 64 << 10, /* of a message */
};

/*
 * Gives fd[i], where it is not below 0, to be its descriptor i; the others stay as they are. Does
 * not wait. argv ends with NULL.
 * Errors: ERR_LIMIT the arguments are too long; ERR_AGAIN nobody is there, or no memory; ERR_IO.
 */
MUST_CHECK int standby_give(int to, const char *const *argv, const int fd[STANDBY_FDS_MAX],
			    struct err *e);

/* Whether that was taken, as far as is known now: a process that has ended and never said so has
 * done nothing of it. */
bool standby_was_taken(int to);

/*
 * The other side: waits until something is given, and takes it. *argv is what main was called with;
 * the new ones are one allocation, the caller's to free, and what ps(1) shows. Meanwhile the
 * process is called standby. Closes fd, unless a descriptor has taken its place. Before there are
 * other threads. Errors: ERR_USAGE fd is no socket; ERR_AGAIN the other end is closed; ERR_IO.
 */
MUST_CHECK int standby_wait(int fd, int *argc, char ***argv, struct err *e);

#endif
