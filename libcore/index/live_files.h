/* Between listing index files and picking those that count. Private to index/live*.c. */
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

#endif
