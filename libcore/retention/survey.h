/* Which packs of a store go to make room: what --keep-bytes, --keep-free and quotas of tenants
 * that drop the oldest ask for. Private to retention/. */
#ifndef RETENTION_SURVEY_H
#define RETENTION_SURVEY_H

#include "base/map.h"
#include "retention/keep.h"
#include "retention/retain.h"

/* {0} is one of nothing. */
struct survey {
	struct arena mem;
	struct keep_pack *v;
	size_t n, cap;
	struct map at;	      /* of those that go, by key */
	uint64_t largest_day; /* bytes of the index files of one tenant and day, at most */
};

/* Looks at all days of the tenants of r, whichever shard it is. To be released, on failure too.
 * Errors: of live_load, store_list; ERR_IO. */
MUST_CHECK int survey_store(const struct retain *r, struct survey *ret, struct err *e);
void survey_release(struct survey *s);

/* Whether something may be asked for at all. */
bool survey_is_wanted(const struct retain *r);

/* By what this pack goes, or NULL. */
const char *survey_rule(const struct survey *s, struct bytes tenant, int32_t day,
			const struct hash128 *pack);

#endif
