/* Room that is kept free on the file system of a log, so that what empties the log (a flush, which
 * writes before it deletes) has some when the disk is as good as full. */
#ifndef WAL_SPACE_H
#define WAL_SPACE_H

#include <stdint.h>

#include "base/err.h"

struct wal_reserve {
	uint64_t bytes;
	double percent; /* of the file system; the larger of both counts */
};

/* Is there room for n bytes more, beside the reserve, where path lies? Errors: ERR_FULL, which says
 * what is free, what is kept and what n is; ERR_IO. */
MUST_CHECK int wal_space_check(const char *path, const struct wal_reserve *r, uint64_t n,
			       struct err *e);

#endif
