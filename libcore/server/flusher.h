/*
 * From the log into the store: closed segments are packed and indexed as they come, by the programs
 * that a shell would run (walreplay | chunkpack | idxbuild, then walreplay --prune). One run at a
 * time, again with backoff when one fails. Damage in the log is mended (walreplay --mend).
 */
#ifndef SERVER_FLUSHER_H
#define SERVER_FLUSHER_H

#include "server/flush_sight.h"

struct flusher;

struct flusher_state {
	int64_t last_success_ns; /* Unix; 0: none yet */
	struct flush_sight log;	 /* as was seen last */
	unsigned n_failed;	 /* runs in a row */
	bool running;
	int64_t begun_mono_ns; /* of time_mono_ns: the round that runs, or ran last */
	struct err failure;    /* the last one's, when n_failed */
};

/* Begins to look for closed segments. Errors: ERR_IO. */
MUST_CHECK int flusher_open(struct server *s, struct flusher **ret, struct err *e);

/*
 * Everything that was acknowledged by now into the store: the segment that is written to is ended
 * first. done is called on the children's thread: 0, or -1 and why not; after flusher_stop at once.
 */
void flusher_flush(struct flusher *f, void (*done)(int rc, const struct err *e, void *data),
		   void *data);

/* Begins what waits for a next try. From any thread, before flusher_stop. */
void flusher_hurry(struct flusher *f);

/* From any thread. */
struct flusher_state flusher_look(struct flusher *f);

/* Before children_close: no disk is looked at any more, and no flush begun; it waits for the look
 * under way. NULL: nothing. */
void flusher_stop(struct flusher *f);

/* After children_close: nothing of it runs any more. Those who wait are told that it ends. NULL:
 * nothing. */
void flusher_give_up(struct flusher *f);

/* The same, then frees it. NULL: nothing. */
void flusher_close(struct flusher *f);

#endif
