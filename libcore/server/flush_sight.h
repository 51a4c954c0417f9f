/* What lies in the log's folder: what waits for a flush, what no flush can have, and how full its
 * disk is. */
#ifndef SERVER_FLUSH_SIGHT_H
#define SERVER_FLUSH_SIGHT_H

#include "server/leftover.h"
#include "server/server.h"

struct flush_sight {
	uint64_t n_closed, closed_bytes; /* segments that wait */
	int64_t oldest_unflushed_ns; /* Unix, when the oldest of them was begun; 0: there is none */
	int64_t oldest_open_ns; /* since when the oldest open segment is; INT64_MAX: there is none
				 */
	uint64_t n_aside;	/* segments that were damaged, and set aside */
	uint64_t n_unread;	/* that cannot be opened, as those of another user's; */
	struct err unread;	/* why the first cannot */
	double disk_usage;	/* of the log's disk: the part that is taken */
};

/*
 * Looks, and lets l see each closed segment; one that cannot be opened, and was not so at the look
 * before, is told in the daemon's log. had_folder: the folder was there once (false at first); it
 * may not be made yet, but what is taken away is an error. May wait for a disk. Errors: ERR_IO.
 */
MUST_CHECK int flush_sight_look(struct server *s, struct leftover *l, bool *had_folder,
				struct flush_sight *ret, struct err *e);

#endif
