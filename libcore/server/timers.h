/* What is to happen when: a heap by time. For one thread. */
#ifndef SERVER_TIMERS_H
#define SERVER_TIMERS_H

#include <stddef.h>
#include <stdint.h>

struct timer {
	int64_t at_ns; /* of time_mono_ns */
	size_t place;  /* in the heap, from 1; 0: not there */
};

struct timers { /* {0} is a valid empty one */
	struct timer **v;
	size_t n, cap;
};

void timers_release(struct timers *t); /* the timers stay the caller's */

/* t->at_ns says when. It must not be there yet, and stays where it is until it is taken out. */
void timers_add(struct timers *h, struct timer *t);
/* Nothing happens to one that is not there. */
void timers_remove(struct timers *h, struct timer *t);
/* The one that is due first, or NULL. */
struct timer *timers_first(const struct timers *h);

#endif
