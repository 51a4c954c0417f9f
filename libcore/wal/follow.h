/*
 * A WAL folder while it is written to: every segment that appears is opened at once, by a thread of
 * its own, so that one that is packed and deleted meanwhile is still read to its end by who is
 * slow. The folder need not be there yet. Told by inotify; without, by looking every 50 ms.
 *
 * All but new and free may be called from one thread.
 */
#ifndef WAL_FOLLOW_H
#define WAL_FOLLOW_H

#include "wal/segment.h"

struct wal_follow;

enum { WAL_FOLLOW_HELD_MAX = 512 }; /* segments that wait to be taken */

/* From here on nothing is missed. dir is copied. out_fd: when its reader goes away, wal_follow_wait
 * tells; -1: nobody. Errors: ERR_IO. */
MUST_CHECK int wal_follow_new(const char *dir, int out_fd, struct wal_follow **ret, struct err *e);
void wal_follow_free(struct wal_follow *f); /* NULL is fine */

/* How many segments were open at first: they are the first that are taken, each with its size at
 * that time. */
size_t wal_follow_first(const struct wal_follow *f);

/*
 * The next segment that was not taken yet, in the order of their appearance; of those that were
 * open at first, by their creation. Those that were closed at first are none of them. It becomes
 * the caller's. 1, 0 there is none. Errors: ERR_AGAIN one was deleted before it could be opened, or
 * too many wait: nothing more is complete.
 */
MUST_CHECK int wal_follow_take(struct wal_follow *f, struct wal_segment *ret, struct err *e);

/* Waits until something may have been written since the last call, at most so long (negative: for
 * ever). False: the reader of out_fd has gone away. */
bool wal_follow_wait(struct wal_follow *f, int64_t timeout_ns);

#endif
