/* What programs of upkeep say on stdout with -o jsonl, as counters of the daemon, and in its log.
 */
#ifndef SERVER_UPKEEP_COUNTS_H
#define SERVER_UPKEEP_COUNTS_H

#include "metrics/metrics.h"
#include "server/log.h"

/* The lines of `idxbuild --retain`, and of `chunkpack --delete`; one that is cut, as of a program
 * that was killed, counts for nothing. */
void upkeep_count_retained(struct metrics *m, struct bytes said);
void upkeep_count_deleted(struct metrics *m, struct bytes said);

/* What `idxbuild --fsck --unnamed` told of. */
struct upkeep_found {
	uint64_t n;	    /* faults; 0 also when it could not look */
	uint64_t n_unnamed; /* packs that no index file names, and which hold what no other has */
	uint64_t n_bad;	    /* packs that no index file names, and none can: they are damaged */
	struct bytes bad, what; /* the first of these, and what is wrong with it, as JSON has it */
};

/* The result borrows from said. */
struct upkeep_found upkeep_found(struct bytes said);

/* One line of the log, at info, for each tenant with which something was done: how many packs or
 * chunks, entries and bytes, and how long all of it took; a hundred at most, and then how many more
 * tenants there are. Nothing when there was nothing to do. */
void upkeep_log(struct log *log, const char *msg, struct bytes said, int64_t took_ns);

#endif
