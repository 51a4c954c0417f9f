/* --store-stats of the programs. */
#ifndef STORE_STATS_H
#define STORE_STATS_H

#include "cli/cli.h"
#include "store/store.h"

/* On stderr, as one line: what the program asked of s. */
void store_say_stats(const struct store *s, const struct cli *c);

#endif
