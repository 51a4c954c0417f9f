/*
 * Entries from a descriptor into the log, or to a server: fills batches of about 1 MiB, submits
 * them, and submits what there is as soon as the input would make it wait, so that what a person or
 * an agent pipes is durable at once.
 *
 * Bad entries are counted and reported, and the others are taken. When the log refuses a batch (a
 * full disk), lines and JSON lines end there: what was taken is then the input's beginning. Frames
 * go on, each batch with its answer.
 */
#ifndef INGEST_INGEST_H
#define INGEST_INGEST_H

#include <stdbool.h>

#include "httpc/options.h"
#include "labels/labels.h"
#include "wal/writer.h"

enum ingest_input { INGEST_LINES, INGEST_JSONL, INGEST_SYSLOG, INGEST_FRAMES };
enum ingest_long { INGEST_REFUSE_LONG, INGEST_CUT_LONG };
enum ingest_check { INGEST_CHECK_ALL, INGEST_CHECK_HEADS };
enum { INGEST_ADD_SERVICE_NAME = 1, INGEST_ADD_DETECTED_LEVEL = 2 };

enum { INGEST_LABELS_MAX = 64, INGEST_LISTEN_MAX = 16 };

struct ingest_tally {
	uint64_t n, n_bytes;
};

struct ingest_opts {
	const char *wal_dir;
	/* Where entries are sent instead, or NULL; how. */
	const char *push_url;
	struct httpc_given http;
	uint64_t retries;
	const char *listen[INGEST_LISTEN_MAX]; /* of ingest_listen */
	size_t n_listen;
	const char *syslog_labels; /* which of a message are labels: push/syslog.h */
	bool tenant_given; /* the tenant is told the server also when it is the default one */
	enum wal_sync sync;
	int64_t sync_interval_ns, segment_age_ns;
	uint64_t segment_bytes;
	struct wal_reserve reserve;
	enum ingest_input input;
	/* Of frames: HEADS trusts that runs are as heads say, and does not decode them. */
	enum ingest_check check;
	struct bytes tenant;		       /* checked by ingest_open */
	struct label label[INGEST_LABELS_MAX]; /* room for: */
	struct labels labels; /* of all entries; in JSON lines the entry's own go before */
	unsigned add;	      /* INGEST_ADD_... */
	/* With service_name: "NAME,...", the labels whose value it is, the first that a stream has;
	 * NULL: those of labels/service.h. */
	const char *service_labels;
	size_t line_max; /* above 0 */
	enum ingest_long long_lines;
	int ack_fd; /* where commits are told, or -1 */
	/* A bad entry, with its place in the message; called at once. */
	void (*report)(const struct err *e, void *data);
	/* What became of something meanwhile; from any thread. Or NULL. */
	void (*note)(const struct err *e, void *data);
	/* An input of lines that looks binary, and is taken all the same; NULL for not at all. */
	void (*warn)(const struct err *e, void *data);
	/* When not NULL, asked where an input ends: true when it was ended before its time, so that
	 * a last line without its newline is a part of one, and not taken. */
	bool (*interrupted)(void *data);
	/* After each submitted batch, when not NULL. */
	void (*progress)(const struct ingest_tally *given, void *data);
	bool quiet, show_progress; /* for the program */
	struct err hint;	   /* of the options: what was perhaps not meant so */
	void *data;
};

/* Bytes are of log lines, where not said otherwise. */
struct ingest_counts {
	struct ingest_tally given;    /* to the log */
	struct ingest_tally done;     /* of those, in the log (durable as --sync has it) */
	struct ingest_tally refused;  /* of those, refused by the log */
	struct ingest_tally too_long; /* refused before; bytes of the input's line */
	struct ingest_tally bad;     /* likewise: bad JSON, or labels or a tenant that may not be */
	struct ingest_tally damaged; /* places in frames, and their bytes */
	bool sent;		     /* to a server, instead of into a log */
	struct ingest_tally cut;     /* lines taken in part; the bytes that were left out */
};

struct ingest;

/* opts must outlive it. Errors: ERR_USAGE (tenant, labels, a file of secrets), ERR_IO, ERR_FULL. */
MUST_CHECK int ingest_open(const struct ingest_opts *opts, struct ingest **ret, struct err *e);

/*
 * Takes all of fd: 0; 1 when the log refuses entries, or commits cannot be told: ingest_close then
 * says why, and nothing more should be given. name is for messages. What was given last is
 * committed by the next call, or by ingest_close. Errors: ERR_IO, of the input; ERR_CORRUPT: a WAL
 * segment or chunks are given as lines. Bad entries are no
 * error: see ingest_counts.
 */
MUST_CHECK int ingest_fd(struct ingest *in, int fd, const char *name, struct err *e);

/* How many lines of the last input were read (good or bad); 0 for frames. */
unsigned long long ingest_lines_read(const struct ingest *in);

/* Ends the open segment of the log as soon as what was committed or submitted before is in it; what
 * comes later begins another. Does not wait. From any thread, until ingest_close. */
void ingest_end_segment(struct ingest *in);

/* Commits the rest and closes the segment; frees it in any case. Errors of the log: ERR_FULL,
 * ERR_IO, ERR_LIMIT. */
MUST_CHECK int ingest_close(struct ingest *in, struct ingest_counts *ret, struct err *e);

#endif
