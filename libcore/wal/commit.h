/*
 * The half of a writer that makes things durable: one thread that takes what was written in order,
 * syncs files, gives results, and closes segments. Private to wal/.
 */
#ifndef WAL_COMMIT_H
#define WAL_COMMIT_H

#include <pthread.h>
#include <stdatomic.h>

#include "wal/format.h"
#include "wal/writer.h"

/* A segment under way. Made by the packing thread, closed by the committing one. */
struct wal_file {
	int fd;
	char *path;
	struct wal_header header;
	uint64_t durable; /* a sync that succeeded covers the bytes up to here */
	uint64_t written; /* under wal_commit.lock */
	bool sync_failed; /* the committing thread's own: it is not synced again */
	atomic_bool
		given_up; /* nothing may be written to it any more; set with wal_commit.io held */
};

/* What is to be settled, in order. */
struct wal_op {
	enum { WAL_OP_RESULT, WAL_OP_CLOSE } kind;
	struct wal_file *file; /* NULL: the batch was refused before it was written */
	uint64_t end;	       /* of its records in the file */
	uint64_t batch_id, n_entries, line_bytes;
	uint64_t n_bytes;    /* of its records */
	struct err *refused; /* owned */
	struct wal_op *next;
};

struct wal_commit {
	const struct wal_writer_opts *opts;
	pthread_t thread;
	pthread_mutex_t lock;	/* the list, counts, stop, stopped, written, failure */
	pthread_cond_t more;	/* to the committing thread: an op, or stop */
	pthread_cond_t settled; /* from it: ops were settled */
	pthread_mutex_t io;	/* held while a segment is written to, or given up */
	struct wal_op *first, **last;
	size_t n_ops;
	uint64_t n_bytes;      /* of the ops: written and not yet settled */
	struct wal_file *open; /* the segment that is written to: synced by interval */
	bool stop;
	bool stopped;	    /* WAL_REFUSED_STOP: a batch was refused */
	struct err failure; /* a sync that failed with nobody to be told: given to the next batch,
			       or to close */
};

/* Errors: ERR_IO no thread. */
MUST_CHECK int wal_commit_begin(struct wal_commit *c, const struct wal_writer_opts *opts,
				struct err *e);
/* Settles everything and ends the thread. */
void wal_commit_end(struct wal_commit *c);

/* Waits while too much is under way. Not with .io held. */
void wal_commit_wait_room(struct wal_commit *c);
/* Takes ops (from the heap), a list in order; those of a file are of one. */
void wal_commit_add(struct wal_commit *c, struct wal_op *first);
void wal_commit_drain(struct wal_commit *c);

#endif
