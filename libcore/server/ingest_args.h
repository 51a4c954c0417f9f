/* What each lokid-ingest that the daemon starts is told of the log. */
#ifndef SERVER_INGEST_ARGS_H
#define SERVER_INGEST_ARGS_H

#include "base/arena.h"

struct ingest_log {
	const char *wal_dir;
	const char *sync;
	uint64_t segment_bytes; /* 0: lokid-ingest's default, as the next */
	int64_t segment_age_ns;
	double disk_full_threshold; /* part of the disk that may be taken; 0: all of it */
};

enum { INGEST_ARGS_MAX = 10 };

/* Appends so many at most to argv, which has *n, without a NULL. They lie in the arena, or are the
 * strings of log. */
void ingest_args_add(const struct ingest_log *log, struct arena *a, const char **argv, size_t *n);

#endif
