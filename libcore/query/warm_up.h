/* What every query needs, done before there is one: for a process that waits for its query. */
#ifndef QUERY_WARM_UP_H
#define QUERY_WARM_UP_H

/* Tables are made, the machine code of regexes has its place, and the heap its first memory
 * (base/heap.h). Nothing of it can fail, only be slower later. Behind a fork, not before it: what
 * some builds of PCRE2 map for machine code is shared with children. */
void query_warm_up(void);

#endif
