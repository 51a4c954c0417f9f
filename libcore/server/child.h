/*
 * Programs that the daemon runs: started, limited, watched, ended. One thread of its own does all
 * of that, so that no other ever waits for a process. All functions may be called from any thread,
 * that one too, but for open and close.
 */
#ifndef SERVER_CHILD_H
#define SERVER_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct children;

enum { CHILD_FDS_MAX = 4 };

struct child_end {
	int status; /* exit status, or -1 when a signal ended it or it could not be started */
	int signal; /* that signal, or 0 */
	bool timed_out, killed; /* why it was sent SIGKILL, when it was */
	int64_t run_ns, cpu_ns;
	struct err error; /* when it could not be started; else .code is ERR_NONE */
};

struct child_opts {
	const char *program;	 /* found in the children's folder of programs; copied */
	const char *const *argv; /* NULL-ended, with argv[0]; copied */
	int fd[CHILD_FDS_MAX]; /* its 0, 1, 2 and 3; -1: /dev/null, for 3 none. Each another, given
				  away: closed here once it has them, also when it cannot be started
				*/
	int64_t timeout_ns;    /* then it is killed; 0: never */
	uint64_t memory_max;   /* bytes of its own data (RLIMIT_DATA), or 0 */
	uint64_t file_max;     /* bytes of a file that it writes (RLIMIT_FSIZE: SIGXFSZ), or 0 */
	int nice;
	bool survives; /* it is not killed when the daemon dies, but sees the end of its input */
	bool standby;  /* one that stands by does it, when there is one (children_stand_by) */
	/* With readable: a descriptor of ours, given away too. readable() is called on the
	   children's thread whenever there is something to be read, and once before ended().
	   Neither may wait. At the end of what can be read it returns false, and is called no more.
	 */
	int watch;
	bool (*readable)(int watch, void *data);
	/* On the children's thread, once for each start. */
	void (*ended)(const struct child_end *end, void *data);
	void *data;
};

/* n for .memory_max of one of our own programs: 0, no limit, in builds with a sanitizer, whose
 * shadow memory counts as data and is larger than any limit. */
uint64_t child_memory_max(uint64_t n);

/* programs: the folder they lie in. Errors: ERR_IO. */
MUST_CHECK int children_open(const char *programs, struct children **ret, struct err *e);

/*
 * From now on n processes `program --standby 3` (base/standby.h) wait for a child_start with
 * .standby of that program, and with a .nice that is not below theirs, which is `nice`. They begin
 * when such a child has: so a daemon that nobody asks has none. One that ends before is no failure,
 * and no child; when none can begin there will be none, which useless is told of, once, by the
 * thread of children, where it is not NULL. To be called before the first child_start.
 */
void children_stand_by(struct children *c, const char *program, int nice, unsigned n,
		       void (*useless)(void *data), void *data);

/* Kills those that are left, waits for them (each ended() is called), forgets what was to be called
 * later, frees it. Nothing of it may be in use by then but by what it calls itself. */
void children_close(struct children *c);

/*
 * Starts one; always ends in a call of ended(), of which .error says so when it could not be
 * started: ERR_IO, ERR_AGAIN, ERR_NOMEM; ERR_AGAIN too while children_close waits. The number names
 * it until then, is never 0 and never used again.
 */
uint64_t child_start(struct children *c, const struct child_opts *o);

/* Sends a signal; SIGKILL makes .killed true. Nothing happens to one that has ended. */
void child_signal(struct children *c, uint64_t number, int signal);

/* It has told us that it is done, and what it exits with: ended() is called now, before it is gone,
 * and not again. The same; and nothing happens to one that was killed. */
void child_done(struct children *c, uint64_t number, int status, int64_t cpu_ns);

/* As setpriority has it, from now on. The same. */
void child_nice(struct children *c, uint64_t number, int nice);

/* Calls fn(data) on the children's thread, after delay_ns. */
void children_later(struct children *c, int64_t delay_ns, void (*fn)(void *data), void *data);

#endif
