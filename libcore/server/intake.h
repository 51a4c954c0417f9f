/*
 * From pushes to the log. What a push holds is decoded, checked against its tenant's limits and put
 * into a batch together with that of other pushes; batches go as frames to one lokid-ingest, and
 * when that has said that a batch is in the log the pushes in it are answered.
 *
 * For any thread. A push waits for no process and no disk: what is under way is bounded, and beyond
 * it a push is answered with 503.
 */
#ifndef SERVER_INTAKE_H
#define SERVER_INTAKE_H

#include "limits/limits.h"
#include "push/push.h"

struct children;
struct intake;
struct log;
struct metrics;

struct intake_opts {
	struct children *children;
	struct metrics *metrics;
	struct log *log;
	/* For lokid-ingest; strings are copied. */
	const char *wal_dir;
	const char *store; /* for max_storage_bytes: where what tenants have stored lies; or NULL */
	const char *sync;  /* "always", "interval=1s", "none" */
	uint64_t segment_bytes; /* 0: its default, as the next */
	int64_t segment_age_ns;
	double disk_full_threshold; /* part of the disk: 0.9; 0: pushes may fill it */
	/* What is under way, in bytes of memory: a push more is taken below it. 0: 64 MiB. */
	uint64_t queue_max;
	/* A lokid-ingest that has answered nothing for so long, with batches under way, is killed
	 * and started again; 0: 60 s. */
	int64_t stuck_ns;
	/* No push was refused for want of room for so long: one that was taken since says that
	 * there is room, however small it is; 0: 10 s. */
	int64_t quiet_ns;
	/* A stream that nothing came for is not active any more; 0: 30 minutes. */
	int64_t stream_idle_ns;
};

/* Starts lokid-ingest. opts are copied; what they point to must outlive it. Errors: ERR_IO. */
MUST_CHECK int intake_open(const struct intake_opts *opts, struct intake **ret, struct err *e);

/* Are pushes taken? Else -1, and why in *e: ERR_AGAIN. A log that could not be written, or had no
 * room, counts as one that takes nothing until it takes a push again that is no smaller than any it
 * refused; until quiet_ns after the last that it refused, when it has taken any since; or for a
 * minute. */
MUST_CHECK int intake_ready(struct intake *in, struct err *e);

/* Ends the open segment of the log, so that it can be flushed: it is closed soon after. What is not
 * answered yet goes into the next one. */
void intake_rotate(struct intake *in);

/* Takes no more pushes: they are answered with 503. Waits timeout_ns at most until those under way
 * are in the log, answers those that are not with 503, and ends lokid-ingest. While the children
 * still live; all other functions may still be called, also by others at the same time. A second
 * time it does nothing. */
void intake_close(struct intake *in, int64_t timeout_ns);

/* After intake_close, when nobody uses it any more. NULL: nothing. */
void intake_free(struct intake *in);

/* What a refusal says of the log itself. */
enum intake_fault {
	INTAKE_NO_FAULT, /* nothing: of the push, of its tenant's limits, of a program that ended */
	INTAKE_FULL,	 /* no room on the disk, beside what is kept free */
	INTAKE_BROKEN,	 /* it cannot be written */
};

/* What a push is answered. */
struct intake_answer {
	int status;		/* 204, or what is wrong: Loki's status codes */
	unsigned retry_after_s; /* 0: none */
	struct bytes text;	/* why, in Loki's words where it has them; empty for 204. Until the
				   function returns */
	enum intake_fault fault;
};

/* What it points to is needed until the answer. */
struct intake_push {
	struct bytes tenant;
	const struct limits *limits;
	/* Gives everything to the sink: 0, or -1 when the body is not what it should be; then
	 * nothing of it is taken, and the answer is 400 with the text of *e, or 413 for ERR_LIMIT.
	 * Called once at most, before the answer, by any thread. */
	int (*decode)(const struct push_sink *sink, struct arena *a, void *data, struct err *e);
	/* NULL, or told of each entry (by its number in the order of the sink's calls) that is not
	 * taken while others may be. Before the answer. The number may come twice. */
	void (*refused)(uint64_t entry, int status, struct bytes why, void *data);
	/* Called once, from any thread, maybe before intake_push returns. It must not wait. */
	void (*answered)(const struct intake_answer *a, void *data);
	void *data;
};

void intake_push(struct intake *in, const struct intake_push *p);

#endif
