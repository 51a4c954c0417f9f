/*
 * A process that has started and waits for what it is to do, so that who needs its answer does not
 * wait for its start. One message over a connected socket (SOCK_SEQPACKET) gives it arguments and
 * descriptors, and from then on it is as if it had been started with these.
 *
 *   byte 0         bit i: a descriptor that is to be i comes along (SCM_RIGHTS, in order)
 *   then           the arguments, each with a NUL behind it
 *   back: 1 byte   they are taken
 *
 * Or it is made a fork server: each message of the byte 128 alone, with a descriptor, makes it
 * begin another process of its group that waits, at that descriptor, and is a child of the
 * server's own parent, since a fork is cheaper than a start.
 *
 *   back: 4 bytes  the process id of the other one, in host byte order
 */
#ifndef BASE_STANDBY_H
#define BASE_STANDBY_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

enum {
	STANDBY_FDS_MAX = 4,
	STANDBY_BYTES_MAX = 64 << 10, /* of a message */
};

/*
 * Gives fd[i], where it is not below 0, to be its descriptor i; the others stay as they are. Does
 * not wait. argv ends with NULL.
 * Errors: ERR_LIMIT the arguments are too long; ERR_AGAIN nobody is there; ERR_IO; ERR_NOMEM.
 */
MUST_CHECK int standby_give(int to, const char *const *argv, const int fd[STANDBY_FDS_MAX],
			    struct err *e);

/* Asks it to begin another one, which gets talk. Does not wait. Errors: ERR_AGAIN nobody is there;
 * ERR_IO, also as long as too much waits there; ERR_NOMEM. */
MUST_CHECK int standby_ask_heir(int to, int talk, struct err *e);

/* The process id of the next one of those that were asked for; 0: not yet, or not any more. Does
 * not wait. */
pid_t standby_heir(int to);

/* Whether that was taken, as far as is known now: a process that has ended and never said so has
 * done nothing of it. */
bool standby_was_taken(int to);

/*
 * The other side: waits until something is given, and takes it. *argv is what main was called with;
 * the new ones are one allocation, the caller's to free, and what ps(1) shows. Meanwhile the
 * process is called standby. Closes fd, unless a descriptor has taken its place. A fork server,
 * which is called that, returns only on error; those that it begins have called begun, which may
 * be NULL, before they wait. Before there are other threads. Errors: ERR_USAGE fd
 * is no socket; ERR_AGAIN the other end is closed; ERR_IO, also of a server that cannot fork.
 */
MUST_CHECK int standby_wait(int fd, void (*begun)(void), int *argc, char ***argv, struct err *e);

#endif
