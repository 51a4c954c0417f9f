/*
 * Processes of one program that have started and wait to be given what they are to do
 * (base/standby.h), so that who is asked need not wait for that. One of them begins the others by
 * forking. They are killed when the thread that has begun that one ends, and all functions are that
 * thread's to call.
 */
#ifndef SERVER_SPARE_H
#define SERVER_SPARE_H

#include <sys/stat.h>

#include "server/spawn.h"

struct spare {
	pid_t pid; /* 0: none, or not known yet */
	int pidfd, talk;
};

/* All zero: there are none, and none is wanted. */
struct spares {
	char *path; /* of the program: owned */
	int nice;   /* added to ours, from their start: it cannot be less later */
	unsigned wanted;
	int epoll;		     /* says when one has begun or ended, by an event about ... */
	void *event;		     /* ... this: then spares_look */
	int null_fd;		     /* as spawn has it */
	void (*useless)(void *data); /* none can stand by, and none is wanted any more; or NULL */
	void *data;
	struct spare server; /* private, as the rest */
	struct stat program; /* as it was when the server began */
	unsigned n_useless;  /* servers that have ended and begun none */
	struct spare *v; /* the oldest first; those not known yet, in the order of asking, last */
	size_t n, n_known, cap, to_ask;
};

/* Asks for those that are missing, as far as that is possible: who needs one that is not there
 * spawns it, and tells of what is wrong. When the program has been replaced those of the old one
 * are ended. */
void spares_fill(struct spares *s);

/*
 * What spawn() would start, done by one that waits, under the same limits. Returns its process id,
 * which is the caller's to wait for, and *ret_talk, the caller's to close, for spare_took; or -1:
 * there is none, or none that can take it.
 */
pid_t spares_take(struct spares *s, const struct spawn *what, int *ret_talk);

/* Of a process that has ended: whether it took what it was given. If not it has done nothing. */
bool spare_took(int talk);

/* Those that have begun can be taken; those that have ended by themselves, or were killed, are none
 * any more. */
void spares_look(struct spares *s);

/* Kills all, waits for them, and frees. */
void spares_release(struct spares *s);

#endif
