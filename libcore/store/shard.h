/* The work on a store, tenant by tenant and day by day, split over several programs. */
#ifndef STORE_SHARD_H
#define STORE_SHARD_H

#include "base/bytes.h"
#include "base/err.h"

/* Whether this tenant and day are of number `shard` of n_shards. With n_shards of 0 or 1 all are.
 * For any thread. */
bool shard_has(unsigned shard, unsigned n_shards, struct bytes tenant, int32_t day);

/* "0/4" to "3/4", as jobs of clusters are numbered. Errors: ERR_USAGE. */
MUST_CHECK int shard_read(const char *value, unsigned *ret_shard, unsigned *ret_n_shards,
			  struct err *e);

#endif
