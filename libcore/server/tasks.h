/*
 * Threads for what others must not wait for: what takes long, or waits for a disk. What they are
 * given is done in the order in which it came. For any thread.
 */
#ifndef SERVER_TASKS_H
#define SERVER_TASKS_H

#include <stdbool.h>

#include "base/err.h"

struct tasks;

struct task {
	void (*run)(struct task *t); /* by one of the threads; t may be given again from within */
	struct task *next;	     /* private */
};

/* Errors: ERR_IO. */
MUST_CHECK int tasks_open(unsigned n_threads, struct tasks **ret, struct err *e);

/* t stays where it is until it is run. False after tasks_stop: it will not be. */
MUST_CHECK bool tasks_add(struct tasks *q, struct task *t);

/* What was given is still done, and waited for. A second time, and of NULL, it does nothing. Not
 * from a task. */
void tasks_stop(struct tasks *q);

/* The same, and it is freed. */
void tasks_close(struct tasks *q);

#endif
