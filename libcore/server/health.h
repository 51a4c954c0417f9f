/* Whether the daemon does its work, and what its parts are at. From any thread. */
#ifndef SERVER_HEALTH_H
#define SERVER_HEALTH_H

#include "server/flusher.h"
#include "server/server.h"
#include "server/upkeep.h"

/* 0: pushes and queries are answered. Else ERR_AGAIN, and why not: it is starting or stopping, the
 * log takes nothing, or what is in the log does not get into the store. */
MUST_CHECK int health_check(struct server *s, struct err *e);

/* Whether what is in the log gets into the store: ERR_AGAIN when rounds fail, or one does not end.
 * now_ns is of time_mono_ns. */
MUST_CHECK int health_of_flush(const struct flusher_state *st, int64_t now_ns, struct err *e);

/* Whether the store is kept small: ERR_AGAIN when compactions fail, or one does not end. What is
 * pushed and asked for is well all the same. */
MUST_CHECK int health_of_upkeep(const struct upkeep_state *st, int64_t now_ns, struct err *e);

/* Adds a line for each part that does not do its work while pushes are taken all the same: nobody
 * is to be sent elsewhere for that. */
void health_notes(struct server *s, struct buf *out);

/* A line for each part: "server => Running". */
void health_services(struct server *s, struct buf *out);

#endif
