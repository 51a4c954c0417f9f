/*
 * The limits in force as a file of the store, by which the programs go that read it or delete from
 * it, whoever runs them: limits/file.h.
 */
#ifndef SERVER_STORE_LIMITS_H
#define SERVER_STORE_LIMITS_H

#include "server/config.h"

struct cache;

/* Writes them, without any retention where compactor.retention_enabled is not set: what nobody
 * deletes is not hidden. Only when they are not there already. Returns 0, or 1 when a file is there
 * that lokid did not write: it stays, and counts. Queries that take answers from the cache (NULL:
 * none) go by them at once. Errors: ERR_IO, ERR_FULL, ERR_AGAIN. */
MUST_CHECK int store_limits_write(const struct config *c, struct limits_set *limits,
				  struct cache *cache, struct err *e);

#endif
