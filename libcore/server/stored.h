/* Counts what a flush has put into the store, by the index files that it has written. */
#ifndef SERVER_STORED_H
#define SERVER_STORED_H

#include "metrics/metrics.h"

/* Of one index file of a store, by its path as idxbuild prints it: its chunks are counted
 * (METRIC_CHUNKS_STORED and the others of stored.c). Errors: of store_open and index_load;
 * ERR_USAGE, it is no index file's path. Some may be counted then. */
MUST_CHECK int stored_count(struct metrics *m, const char *store, const char *path, int64_t now_ns,
			    struct err *e);

#endif
