/*
 * Queries of clients: each runs as a logql of its own, when its turn has come, within its tenant's
 * limits. A cheap one never waits for a scan: logql says what it is about to read
 * before it does, and one that is to read much waits, started as it is, for one of the few places
 * of scans. Functions may be called from any thread unless said otherwise.
 */
#ifndef SERVER_QUERIES_H
#define SERVER_QUERIES_H

#include "base/buf.h"
#include "limits/limits.h"
#include "metrics/metrics.h"
#include "server/child.h"
#include "server/query_queue.h"
#include "server/query_shape.h"
#include "server/tasks.h"

enum { QUERIES_NICE = 4 }; /* of short ones, and no one's is less: pushes come first */

struct queries;

extern const char *const query_class_words[QUERY_CLASSES];

struct queries_opts {
	struct children *children;
	struct metrics *metrics;
	unsigned
		max_concurrent; /* short ones at once; half of it scans, and as many for metadata */
	unsigned jobs;		/* threads of one: its memory is counted with them */
	uint64_t short_bytes;	/* one that is to read more is a scan */
};

/* Errors: ERR_IO. */
MUST_CHECK int queries_open(const struct queries_opts *o, struct queries **ret, struct err *e);

/* Those that wait, and new ones, are answered with 503; those that run go on. */
void queries_stop(struct queries *q);

/* After children_close: those that ended are answered; new ones as after queries_stop. NULL:
 * nothing. */
void queries_end(struct queries *q);

/* The same, and it is freed: when nobody asks any more. NULL: nothing. */
void queries_close(struct queries *q);

/* What became of blocks. */
enum query_blocks {
	QUERY_BLOCKS_READ,
	QUERY_BLOCKS_COUNTED,  /* from tables alone */
	QUERY_BLOCKS_FILTERED, /* filters ruled them out */
	QUERY_BLOCKS_OUTSIDE,  /* of other streams or times */
	QUERY_BLOCKS_COUNT
};

struct query_end {
	int status;		/* HTTP's: 200, 400, 429, 499 the client left, 500, 503, 504 */
	unsigned retry_after_s; /* of 429 and 503 */
	struct buf text;	/* what is wrong; of 200: what logql warned of, or nothing */
	int fd; /* of 200: a file with the answer, fd_n bytes; who takes it sets -1 */
	uint64_t fd_n;
	bool gzipped;
	uint64_t bytes, lines, rows; /* looked at; answered */
	uint64_t blocks[QUERY_BLOCKS_COUNT], decoded_bytes;
	int64_t queue_ns, cpu_ns;
	enum query_class class; /* that it ran in, or waited for last */
};

/* Zeroed but for what the caller sets; stays where it is until ended. */
struct query {
	/* What is asked; all that it points to lives until ended. */
	struct bytes tenant; /* whose limits and turn they are */
	const struct limits *limits;
	enum query_class class; /* QUERY_METADATA or QUERY_SHORT */
	const char **argv;	/* of logql, NULL-ended, argv[0] too */
	size_t gate_at;		/* where QUERY_GATE_ARGS stand in it; 0: they do not */
	bool gzip;		/* the client takes it */
	query_shape_fn *shape;	/* what becomes of the answer before; or NULL */
	/* Once, from any thread, also from within queries_start. Then end stands. */
	void (*ended)(struct query *query);
	void *data;
	struct query_end end;

	struct queue_item item; /* private from here */
	struct queries *queries;
	struct task encoding;
	int state;
	uint64_t child;
	int gate, answer_fd, error_fd;
	char gate_text[192];
	size_t gate_n;
	char gate_bytes[24], queued[24];
	bool left, again, counted;  /* the last: as one that waits */
	int64_t begun_ns, waits_ns; /* arrival; begin of the present wait */
	struct query *next;
};

/* What logql's argv has for the gate: two of them are set when it starts. */
#define QUERY_GATE_ARGS "--gate", "3", "--queued", "0s", "--gate-bytes", ""
enum { QUERY_GATE_QUEUED = 3, QUERY_GATE_BYTES = 5, QUERY_GATE_N = 6 };
#define QUERY_GATE_FREE "1152921504606846976" /* as the bytes: it never waits */

void queries_start(struct queries *q, struct query *query);

/* The client has gone: it ends soon. Nothing happens to one that has ended, or is not started; one
 * that is being started ends at once. */
void queries_leave(struct queries *q, struct query *query);

/* What is left of one: its end's text and file. */
void query_release(struct query *query);

/* Of what logql says on stderr what is wrong: from "error: " on. */
struct bytes query_error_text(struct bytes said);

#endif
