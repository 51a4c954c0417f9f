/*
 * On which days of a tenant there is something to do at all. A remote store takes a while, and
 * money, for each question, so there all days are listed as one and their index files fetched
 * together: who keeps the store in order asks nothing more about a day that is in order.
 */
#ifndef INDEX_DUE_H
#define INDEX_DUE_H

#include "index/dated.h"
#include "index/live.h"

/* A day that is in order: its live index files are whole, nothing is obsolete, and the packs that
 * they name, one at least, are all the packs that there are. */
struct due_day {
	int32_t day;
	const struct live *live;
	struct dated files, packs; /* as they were listed; not to be released */
};

/* Is there something to do nevertheless? When in doubt there is. */
typedef bool due_wants_fn(const struct due_day *d, void *data);

#define DUE_WHEN_WANTED SIZE_MAX

/*
 * Calls each(day, data, e), ascending, for the days up to `last` of a tenant of which there are
 * index files: those that are not in order, those that wants says, and those with more than
 * `files_max` of them, which are not fetched to learn it (DUE_WHEN_WANTED: there is no such
 * number). A day of a store in a folder
 * is looked at by each alone, so there it is called for all of them, and wants not at all. Errors:
 * as live_range and live_days; what each gave.
 */
MUST_CHECK int due_days(struct store *s, struct bytes tenant, int32_t last, size_t files_max,
			due_wants_fn *wants, live_day_fn *each, void *data, struct err *e);

#endif
