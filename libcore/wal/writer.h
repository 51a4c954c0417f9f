/*
 * Writes entries into segments of a WAL folder, durable by group commit.
 *
 * Three threads: the caller fills a struct entries; one packs (sorts by stream, encodes,
 * compresses) and writes; one calls fdatasync, whose end covers all that was written when it began.
 * Each batch that was given has exactly one result, in order: done (durable as far as .sync
 * promises) or refused. What is refused is cut off the segment. A write that fails refuses its
 * batch. A failed fdatasync refuses everything since the last good one, and the segment is given
 * up: the kernel may have dropped the data, so that file is never believed again.
 */
#ifndef WAL_WRITER_H
#define WAL_WRITER_H

#include "entry/entries.h"
#include "entry/streams.h"
#include "wal/copies.h"
#include "wal/space.h"

enum wal_sync {
	WAL_SYNC_ALWAYS,   /* done = on the disk */
	WAL_SYNC_INTERVAL, /* done = written; on the disk within .interval_ns */
	WAL_SYNC_NONE, /* done = written; on the disk when the kernel likes, and when the segment is
			  closed */
};

enum wal_refusal {
	WAL_REFUSED_GO_ON, /* each batch is tried */
	WAL_REFUSED_STOP,  /* after the first refusal all that follows is refused: what is done is a
			      prefix */
};

struct wal_result {
	uint64_t batch_id, n_entries, line_bytes; /* as submitted */
	const struct err
		*refused; /* NULL = done. ERR_FULL, ERR_IO, ERR_LIMIT (too large for a record) */
};

/* Called in the writer's own thread, one at a time, in the order of the submissions. Must not call
 * the writer. */
typedef void wal_result_fn(const struct wal_result *result, void *data);
/* Called there after the results of one commit, so that they can be told together. */
typedef void wal_settled_fn(void *data);

struct wal_writer_opts {
	const char *dir;  /* made if absent */
	const char *node; /* NULL = the host's name */
	enum wal_sync sync;
	int64_t interval_ns;
	enum wal_refusal after_refusal;
	uint64_t segment_bytes;	    /* a segment is closed at this size; 0 = 64 MB */
	struct wal_reserve reserve; /* a batch that would leave less free is refused: ERR_FULL */
	int64_t segment_age_ns; /* or this long after its first batch, also when idle; 0 = 5 min */
	wal_result_fn *on_result;
	wal_settled_fn *on_settled; /* or NULL */
	void *data;
};

/* What one submission may hold: entries_memory() of it. */
enum { WAL_SUBMIT_MAX = 24 << 20 };

struct wal_writer;

/* Makes the folder; a segment is made with the first batch. Errors: ERR_IO, ERR_FULL. */
MUST_CHECK int wal_writer_open(const struct wal_writer_opts *opts, struct wal_writer **ret,
			       struct err *e);

/* The streams whose numbers entries carry: the caller adds to it, in the thread that submits. */
struct streams *wal_writer_streams(struct wal_writer *w);

/*
 * Gives the entries (of any tenants) as one batch: all of it is done, or all refused. *es is empty
 * afterwards, with other memory. Waits while two batches are under way. batch_id is kept in the
 * record and the result; 0 none.
 */
void wal_writer_submit(struct wal_writer *w, struct entries *es, uint64_t batch_id);

/*
 * Gives batches that another writer made: each has its own result and goes into the log as it is,
 * behind the descriptions of its streams that the segment lacks. The caller has verified them.
 * *c is empty afterwards, with other memory. Waits as submit does.
 */
void wal_writer_copy(struct wal_writer *w, struct wal_copies *c);

/* Waits until every batch has its result. */
void wal_writer_drain(struct wal_writer *w);

/* Ends the open segment, if there is one, as soon as the batches submitted before are in it; the
 * next batch begins another. Does not wait. From any thread. */
void wal_writer_end_segment(struct wal_writer *w);

/* Drains, then forgets all streams: numbers given before are void. For an owner that bounds
 * streams_memory(). */
void wal_writer_forget_streams(struct wal_writer *w);

/* Drains, ends the segment with its end record and sidecar, and frees w in any case.
 * Errors: ERR_IO, ERR_FULL: the end record or its fsync failed; results given before hold. */
MUST_CHECK int wal_writer_close(struct wal_writer *w, struct err *e);

#endif
