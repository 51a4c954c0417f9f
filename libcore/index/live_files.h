/* Between listing index files and picking those that count. Private to index/. */
#ifndef INDEX_LIVE_FILES_H
#define INDEX_LIVE_FILES_H

#include "index/live.h"

struct live_file {
	int32_t day;
	struct hash128 hash;
	uint64_t size;
};

/* Of the n files of a day, which were opened or not, and why. Takes ix[] over. 1 one of them is
 * gone: *ret is untouched. Errors: ERR_AGAIN, what can be read later is no fault. */
int live_open(const struct live_file *v, struct index *const *ix, const struct err *errs, size_t n,
	      struct live *ret, struct err *e);

/* Whether the tenant's index files are in a remote store. */
bool live_is_far(struct store *s, struct bytes tenant);

/* The files of days, ascending by day, then by name: fetched as many at once as memory allows;
 * each has *l until it returns. What vanished meanwhile is listed anew. Errors: live_load's, what
 * each gave. */
int live_fetch(struct store *s, struct bytes tenant, const struct live_file *v, size_t n,
	       live_range_fn *each, void *data, struct err *e);

#endif
