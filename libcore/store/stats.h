/* --store-stats and --require-private of the programs. */
#ifndef STORE_STATS_H
#define STORE_STATS_H

#include "cli/cli.h"
#include "store/store.h"

/* On stderr, as one line: what the program asked of s, and what its cache was good for, which may
 * be NULL; of s NULL nothing. */
struct cache;
void store_say_stats(const struct store *s, const struct cache *cache, const struct cli *c);

/* On stderr, that s leads to a private address alone, and to which; nothing when it may lead
 * anywhere, or is NULL. */
void store_say_peer(const struct store *s, const struct cli *c);

/* For a row of cli.taken: whatever store is opened from now on, by this process and by those that
 * it starts, is on a private network, or is refused. at and value are not used. */
int store_take_private(void *at, const char *value, struct err *e);

#endif
