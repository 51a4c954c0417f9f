/*
 * What the daemon counts: one table of families (server_metrics.c), each with Loki's name and
 * labels where Loki has the thing. A new one is a line here, a row there, and an entry of
 * lokid-metrics(7).
 *
 * Who knows sets: the word before each colon is the module that does. "collect" is collect.c, which
 * looks when somebody asks for the text. The fewest places count twice: what is called an alias of
 * another is set with it, by the functions below.
 */
#ifndef SERVER_SERVER_METRICS_H
#define SERVER_SERVER_METRICS_H

#include "http/http.h"
#include "metrics/metrics.h"
#include "server/child.h"

enum server_metric {
	/* call.c, by server_metrics_begin and server_metrics_end. Labels: method, route,
	   status_code, ws; and method, route */
	METRIC_REQUEST_SECONDS,
	METRIC_REQUESTS_INFLIGHT,
	METRIC_INDEX_REQUEST_SECONDS, /* operation, status_code: of routes that ask the index */

	/* intake: of each push that was decoded; tenant (bytes also retention_hours: of
	   metric_retention_hours). Bytes are of lines and structured metadata, as they were sent */
	METRIC_BYTES_RECEIVED,
	METRIC_LINES_RECEIVED,
	METRIC_METADATA_BYTES_RECEIVED,
	/* intake: of entries that are not taken; reason (Loki's word), tenant */
	METRIC_DISCARDED_SAMPLES,
	METRIC_DISCARDED_BYTES,
	/* intake: of lines that were cut; reason, tenant */
	METRIC_MUTATED_SAMPLES,
	METRIC_MUTATED_BYTES,
	METRIC_APPEND_FAILURES, /* intake: batches that did not get into the log */
	/* intake: streams with pushes of late (those that max_streams_per_user counts), streams
	   that became active, streams that are so no more; tenant */
	METRIC_MEMORY_STREAMS,
	METRIC_STREAMS_CREATED,
	METRIC_STREAMS_REMOVED,
	METRIC_WAL_RECORDS,	 /* intake: batches that lokid-ingest has answered with ok */
	METRIC_WAL_BYTES,	 /* intake: bytes of frames written to lokid-ingest */
	METRIC_WAL_DISK_FULL,	 /* intake: pushes refused since the disk is full */
	METRIC_PUSH_QUEUE_BYTES, /* intake: on their way to the log (a gauge) */
	METRIC_ENTRY_AGE,	 /* intake, by server_metrics_queryable; tenant */
	METRIC_CHILD_RESTARTS,	 /* intake, flusher: one that ended and should not have; program */

	/* queries: seconds from its arrival to its start, of each; also 0 */
	METRIC_QUEUE_SECONDS,
	METRIC_QUEUE_LENGTH,	/* queries: of those that wait (a gauge); user (the tenant) */
	METRIC_QUEUE_DISCARDED, /* queries: refused since the queue is full; user */
	METRIC_QUERIES_BLOCKED, /* routes_query, routes_tail: by server_metrics_refused; user */
	METRIC_QUERIES_FAILED,	/* queries: answered with 5xx, not those that the client left */
	METRIC_QUERIES_LEFT,	/* queries: ended since the client left */
	METRIC_QUERIES_RUNNING, /* queries: (a gauge); class: metadata, short, long */
	METRIC_QUERY_BYTES,	/* queries: of logql's "done"; tenant */
	METRIC_QUERY_LINES,	/* queries: the same */
	METRIC_QUERY_DECODED,	/* queries: of logql's "end"; tenant */
	METRIC_QUERY_BLOCKS, /* queries: the same; tenant, how: read, counted, filtered, outside */
	METRIC_QUERY_CPU,    /* queries: seconds of the child; tenant */
	METRIC_TAILS_ACTIVE, /* routes_tail: websockets (a gauge) */
	METRIC_TAIL_BYTES,   /* routes_tail: sent */

	METRIC_CHILD_ENDED, /* all who start one, by server_metrics_child; program, how */
	METRIC_PANICS,	    /* the same: a child that crashed */

	/* flusher: of a round (result: ok, failed), of idxbuild in it, of segments that walreplay
	   found to be damaged (type: segment) */
	METRIC_FLUSH_ROUNDS,
	METRIC_FLUSH_SECONDS,
	METRIC_COMPACTIONS, /* status */
	METRIC_RETENTIONS,  /* status */
	/* upkeep_counts: of idxbuild --retain; table: the day */
	METRIC_RETENTION_MARKS,	 /* table */
	METRIC_RETENTION_CHUNKS, /* tenant, as the next */
	METRIC_RETENTION_ENTRIES,
	METRIC_RETENTION_BYTES,
	METRIC_DELETES_RECEIVED,  /* routes_delete: user, as the next */
	METRIC_DELETES_PROCESSED, /* requests */
	METRIC_DELETE_CHUNKS,	  /* upkeep_counts: of chunkpack --delete, as the next */
	METRIC_DELETED_LINES,
	METRIC_DELETE_FAILURES, /* upkeep: cause */
	METRIC_INDEX_UPLOAD_SECONDS,
	METRIC_WAL_CORRUPTIONS,
	/* stored.c: of the chunks of each flush; tenant where Loki has it */
	METRIC_CHUNKS_CREATED,
	METRIC_CHUNKS_FLUSHED, /* reason */
	METRIC_CHUNKS_STORED,
	METRIC_CHUNK_STORED_BYTES,
	METRIC_STORED_CHUNKS,
	METRIC_STORE_CHUNKS_STORED,
	METRIC_CHUNK_SIZE,
	METRIC_CHUNK_ENTRIES,
	METRIC_CHUNK_AGE,
	METRIC_CHUNK_COMPRESSION,

	METRIC_WAL_REPLAY_SECONDS, /* server: from its start until it is ready */
	METRIC_RELOAD_SUCCESSFUL,  /* server: of limits, overrides and users: 1 or 0 */
	METRIC_AUTH_FAILURES,	   /* call: reason */
	METRIC_AUDIT_LOST,	   /* collect */

	/* collect */
	METRIC_FLUSH_QUEUE_LENGTH,
	METRIC_FLUSH_QUEUE,
	METRIC_OLDEST_UNSHIPPED,
	METRIC_FLUSH_LAST_SUCCESS,
	METRIC_FLUSH_FAILURES_NOW,
	METRIC_FLUSH_RUNNING,
	METRIC_STORE_UP,
	METRIC_STORE_FAILURES,
	METRIC_COMPACTION_SECONDS,
	METRIC_COMPACTION_LAST_SUCCESS,
	METRIC_COMPACTION_RUNNING,
	METRIC_RETENTION_SECONDS,
	METRIC_RETENTION_LAST_SUCCESS,
	METRIC_DELETES_WAITING,
	METRIC_DELETES_OLDEST,
	METRIC_COMPACTION_FAILURES_NOW,
	METRIC_STORE_UNNAMED,
	METRIC_COMPACTION_RUNNING_SECONDS,
	METRIC_WAL_ASIDE,
	METRIC_WAL_SEGMENT_BYTES,
	METRIC_WAL_DISK_USAGE,
	METRIC_WAL_REPLAY_ACTIVE,
	METRIC_READY,
	METRIC_TCP_CONNECTIONS, /* protocol */
	METRIC_ANSWER_BYTES,
	METRIC_ANSWERS_CUT,
	METRIC_LOG_MESSAGES, /* level */
	METRIC_TREE_RESIDENT,
	METRIC_MEMORY_LIMIT,
	METRIC_TREE_CPU,
	METRIC_TREE_PROCESSES, /* program */
	METRIC_PROCESS_CPU,
	METRIC_PROCESS_RESIDENT,
	METRIC_PROCESS_VIRTUAL,
	METRIC_PROCESS_VIRTUAL_MAX,
	METRIC_PROCESS_OPEN_FDS,
	METRIC_PROCESS_MAX_FDS,
	METRIC_PROCESS_START,
	METRIC_LOKI_BUILD_INFO,
	METRIC_BUILD_INFO,
	METRIC_COUNT,
};

/* All families, so that each is seen from the start, and what never changes. */
void server_metrics_register(struct metrics *m);

/* The series of a family without labels, with one, with two, in the table's order. */
struct metrics_series *metric_of(struct metrics *m, enum server_metric which);
struct metrics_series *metric_of1(struct metrics *m, enum server_metric which, struct bytes a);
struct metrics_series *metric_of2(struct metrics *m, enum server_metric which, struct bytes a,
				  struct bytes b);

/* What METRIC_BYTES_RECEIVED wants: "744"; of a retention for ever, 0, it is "0". The text lies in
 * `text`. */
enum { RETENTION_HOURS_MAX = 24 };
struct bytes metric_retention_hours(int64_t retention_period_ns, char text[RETENTION_HOURS_MAX]);

/* A request that is being answered, and its end. route is struct route's label, or "other" when
 * none answers the path. */
void server_metrics_begin(struct metrics *m, const char *route, enum http_method method);
struct server_metrics_request {
	const char *route;
	enum http_method method;
	int status;
	bool websocket;
	double seconds;
};
void server_metrics_end(struct metrics *m, const struct server_metrics_request *r);

/* A query of a tenant's was refused with this text. */
void server_metrics_refused(struct metrics *m, struct bytes tenant, struct bytes why);

/* "ok", "error", "killed", ...: the label of lokid_child_ended_total. */
const char *server_metrics_how_ended(const struct child_end *end);

/* A child that ended, in its ended(). */
void server_metrics_child(struct metrics *m, const char *program, const struct child_end *end);

/*
 * How old the entries of a batch were when they came, in classes, so that when the batch is
 * acknowledged (which is when queries find it) their ages then are known well enough without
 * looking at each again. {0} is empty.
 */
enum { ENTRY_AGES = 14 };
struct entry_ages {
	struct entry_ages_class {
		uint64_t n;
		double sum_s;
	} of[ENTRY_AGES];
};

void entry_ages_add(struct entry_ages *a, int64_t age_ns);
/* delay_s: from their coming to now. */
void server_metrics_queryable(struct metrics *m, struct bytes tenant, const struct entry_ages *a,
			      double delay_s);

#endif
