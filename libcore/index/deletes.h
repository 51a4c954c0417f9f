/* Delete requests that all of several packs or index files have applied. For any
 * thread. */
#ifndef INDEX_DELETES_H
#define INDEX_DELETES_H

#include "base/bytes.h"

/* {0}: nothing was added yet. The strings stay those that were given. */
struct common_deletes {
	struct bytes *v;
	size_t n;
	bool any; /* something was added */
};

/* Those of one more. */
void common_deletes_add(struct common_deletes *c, const struct bytes *v, size_t n);
/* As if all had v, too. */
void common_deletes_also(struct common_deletes *c, const struct bytes *v, size_t n);
void common_deletes_release(struct common_deletes *c);

#endif
