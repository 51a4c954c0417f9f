/* The packs or index files of a tenant and day with their dates, as one listing tells them: an
 * object store would take a request for each of them. */
#ifndef INDEX_DATED_H
#define INDEX_DATED_H

#include "store/names.h"
#include "store/store.h"

struct dated_object {
	struct hash128 hash; /* of its name */
	uint64_t size;
	int64_t date_ns; /* as struct store_object has it */
};

/* {0} is a valid empty one. */
struct dated {
	struct dated_object *v; /* ascending by hash */
	size_t n, cap;
};

/* What is not ours is left out. Errors: ERR_IO, ERR_AGAIN. */
MUST_CHECK int dated_list(struct store *s, enum store_kind kind, struct bytes tenant, int32_t day,
			  struct dated *ret, struct err *e);
/* Whether a folder of the day's cannot be listed by this user, while those of other days may: what
 * lies there is then not known, which is something else than that nothing does. False of a remote
 * store, which is asked for all of them in the same way. */
bool dated_is_shut(struct store *s, struct bytes tenant, int32_t day);
/* NULL: it was not there. */
const struct dated_object *dated_find(const struct dated *d, const struct hash128 *hash);
void dated_release(struct dated *d);

#endif
