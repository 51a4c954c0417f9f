/*
 * Many requests of a tenant in one file, so that a query reads one and not each of them. Who is
 * killed, runs beside others, or again, does no harm: what was replaced goes only when that which
 * replaces it has been there for a while, and says all of it. Rules: lokid-deletes(5), "MERGED".
 */
#ifndef DELETES_MERGE_H
#define DELETES_MERGE_H

#include "deletes/requests.h"

struct delete_merge {
	struct store *store;
	struct bytes tenant;
	int64_t delay_ns; /* what was replaced stays so long, a minute at least */
	bool dry_run;

	/* Each may be NULL. */
	void (*merged)(void *data, const char *name, size_t n_requests, size_t n_files);
	void (*deleted)(void *data, const char *name);
	void *data;
};

/*
 * Moves receipts that programs of before have left beside the requests. Deletes files that were
 * replaced; writes a merged one, when more than a few are in none, leaving out requests that were
 * cancelled a month ago: their cancellations stay for good. What others
 * change meanwhile is left to the next run. Of a dry run only the calls are made.
 * Errors: those of deletes_list; ERR_LIMIT also when they are more than one file may have;
 * ERR_FULL.
 */
MUST_CHECK int deletes_merge(const struct delete_merge *m, struct err *e);

#endif
