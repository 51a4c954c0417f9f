/*
 * Whether the store answers. It is asked every ten seconds, and every two while it does not; then
 * no flush or compaction begins of itself, which would wait for it in vain, and when it is back
 * what waits in the log is flushed at once.
 */
#ifndef SERVER_STORE_WATCH_H
#define SERVER_STORE_WATCH_H

#include "server/server.h"

struct store_watch;

struct store_health {
	bool away;	   /* the last question had no answer, or has had none for long */
	int64_t away_ns;   /* for how long, since the first question without an answer */
	struct err why;	   /* with .away */
	uint64_t n_failed; /* questions without an answer */
};

/* Asks once: makes the store when there is none, so that the first query finds that there is
 * nothing, and writes its limits. An object store that does not answer is no error: it is away, and
 * all that is done later. Errors: as store_open, but ERR_AGAIN; ERR_FULL. */
MUST_CHECK int store_watch_open(struct server *s, struct store_watch **ret, struct err *e);

/* Asks again and again from now on; the flusher is there. Errors: ERR_IO. */
MUST_CHECK int store_watch_begin(struct store_watch *w, struct err *e);

/* From any thread. NULL: it answers. */
struct store_health store_watch_look(struct store_watch *w);

/* The same for who has waited in vain himself: a question that has had no answer for 4 seconds is
 * enough. */
struct store_health store_watch_look_back(struct store_watch *w);

/* What is said of a store that is away: "the store has not answered for 12s: ...". */
void store_health_add(const struct store_health *h, struct buf *b);

/* The limits have changed: they are written, now or when the store is back. Waits for the store.
 * From any thread. */
void store_watch_write_limits(struct store_watch *w);

/* Before children_close: nothing is asked any more; it waits for the question under way. NULL:
 * nothing. */
void store_watch_stop(struct store_watch *w);
/* The same, then frees it. NULL: nothing. */
void store_watch_close(struct store_watch *w);

#endif
