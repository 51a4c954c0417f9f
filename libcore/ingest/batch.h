/* The batch being filled, and what the log answered. Private to ingest/. */
#ifndef INGEST_BATCH_H
#define INGEST_BATCH_H

#include <pthread.h>
#include <stdatomic.h>

#include "ingest/ingest.h"
#include "ingest/label_cache.h"

/* A batch is full at so many bytes of lines and metadata, an entry counting as ENTRY_WEIGHT more: a
 * million empty lines are no small batch. */
enum { INGEST_BATCH_BYTES = 1 << 20, ENTRY_WEIGHT = 24 };

struct ingest {
	const struct ingest_opts *opts;
	struct wal_writer *writer; /* or NULL, and: */
	struct sender *sender;
	const char **service_label; /* of the options */
	size_t n_service_labels;
	struct buf service_text;  /* where they lie */
	struct httpc_given given; /* with the secrets of the sender */
	struct streams *streams;
	struct label_cache cache;
	uint64_t n_forgotten; /* how often all streams were: numbers from before are void */
	struct entries es;
	uint64_t weight; /* of es */
	struct wal_copies copies;
	int64_t due_ns; /* when es is to go on, monotonic; see batch_due_ms */
	int64_t last_arrival_ns;
	uint64_t n_lines;	     /* of the current input */
	struct ingest_counts counts; /* done, refused: under lock */
	struct label *meta;	     /* scratch */
	size_t cap_meta;
	struct arena arena;
	unsigned char *leveled; /* by stream: enum has_level */
	size_t n_leveled, cap_leveled;

	pthread_mutex_t lock; /* the three below, written by the log's thread */
	struct err refusal;   /* the first */
	struct err ack_failure;
	struct buf ack;
	atomic_bool stop; /* there is a refusal that ends it, or an ack failure */
};

/* The next arrival time: now, but always later than the one before. */
static inline int64_t batch_arrival(struct ingest *in, int64_t now_ns)
{
	in->last_arrival_ns = now_ns > in->last_arrival_ns ? now_ns : in->last_arrival_ns + 1;
	return in->last_arrival_ns;
}

/* Gives what there is to the log: entries as one batch, and the batches that are to be copied. */
void batch_submit(struct ingest *in, uint64_t batch_id);

/* Forgets all streams when they take too much. For when no entry is in the batch and numbers given
 * before are not used any more. */
void batch_bound_memory(struct ingest *in);

/* Adds an entry, with its level when the options ask for that. */
void batch_add(struct ingest *in, uint32_t stream, int64_t ts_ns, struct bytes line,
	       const struct label *meta, size_t n_meta);

static inline bool batch_is_full(const struct ingest *in)
{
	return in->weight >= INGEST_BATCH_BYTES;
}

/* Answers a batch with an id of which nothing goes into the log, after what was given before it:
 * refused, or ok (NULL) since it holds no entry. */
void batch_answer(struct ingest *in, uint64_t batch_id, const struct err *refused);

struct input;
/* Reads more of the input; a part of a line, at an end that came too early, is left out. */
MUST_CHECK int batch_fill(struct ingest *in, struct input *input, struct err *e);

static inline void tally(struct ingest_tally *t, uint64_t n, uint64_t n_bytes)
{
	t->n += n;
	t->n_bytes += n_bytes;
}

/* Reports what of the input is not taken. */
void batch_bad(struct ingest *in, const struct err *e);

/* True when nothing more should be read: the log refuses, or commits cannot be told. */
bool batch_is_over(struct ingest *in);

/* So many milliseconds until what there is goes on, although more would have room; -1: there is
 * nothing. Of a batch that is to be sent, or comes by the network. */
int batch_due_ms(const struct ingest *in);

/* Has something that was given no result yet? */
bool batch_is_pending(struct ingest *in);

/* Before more of the input is read: gives the batch on when it is full, or has no more to wait for.
 * False when it was full, and what was read is to be taken first. */
bool batch_wants_more(struct ingest *in, const struct input *input);

/* The sources. */
MUST_CHECK int ingest_lines(struct ingest *in, int fd, const char *name, struct err *e);
MUST_CHECK int ingest_jsonl(struct ingest *in, int fd, const char *name, struct err *e);
MUST_CHECK int ingest_syslog(struct ingest *in, int fd, const char *name, struct err *e);
MUST_CHECK int ingest_frames(struct ingest *in, int fd, const char *name, struct err *e);

#endif
