/*
 * What the parts of the intake share. Private to it.
 *
 * The lane (one lock) is where pushes are decoded: into the open batch, which gets entries of many
 * pushes until it is large enough or the log has time for it. The outlet (another lock, never held
 * while anything is waited for) has the batches from then on: those that wait to be written, and
 * those that lokid-ingest has not answered yet. Who holds the lane may take the outlet, never the
 * other way round; whose turn it is (a third lock) is asked before the lane is taken.
 */
#ifndef SERVER_INTAKE_DETAIL_H
#define SERVER_INTAKE_DETAIL_H

#include <pthread.h>

#include "base/map.h"
#include "entry/entries.h"
#include "server/child.h"
#include "server/intake.h"
#include "server/intake_active.h"
#include "server/intake_words.h"
#include "server/said.h"
#include "server/server_metrics.h"

enum {
	/* What is known of tenants, some 500 bytes each. Metrics tell far fewer apart. */
	TENANTS_MAX = 1 << 16,
	/* A batch of so many bytes gets no more entries. */
	BATCH_SEALED = 1 << 20,
	/* So many batches may be unanswered while a smaller one is to wait for more entries: each
	 * is a record of the log, and all that wait share the log's next fsync anyway. */
	BATCHES_UNDER_WAY = 4,
	/* Of one push; of its streams with entries so many are kept room for behind it. */
	PUSH_ENTRIES_MAX = 1 << 22,
	STREAMS_KEPT = 1 << 16,
	SPELLING_KEPT = 64 << 10,   /* bytes */
	PUSH_LABELS_MAX = 64 << 20, /* bytes that are kept of those that are new */
	INTAKE_RETRY_S = 1,
	INTAKE_FULL_RETRY_S = 30,
};

#define INTAKE_STOPPING "the server is stopping"

enum intake_reason {
	REASON_RATE,
	REASON_STREAM_RATE,
	REASON_STREAMS,
	REASON_LINE,
	REASON_OLD,
	REASON_NEW,
	REASON_NAMES,
	REASON_NAME_LONG,
	REASON_VALUE_LONG,
	REASON_NO_LABELS,
	REASON_BAD_LABELS,
	REASON_NAME_TWICE,
	REASON_NOT_ENFORCED,
	REASON_META_NOT_ALLOWED,
	REASON_META_LARGE,
	REASON_META_MANY,
	REASON_BLOCKED,
	REASON_QUOTA,
	REASON_COUNT,
};

struct intake_tally {
	uint64_t n, n_bytes;
};

struct intake_tenant {
	struct bytes name;    /* owned */
	uint32_t slot;	      /* in the lane's tables; another's when this one is forgotten */
	uint64_t serial;      /* no two tenants ever had the same */
	atomic_uint held;     /* by pushes and threads that use it outside of the lane */
	int64_t seen_ns;      /* the last push; monotonic */
	double tokens;	      /* of its rate, */
	int64_t tokens_at_ns; /* at that time; monotonic */
	struct metrics_series *lines, *active, *created;
	struct metrics_series *bytes, *meta_bytes; /* of this retention; NULL: not yet */
	int64_t retention_ns;
	uint32_t n_before; /* a sweep: active streams */
	uint32_t n_told;   /* active streams, in .active, which may be of many tenants */
	bool has_quota, measured;
	uint64_t stored; /* bytes in the store, when it was measured */
	struct metrics_series *discarded[REASON_COUNT],
		*discarded_bytes[REASON_COUNT]; /* NULL: none
						   yet */
};

/* A push that waits for its batches. */
struct waiter {
	void (*answered)(const struct intake_answer *a, void *data);
	void *data;
	int status; /* of the answer when all goes well, */
	struct buf text;
	unsigned pending;	     /* batches; under the outlet's lock */
	struct intake_answer failed; /* of the first that did not; .status 0: none. text: static, or
					.failed_text */
	struct buf failed_text;
	struct intake_tenant *tenant;
	struct entry_ages ages;
	uint64_t n_bytes;   /* of its entries */
	int64_t decoded_ns; /* monotonic */
};

struct push_run;
struct run_stream;

struct batch {
	struct batch *next;
	struct entries es;
	struct words *words; /* held */
	uint64_t weight; /* what its entries take, whatever their lines: a million empty ones are no
			    small batch */
	struct waiter **waiter;
	size_t n_waiters, cap_waiters;
	/* From when it is written. */
	uint64_t id, epoch;
	int64_t sent_ns;     /* monotonic */
	uint64_t unanswered; /* records */
	struct intake_answer
		failed; /* of the first that did not get into the log; .status 0: none */
	struct buf why; /* its text */
};

struct lane {
	pthread_mutex_t lock; /* all of it, but */
	atomic_bool asked;    /* somebody wants to know what is active */
	bool closed;
	struct batch *open; /* being filled, or NULL */
	struct words *words;
	uint64_t n_words;	       /* made so far */
	struct intake_tenant **tenant; /* by slot; NULL: a free one */
	uint32_t *n_active;	       /* by slot */
	uint32_t *spare_slot;	       /* those that are free */
	size_t n_slots, cap_slots, cap_active, n_spare, cap_spare, n_tenants;
	uint64_t n_serials;
	struct map tenants; /* to slots */
	struct active active;
	struct arena scratch, kept;
	struct arena names; /* of an entry's metadata */
	struct label *meta; /* scratch */
	size_t cap_meta;
	struct run_stream *stream; /* scratch, as the next two */
	size_t cap_streams;
	struct buf text, bad; /* the latter: why the present stream is not taken */
	struct buf labels;    /* of the stream that was told of last */
	struct buf spelling;  /* of the labels that the decoder gave last */
};

struct outlet {
	pthread_mutex_t lock;
	pthread_cond_t work;	/* to the writer: a batch, an answer, another lokid-ingest, stop */
	pthread_cond_t answers; /* to the reader: an answer is owed, another lokid-ingest, stop */
	pthread_cond_t settled; /* to intake_close */
	pthread_t writer, reader;
	bool open_waits; /* the lane's open batch has entries */
	struct batch *queue, **queue_end;
	struct batch *sent, **sent_end; /* in the order of their ids */
	size_t n_sent;
	uint64_t weight;     /* of all batches, the open one too */
	struct batch *spare; /* with their memory */
	size_t n_spare;
	uint64_t last_id;

	/* lokid-ingest. */
	uint64_t child;	       /* 0: it does not run */
	uint64_t epoch;	       /* how often it was started */
	uint64_t epoch_over;   /* up to here all answers were read */
	uint64_t epoch_killed; /* up to here it is killed, should it still be there */
	int in_fd, out_fd;     /* of this epoch; the threads take them */
	unsigned n_failures;   /* starts, one after the other, that gave no answer */
	struct err why;	       /* it ended last */
	int64_t start_due_ns;  /* of the next, while it does not run; monotonic. INT64_MAX: before
				  the first */
	bool stuck;	       /* it does not answer, and is killed: nothing is given to it */
	int64_t answered_ns;   /* when it answered last */
	bool stop;	       /* the threads end when they are done */

	/* The log. */
	int64_t refused_ns;	/* when it last refused a push, while it counts as one that does; 0:
				   it takes them */
	uint64_t refused_bytes; /* the largest since then */
	bool took_since;	/* it took one after the last that it refused */
	struct err refused;	/* and why the last */
};

struct intake_counters {
	struct metrics_series *weight, *append_failures, *records, *wal_bytes, *restarts, *full;
};

struct turn;

struct turns {
	pthread_t thread;
	pthread_mutex_t lock; /* first, last, stop */
	pthread_cond_t more;
	struct turn *first, **last; /* the first is being taken */
	bool runs, stop;
};

struct quotas {
	pthread_t thread;
	pthread_mutex_t lock; /* wanted, stop */
	pthread_cond_t wake;
	bool runs, wanted, stop;
};

struct intake {
	struct intake_opts opts;
	char *wal_dir, *sync, *store_path; /* the last may be NULL */
	char node[WAL_NODE_MAX + 1];
	struct intake_counters count;
	struct lane lane;
	struct outlet outlet;
	struct quotas quotas;
	struct turns turns;
	struct said said; /* of lokid-ingest; of the children's thread */
};

/* --- intake_batch.c --- */
struct batch *batch_new(struct intake *in); /* of the lane's words, which it holds */
/* Gives it back: its waiters have been answered, or it has none. */
void batch_free(struct intake *in, struct batch *b);
void batch_add_waiter(struct batch *b, struct waiter *w);
/* Tells its waiters that it is in the log (NULL), or is not; frees it. No lock is held. */
void batch_settle(struct intake *in, struct batch *b, const struct intake_answer *failed);
void batch_free_spares(struct outlet *o);

/* --- intake_outlet.c --- */
MUST_CHECK int outlet_open(struct intake *in, struct err *e);
/* Once; the lane is closed. */
void outlet_close(struct intake *in, int64_t timeout_ns);
void outlet_release(struct intake *in);
/* A batch that gets no more entries. */
void outlet_add(struct intake *in, struct batch *b);
/* So much more is under way; the lane's open batch has entries, or has none. */
void outlet_grow(struct intake *in, uint64_t weight, bool open_waits);
/* May a push be decoded? Else 503, and why. */
bool outlet_has_room(struct intake *in, struct err *why);
/* A push has been settled: what that says of the log. Before it is answered. */
void outlet_note(struct intake *in, const struct waiter *w);
/* Does lokid-ingest run, or soon again, and answer, and is the log written? Else why not. */
bool outlet_runs(struct intake *in, struct err *why);

/* --- intake_child.c --- */
void intake_child_start(struct intake *in);

/* --- intake_turns.c --- */
void turns_init(struct intake *in);
MUST_CHECK int turns_open(struct intake *in, struct err *e);
/* What waits is taken first. */
void turns_close(struct intake *in);
void turns_release(struct intake *in);

/* --- intake_push.c --- */
/* In the lane: decodes. The status of the answer, with its text; 0 when the answer comes later. */
MUST_CHECK int lane_take(struct intake *in, const struct intake_push *p, struct buf *text);
/* Takes the open batch out of the lane, or NULL. */
struct batch *lane_take_open(struct intake *in);
void lane_release(struct intake *in);

/* --- intake_tenants.c; in the lane --- */
/* The tenant, a new one maybe. Until the lane is left, unless it is held. */
struct intake_tenant *lane_tenant(struct intake *in, struct bytes name, int64_t now_ns);
/* Forgets streams that are not active any more, and tenants that have none left. */
void lane_sweep(struct intake *in, int64_t now_ns);
void lane_tenants_release(struct lane *lane);

/* --- intake_quota.c --- */
void quotas_init(struct intake *in);
MUST_CHECK int quotas_open(struct intake *in, struct err *e);
/* A tenant has a quota, and its store was not looked at yet. */
void quotas_wake(struct intake *in);
void quotas_close(struct intake *in);
void quotas_release(struct intake *in);

/* --- intake_metrics.c --- */
void intake_metrics_open(struct intake *in);
void intake_metrics_close(struct intake *in);
void intake_metrics_tenant(struct intake *in, struct intake_tenant *t);
/* In the lane, before it is left: does what somebody asked for who did not wait. */
void intake_metrics_leave(struct intake *in);
/* A body was well-formed: what was in it, and what of it was not taken. */
void intake_metrics_decoded(struct intake *in, const struct push_run *r);
/* n streams of t are active. */
void intake_metrics_active(struct intake_tenant *t, uint32_t n);
/* n_gone streams of t are not active any more. */
void intake_metrics_swept(struct intake *in, struct intake_tenant *t, uint32_t n_gone);
void intake_metrics_acknowledged(struct intake *in, const struct waiter *w);

#endif
