/* The order of packs: entries that are sorted by stream and time, cut by tenant and day, by labels.
 */
#ifndef COMPACT_SLICES_H
#define COMPACT_SLICES_H

#include "compact/job.h"
#include "compact/sort.h"

struct slices {
	struct slice *v; /* to be freed */
	size_t n, cap;
};

/* Those of p's entries in that order, whose groups are made: each group's next to each other,
 * sorted by labels. For one thread. */
void slices_make(struct packing *p, const struct sorted *sorted, struct slices *ret);

#endif
