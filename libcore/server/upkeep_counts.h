/* What programs of upkeep say on stdout with -o jsonl, as counters of the daemon. */
#ifndef SERVER_UPKEEP_COUNTS_H
#define SERVER_UPKEEP_COUNTS_H

#include "metrics/metrics.h"

/* The lines of `idxbuild --retain`, and of `chunkpack --delete`; one that is cut, as of a program
 * that was killed, counts for nothing. */
void upkeep_count_retained(struct metrics *m, struct bytes said);
void upkeep_count_deleted(struct metrics *m, struct bytes said);

#endif
