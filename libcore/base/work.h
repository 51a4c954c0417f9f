/*
 * A loop whose rounds run on several threads, and whose results are taken up in order: packs are
 * written and answers merged as if one thread had done it all.
 */
#ifndef BASE_WORK_H
#define BASE_WORK_H

#include <stddef.h>

#include "base/err.h"

/*
 * Items 0 to n-1. run() works on one: `worker` (below jobs) and `slot` (below window) say which
 * scratch is its own meanwhile; the slot's stays untouched until done() has returned for the item.
 * done(), when given, is called on the thread that called work_run, in ascending order of items,
 * and never at once with itself: 0 goes on, 1 ends the loop (no error), -1 is an error. Without
 * done() a slot is an item's own until run() has returned, and nobody waits for who is slower.
 *
 * run() may wait for items before its own only with done() and a window below 8 x jobs: each thread
 * then takes one item at a time, in order, and whatever was taken is run, even when done() has
 * ended the loop meanwhile. An item that fails must let those go on that wait for it.
 */
struct work {
	size_t n;
	unsigned jobs; /* threads, 1 to WORK_JOBS_MAX, the calling one among them */
	size_t window; /* items begun and not done at most; at least 1. 4 x jobs keep threads busy
			  whose items differ; with done and at least 8 x jobs a thread takes several
			  in a row */
	int (*run)(void *data, unsigned worker, size_t item, size_t slot, struct err *e);
	int (*done)(void *data, size_t item, size_t slot, struct err *e);
	void *data;
};

enum { WORK_JOBS_MAX = 256 };

/*
 * 0 when every item is done, 1 when done() ended the loop, -1 with the error of the lowest item
 * that failed (items before it are done). All threads have ended by then. Errors: those of run and
 * done.
 */
MUST_CHECK int work_run(const struct work *w, struct err *e);

/* The number of processors this process may use, at least 1: the default of -j. */
unsigned work_cpus(void);

#endif
