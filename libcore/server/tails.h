/* How many tails there are, and each tenant has. For any thread. */
#ifndef SERVER_TAILS_H
#define SERVER_TAILS_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "metrics/metrics.h"

struct tails;

/* all_max: of all tenants together; each is a process and a thread. */
struct tails *tails_new(struct metrics *m, uint64_t all_max);
void tails_free(struct tails *t); /* NULL: nothing */

/* One more of this tenant. Errors: ERR_LIMIT, it has max (0: no limit) of them, or all together
 * all_max. */
MUST_CHECK int tails_begin(struct tails *t, struct bytes tenant, uint64_t max, struct err *e);
/* For each that began. */
void tails_end(struct tails *t, struct bytes tenant);

#endif
