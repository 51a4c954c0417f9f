/* What every query needs, done before there is one: for a process that waits for its query. */
#ifndef QUERY_WARM_UP_H
#define QUERY_WARM_UP_H

/* Of nothing here anything can fail, only be slower later. */

/* Tables are made, and the machine code of regexes has its place: once for all that are forked. */
void query_warm_up(void);

/* What each of those is better off with for itself: the heap has its first memory (base/heap.h). */
void query_warm_up_heir(void);

#endif
