/* How malloc gets memory from the kernel, in a process that does one thing and ends. */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include <stdbool.h>

/*
 * From now on all threads take from one heap, which begins with room for 32 MiB, in huge pages
 * where the kernel has such, and gives nothing back before the process ends: so a page is mapped,
 * and zeroed, once. Room is no memory until it is touched, but counts as data of the process
 * (RLIMIT_DATA). ready: the first 2 MiB are touched, for who has time before its task. To be called
 * by the first thread, before there are others; it cannot fail, only have no effect, as a second
 * call has none.
 */
void heap_for_one_task(bool ready);

#endif
