/* How many tails a tenant has. For any thread. */
#ifndef SERVER_TAILS_H
#define SERVER_TAILS_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "metrics/metrics.h"

struct tails;

struct tails *tails_new(struct metrics *m);
void tails_free(struct tails *t); /* NULL: nothing */

/* One more of this tenant. Errors: ERR_LIMIT, it has max (0: no limit) of them. */
MUST_CHECK int tails_begin(struct tails *t, struct bytes tenant, uint64_t max, struct err *e);
/* For each that began. */
void tails_end(struct tails *t, struct bytes tenant);

#endif
