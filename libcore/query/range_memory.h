/* What all range aggregations of a query may hold at once, in all threads: cells of series by step,
 * labels, values. */
#ifndef QUERY_RANGE_MEMORY_H
#define QUERY_RANGE_MEMORY_H

#include <stdint.h>

#include "base/err.h"

struct range_memory {
	uint64_t max_bytes, used_bytes;
};

enum {
	RANGE_BYTES_MAX = 1 << 30,
	/* While an array or a map grows there are the old one, full, and one of twice its size: of
	 * what a row takes, so much is counted, for maps at most 3/4 full. */
	RANGE_ARRAY_ROWS = 3,
	RANGE_MAP_ROWS = 4,
};

/* Before what takes so much is made; for any thread, as giving it back. Errors: ERR_LIMIT. */
MUST_CHECK int range_memory_take(struct range_memory *m, uint64_t bytes, struct err *e);
void range_memory_give(struct range_memory *m, uint64_t bytes);

#endif
